"""What the target itself exposes: the text of `/metrics`, parsed into families and samples.

The parser is prometheus_client's; what it accepts in silence (the same series twice, a frozen time stamp) is kept
visible here, because it is the kind of thing a check must find. Both formats come to the same: a family is called what
its samples are called (`_total`, `_info`), its type is what was declared, and exemplars are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]
ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus asks for. A library that knows both formats exposes more, or other names, in one of them."""
_QUOTED = r'"(?:\\.|[^"\\])*"'
_DECLARED = re.compile(rf"#[ \t]+(HELP|TYPE)[ \t]+({_QUOTED}|\S+)[ \t]*(.*)")
_WITH_EXEMPLAR = re.compile(rf"((?:{_QUOTED}|[^\"#])*?)[ \t]+#[ \t]*\{{")
_CREATED = re.compile(r'[\w:]*_created[{ \t]|\{"[^"]*_created"')
_ESCAPED_QUOTE, _QUOTE = r"\"", '"'
_SUFFIXES = {"counter": "_total", "info": "_info"}
"""What OpenMetrics appends to the family's name, by type."""


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
    """Parse the text format (version 0.0.4) or OpenMetrics, told by its last line.

    Raises:
        ValueError: a line is malformed; Prometheus would drop the whole scrape.
    """
    types: dict[str, str] = {}
    plain = "\n".join(_plain(text, types))
    families: dict[str, Family] = {}
    values: dict[tuple[str, Labels], float] = {}
    seen: Counter[str] = Counter()
    stamped: list[str] = []
    for family in text_string_to_metric_families(plain):
        name = family.name
        families.setdefault(name, Family(name, types.get(name, "untyped"), family.documentation))
        for sample in family.samples:
            labels = label_set(sample.labels)
            shown = series_text(sample.name, labels)
            seen[shown] += 1
            values.setdefault((sample.name, labels), float(sample.value))
            if sample.timestamp is not None:
                stamped.append(shown)
    duplicates = tuple(sorted(shown for shown, times in seen.items() if times > 1))
    return Exposition(families, values, duplicates, tuple(stamped))


def _plain(text: str, types: dict[str, str]) -> Iterator[str]:
    """The lines as the parser takes both formats; `types` gets what was declared, by name on the wire.

    The parser would append `_total` to a counter that has none, read an exemplar as a time stamp, and end a family at
    the first `_created` among its samples.
    """
    lines = text.splitlines()
    open_metrics = any(line.strip() == "# EOF" for line in lines[-3:])
    declared = {
        found[2].strip('"'): found[3].strip()
        for line in lines
        if line.startswith("#") and (found := _DECLARED.match(line)) and found[1] == "TYPE"
    }
    sampled = {re.split(r"[{ \t]", line, maxsplit=1)[0] for line in lines if not line.startswith("#")}
    created = []
    for line in lines:
        if line.startswith("#"):
            yield _declaration(line, declared, types, sampled, open_metrics=open_metrics)
        elif open_metrics and _CREATED.match(line):
            created.append(line)
        else:
            told = _WITH_EXEMPLAR.match(line) if "#" in line else None
            yield told[1] if told else line
    yield from created


def _declaration(
    line: str, declared: dict[str, str], types: dict[str, str], sampled: set[str], *, open_metrics: bool
) -> str:
    found = _DECLARED.match(line)
    if found is None:
        return line
    kind, written, rest = found.groups()
    name = written.strip('"')
    type_ = declared.get(name, "untyped")
    suffix = _SUFFIXES.get(type_, "")
    if (
        suffix
        and not name.endswith(suffix)
        and (open_metrics or sampled & {f"{name}{suffix}", name} == {f"{name}{suffix}"})
    ):
        name, written = (
            f"{name}{suffix}",
            f'"{name}{suffix}"' if written.startswith('"') else f"{name}{suffix}",
        )
    if kind == "HELP":
        return f"# HELP {written} {rest.replace(_ESCAPED_QUOTE, _QUOTE) if open_metrics else rest}"
    types[name] = "untyped" if type_ == "unknown" else type_
    return f"# TYPE {written} {'gauge' if type_ in ('counter', 'info', 'stateset') else type_}"


def matcher(label: str, value: str) -> str:
    """`label="value"` as PromQL writes it, whatever characters the value has."""
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{label}="{escaped}"'


def series_text(name: str, labels: Labels) -> str:
    """A series as PromQL writes it."""
    inside = ",".join(matcher(key, value) for key, value in labels)
    return f"{name}{{{inside}}}" if inside else name
