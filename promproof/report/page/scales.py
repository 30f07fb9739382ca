"""Numbers and axes of drawings: round ticks, and values in the units that people read, as Grafana writes them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_SHORT = ("", "K", "Mil", "Bil", "Tri")
_LONG = {86400.0: "d", 3600.0: "h", 60.0: "min"}
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def shown(value: float, dimension: str, digits: int = 4) -> str:
    """A value in base units: 5.5%, 120 ms, 12.5 MiB, 3.2 /s, $0.004. dimension: as `promproof.grafana.units` says."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")
    if dimension == "ratio":
        return f"{_plain(100 * value, digits)}%"
    if dimension == "seconds":
        return _seconds(value, digits)
    if dimension.startswith("bytes"):
        power = _power(abs(value), 1024, len(_BINARY))
        return f"{_plain(value / 1024**power, digits)} {_BINARY[power]}" + (
            "/s" if "second" in dimension else ""
        )
    if dimension == "USD":
        return f"{'-' if value < 0 else ''}${_plain(abs(value), digits)}"
    if dimension == "events per second":
        return f"{_plain(value, digits)} /s"
    power = _power(abs(value), 1000, len(_SHORT))
    return f"{_plain(value / 1000**power, digits)}{' ' if power else ''}{_SHORT[power]}"


def _plain(value: float, digits: int) -> str:
    text = f"{value:.{digits}g}"
    return f"{value:.0f}" if "e+" in text else text


def _seconds(value: float, digits: int) -> str:
    size = abs(value)
    for factor, unit in ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms")):
        if 0 < size < factor * 1000:
            return f"{_plain(value / factor, digits)} {unit}"
    for factor, unit in _LONG.items():
        if size >= factor:
            return f"{_plain(value / factor, digits)} {unit}"
    return f"{_plain(value, digits)} s"


def _unit(size: float, dimension: str) -> float:
    """What the unit of a value of this size holds of the base unit, where that is no power of ten."""
    if dimension.startswith("bytes"):
        return float(1024 ** _power(size, 1024, len(_BINARY)))
    if dimension == "seconds":
        return next((factor for factor in _LONG if size >= factor), 1.0)
    return 1.0


def _power(size: float, base: int, most: int) -> int:
    power = 0
    while size >= base and power < most - 1:
        size /= base
        power += 1
    return power


def ticks(low: float, high: float, about: int, dimension: str = "number") -> list[float]:
    """Round numbers from low to high, about so many: round in the unit that `shown` writes the greatest of them in."""
    if not high > low:
        return [low]
    size = _unit(max(abs(low), abs(high)), dimension)
    if size != 1:
        return [size * tick for tick in ticks(low / size, high / size, about)]
    rough = (high - low) / max(about, 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(size * power for size in _STEPS if size * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


@dataclass(frozen=True)
class Axis:
    """A linear axis: values from low to high lie between two pixels, whichever of these is the greater."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value, kept on the axis."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.begin + min(max(share, 0.0), 1.0) * (self.end - self.begin)

    def holds(self, value: float) -> bool:
        """Whether a value lies on the axis."""
        return self.low <= value <= self.high


def thinned(points: Sequence[tuple[float, float]], most: int) -> Iterator[tuple[float, float]]:
    """Points with the least and the greatest of each stretch kept, so that no peak is lost; at most about so many."""
    if len(points) <= most:
        yield from points
        return
    size = math.ceil(2 * len(points) / most)
    for begin in range(0, len(points), size):
        stretch = points[begin : begin + size]
        chosen = {min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1])}
        yield from sorted(chosen)
