"""What the target itself exposes: the text of `/metrics`, parsed into families and samples.

The parser is prometheus_client's; what it accepts in silence (the same series twice, a frozen time stamp) is kept
visible here, because it is the kind of thing a check must find.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]


def label_set(labels: dict[str, str]) -> Labels:
    """Labels in a form that can be a key: pairs sorted by name."""
    return tuple(sorted(labels.items()))


@dataclass(frozen=True)
class Family:
    """One metric family as the exposition declares it; a counter's name ends in `_total` as on the wire."""

    name: str
    type: str
    help: str


@dataclass(frozen=True)
class Exposition:
    """A parsed exposition: families by name, values by series, and what a scraper would not report."""

    families: dict[str, Family]
    values: dict[tuple[str, Labels], float]
    duplicates: tuple[str, ...]
    stamped: tuple[str, ...]
    """Series that carry a time stamp of their own: a scraper believes it, however old it is."""

    def series(self, name: str) -> dict[Labels, float]:
        """Values of one sample name by label set."""
        return {labels: value for (sample, labels), value in self.values.items() if sample == name}


def parse(text: str) -> Exposition:
    """Parse the text format (version 0.0.4).

    Raises:
        ValueError: a line is malformed; Prometheus would drop the whole scrape.
    """
    families: dict[str, Family] = {}
    values: dict[tuple[str, Labels], float] = {}
    seen: Counter[str] = Counter()
    stamped: list[str] = []
    for family in text_string_to_metric_families(text):
        name = family.name
        if family.type == "counter":
            name = f"{name}_total"  # the parser takes the suffix off
        families.setdefault(name, Family(name, family.type, family.documentation))
        for sample in family.samples:
            labels = label_set(sample.labels)
            shown = series_text(sample.name, labels)
            seen[shown] += 1
            values.setdefault((sample.name, labels), float(sample.value))
            if sample.timestamp is not None:
                stamped.append(shown)
    duplicates = tuple(sorted(shown for shown, times in seen.items() if times > 1))
    return Exposition(families, values, duplicates, tuple(stamped))


def matcher(label: str, value: str) -> str:
    """`label="value"` as PromQL writes it, whatever characters the value has."""
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{label}="{escaped}"'


def series_text(name: str, labels: Labels) -> str:
    """A series as PromQL writes it."""
    inside = ",".join(matcher(key, value) for key, value in labels)
    return f"{name}{{{inside}}}" if inside else name
