"""Units by Grafana's names: what one of them is in base units, so that a number is judged as a reader sees it.

Ratios count from 0 to 1, time in seconds, data in bytes. `packages/grafana-data/src/valueFormats` has all names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from promproof.grafana.values import an_object

_FACTORS = {
    "percentunit": ("ratio", 1.0),
    "percent": ("ratio", 0.01),
    "s": ("seconds", 1.0),
    "ms": ("seconds", 1e-3),
    "µs": ("seconds", 1e-6),
    "ns": ("seconds", 1e-9),
    "m": ("seconds", 60.0),
    "h": ("seconds", 3600.0),
    "d": ("seconds", 86400.0),
    "dtdurations": ("seconds", 1.0),
    "clocks": ("seconds", 1.0),
    "dtdurationms": ("seconds", 1e-3),
    "dthms": ("seconds", 1.0),
    "bytes": ("bytes", 1.0),
    "decbytes": ("bytes", 1.0),
    "bits": ("bytes", 0.125),
    "decbits": ("bytes", 0.125),
    "kbytes": ("bytes", 1024.0),
    "mbytes": ("bytes", 1024.0**2),
    "gbytes": ("bytes", 1024.0**3),
    "deckbytes": ("bytes", 1e3),
    "decmbytes": ("bytes", 1e6),
    "decgbytes": ("bytes", 1e9),
    "Bps": ("bytes per second", 1.0),
    "binBps": ("bytes per second", 1.0),
    "bps": ("bytes per second", 0.125),
    "binbps": ("bytes per second", 0.125),
    "KBs": ("bytes per second", 1e3),
    "MBs": ("bytes per second", 1e6),
    "KiBs": ("bytes per second", 1024.0),
    "MiBs": ("bytes per second", 1024.0**2),
    "reqps": ("events per second", 1.0),
    "ops": ("events per second", 1.0),
    "cps": ("events per second", 1.0),
    "rps": ("events per second", 1.0),
    "wps": ("events per second", 1.0),
    "reqpm": ("events per second", 1 / 60),
    "opm": ("events per second", 1 / 60),
    "cpm": ("events per second", 1 / 60),
    "currencyUSD": ("USD", 1.0),
    "short": ("number", 1.0),
    "none": ("number", 1.0),
    "": ("number", 1.0),
    "locale": ("number", 1.0),
}


def factor(unit: str) -> float:
    """Base units in one of this unit; 1 for a unit without a fixed size."""
    return _FACTORS.get(unit, ("", 1.0))[1]


def is_per_second(unit: str) -> bool:
    """Whether its numbers are rates of a second; `opm` and the like are of a minute."""
    return dimension(unit).endswith("per second") and not unit.endswith("pm")


def dimension(unit: str) -> str:
    """What a unit measures: ratio, seconds, bytes ...; the unit itself when it is not known here."""
    return _FACTORS.get(unit, (unit, 1.0))[0]


_OF_ALL = (("byType", "number"), *(("byRegexp", text) for text in (".*", "/.*/", ".+", "/.+/")))
"""Matchers of overrides that take every number."""


def panel_unit(item: dict[str, Any]) -> str:
    """The unit of a panel's JSON: that of an override of every number, its own, or that of an old panel's axis."""
    of_all = next((unit for unit, is_of_all in override_units(item) if is_of_all), "")
    defaults = an_object(an_object(item.get("fieldConfig")).get("defaults"))
    return of_all or str(defaults.get("unit") or _old_unit(item))


def override_units(item: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """The units of a panel's overrides, and whether each is that of all numbers."""
    overrides = an_object(item.get("fieldConfig")).get("overrides")
    for override in overrides if isinstance(overrides, list) else []:
        matcher = an_object(an_object(override).get("matcher"))
        options = matcher.get("options")
        is_of_all = (matcher.get("id"), options if isinstance(options, str) else "") in _OF_ALL
        properties = an_object(override).get("properties")
        for setting in properties if isinstance(properties, list) else []:
            if an_object(setting).get("id") == "unit":
                yield str(an_object(setting).get("value")), is_of_all


def _old_unit(item: dict[str, Any]) -> str:
    """The unit of a graph or singlestat panel from before fieldConfig."""
    axes = item.get("yaxes")
    if isinstance(axes, list) and axes:
        return str(an_object(axes[0]).get("format") or "")
    return str(item.get("format") or "")
