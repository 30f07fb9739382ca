"""The text of all metrics, byte for byte what prometheus_client's `generate_latest` writes, in a quarter of the time.

The exposition is written on the event loop, so that it is one state: as long as it takes, no request is answered. Most
of its text is names and labels, which stay: they are written once for each series, and values alone are read anew.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

# Process-wide in prometheus_client, which leaves this function without types. The text format has no *_created
# lines; as gauges they would be undocumented.
disable_created_metrics()  # type: ignore[no-untyped-call]

PLAIN = 1e6
"""Go writes numbers from here on with an exponent."""
Labels = Sequence[str]
Lines = Callable[[Any], list[float]]
"""The values of one series of a family, a line each."""


class Rendering:
    """Renders a registry again and again."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._families: dict[Collector, _Family | None] = {}

    def render(self) -> bytes:
        """The exposition in Prometheus' text format."""
        collectors = getattr(self._registry, "_collector_to_names", None)
        if collectors is None:
            return generate_latest(self._registry)
        return b"".join(self._of(collector) for collector in list(collectors))

    def _of(self, collector: Collector) -> bytes:
        if collector not in self._families:
            self._families[collector] = _family(collector)
        family = self._families[collector]
        return generate_latest(collector) if family is None else family.render().encode()


class _Family:
    """One family with labels: its declaration, and of each of its series the beginnings of its lines."""

    def __init__(self, family: MetricWrapperBase, lines: Lines) -> None:
        self._family = family
        self._lines = lines
        # what prometheus_client declares of a family without series
        self._declared = generate_latest(_Empty(family)).decode()
        self._heads: dict[Labels, tuple[str, ...]] = {}

    def render(self) -> str:
        series = self._family._metrics
        if len(self._heads) > len(series):  # some were removed
            self._heads = {labels: heads for labels, heads in self._heads.items() if labels in series}
        return "".join([self._declared, *self._written(series)])

    def _written(self, series: Mapping[Labels, Any]) -> Iterator[str]:
        for labels, child in series.items():
            for head, value in zip(self._of_series(labels), self._lines(child), strict=True):
                yield _line(head, value)

    def _of_series(self, labels: Labels) -> tuple[str, ...]:
        heads = self._heads.get(labels)
        if heads is None:
            heads = self._heads[labels] = tuple(self._headed(labels))
        return heads

    def _headed(self, labels: Labels) -> Iterator[str]:
        family = self._family
        given = dict(zip(family._labelnames, labels, strict=True))
        if isinstance(family, Histogram):
            for edge in family._upper_bounds:
                yield _head(f"{family._name}_bucket", {**given, "le": _number(edge)})
            yield _head(f"{family._name}_count", given)
            yield _head(f"{family._name}_sum", given)
        else:
            yield _head(f"{family._name}_total" if isinstance(family, Counter) else family._name, given)


class _Singles(_Family):
    """One whose series have one line each: nearly all that there are, so each step of theirs counts."""

    def _written(self, series: Mapping[Labels, Any]) -> Iterator[str]:
        known = self._heads
        heads = [known[labels][0] if labels in known else self._of_series(labels)[0] for labels in series]
        values = [child._value.get() for child in series.values()]
        return map(_line, heads, values)


class _Empty(Collector):
    """A family as it is before its first series."""

    def __init__(self, family: MetricWrapperBase) -> None:
        self._family = family

    def collect(self) -> Iterator[Any]:
        for metric in self._family.collect():
            metric.samples = []
            yield metric


def _head(name: str, labels: dict[str, str]) -> str:
    said = ",".join(f'{label}="{_escaped(value)}"' for label, value in sorted(labels.items()))
    return f"{name}{{{said}}} "


def _number(value: float) -> str:
    text: str = floatToGoString(value)  # type: ignore[no-untyped-call]
    return text


def _line(head: str, value: float) -> str:
    # below a million both write the same, and this one is quick
    return f"{head}{value!r}\n" if -PLAIN < value < PLAIN else f"{head}{_number(value)}\n"


def _escaped(text: str) -> str:
    """A label's value in quotes, as the text format has it."""
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _single(child: Any) -> list[float]:
    return [child._value.get()]


def _distribution(child: Any) -> list[float]:
    total, values = 0.0, []
    for bucket in child._buckets:
        total += bucket.get()
        values.append(total)
    return [*values, total, child._sum.get()]


_LINES: dict[type, Lines] = {Counter: _single, Gauge: _single, Histogram: _distribution}


def _family(collector: Collector) -> _Family | None:
    """A family that is written here; None for one that the library is to write.

    The values are read where prometheus_client keeps them, which another version may do elsewhere: what is not written
    as the library writes it at first is left to the library.
    """
    lines = _LINES.get(type(collector))
    if lines is None or not isinstance(collector, MetricWrapperBase):
        return None
    try:
        family = (_Singles if lines is _single else _Family)(collector, lines)
        return family if family.render().encode() == generate_latest(collector) else None
    except (AttributeError, TypeError, ValueError):
        return None
