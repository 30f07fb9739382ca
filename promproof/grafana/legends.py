"""The name of a series as Grafana gives it from `legendFormat`, and what is wrong with a panel's names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from promproof.exposition import Labels

_PART = re.compile(r"\{\{\s*(.+?)\s*\}\}")
AUTO = "__auto"


def render(legend: str, labels: Mapping[str, str], query: str = "") -> str:
    """The name of one series; `labels` may hold `__name__`, `query` is the expanded expression."""
    if legend == AUTO or legend == "":
        return _plain(labels) if labels else query
    return _PART.sub(lambda match: labels.get(match[1].strip(), ""), legend)


def parts(legend: str) -> tuple[str, ...]:
    """The labels that a legend names."""
    return tuple(match.strip() for match in _PART.findall(legend))


def troubles(legend: str, series: Sequence[Labels], query: str, others: Sequence[str] = ()) -> list[str]:
    """What is wrong with the names of these series; `others` are names that other targets of the panel gave."""
    found = []
    for name in parts(legend) if legend != AUTO else ():
        missing = [labels for labels in series if not dict(labels).get(name)]
        if missing:
            having = ", ".join(key for key, _ in missing[0] if key != "__name__") or "none"
            found.append(
                f"{{{{{name}}}}} is empty for {len(missing)} of {len(series)} series; their labels: {having}"
            )
    named = [render(legend, dict(labels), query) for labels in series]
    found += [
        f"{times} series are all called {name!r}" for name, times in Counter(named).items() if times > 1
    ]
    found += [f"two targets call a series {name!r}" for name in sorted(set(named) & set(others))]
    if any(not name.strip() for name in named):
        found.append("a series has an empty name")
    return found


def _plain(labels: Mapping[str, str]) -> str:
    name = labels.get("__name__", "")
    inside = ", ".join(f'{key}="{value}"' for key, value in sorted(labels.items()) if key != "__name__")
    return f"{name}{{{inside}}}" if inside else name
