"""What the target itself exposes: the text of `/metrics`, parsed into families and samples.

The parser is prometheus_client's; what it accepts in silence (the same series twice, a frozen time stamp) is kept
visible here, because it is the kind of thing a check must find. Both formats come to the same: a family is called what
its samples are called (`_total`, `_info`), its type is what was declared, and exemplars are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from prometheus_client.parser import text_string_to_metric_families

Labels = tuple[tuple[str, str], ...]
SHOWN_CHARACTERS = 80
"""of a line that is malformed"""
"""Sorted pairs of name and value; in a search the name of the metric is among them."""
ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus 2 asks for. A library that knows both formats exposes more, or other names, in one of them."""
_QUOTED = r'"(?:\\.|[^"\\])*"'
_DECLARED = re.compile(rf"#[ \t]+(HELP|TYPE)[ \t]+({_QUOTED}|\S+)[ \t]*(.*)")
_WITH_EXEMPLAR = re.compile(rf"((?:{_QUOTED}|[^\"#])*?)[ \t]+#[ \t]*\{{")
_CREATED = re.compile(r'[\w:]*_created[{ \t]|\{"[^"]*_created"')
_ESCAPED_QUOTE, _QUOTE = r"\"", '"'
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
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
        return dict(self._by_name.get(name, {}))

    @cached_property
    def _by_name(self) -> dict[str, dict[Labels, float]]:
        found: dict[str, dict[Labels, float]] = {}
        for (sample, labels), value in self.values.items():
            found.setdefault(sample, {})[labels] = value
        return found


def parse(text: str) -> Exposition:
    """Parse the text format (version 0.0.4) or OpenMetrics, told by its last line.

    Raises:
        ValueError: a line is malformed, and which; Prometheus would drop the whole scrape.
    """
    types: dict[str, str] = {}
    families: dict[str, Family] = {}
    values: dict[Series, float] = {}
    times: Counter[Series] = Counter()
    stamped: list[str] = []
    for block in _blocks(_plain(text, types)):
        try:
            found = _read_known(block) or _read(block)
        except ValueError as error:
            line = _malformed(block)
            raise ValueError(f"{line!r}: {error}" if line else str(error)) from error
        for name, help_text in found.families:
            families.setdefault(name, Family(name, types.get(name, "untyped"), help_text))
        for series, value in zip(found.series, found.values, strict=True):
            values.setdefault(series, value)
        times.update(found.series)
        stamped += found.stamped
    duplicates = tuple(sorted(series_text(*series) for series, seen in times.items() if seen > 1))
    return Exposition(families, values, duplicates, tuple(stamped))


Series = tuple[str, Labels]


@dataclass(frozen=True)
class _Block:
    """What the lines of one family say: names with their help, and the samples in their order."""

    families: tuple[tuple[str, str], ...]
    series: tuple[Series, ...]
    values: Sequence[float]
    stamped: tuple[str, ...]


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """The lines by family. The parser, too, begins anew where another name is declared after samples."""
    block: list[str] = []
    name = ""
    for line in lines:
        if line.startswith(("# HELP ", "# TYPE ")):
            declared = line.split(None, 3)[2].strip('"') if len(line.split(None, 3)) > 2 else name
            if block and declared != name and not block[-1].startswith("#"):
                yield block
                block = []
            name = declared
        block.append(line)
    if block:
        yield block


def _malformed(lines: Sequence[str]) -> str:
    """The beginning of the first line that is malformed by itself; empty where none is."""
    for line in lines:
        try:
            _read([line])
        except ValueError:
            return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}..."
    return ""


def _read(lines: Iterable[str]) -> _Block:
    families, series, values, stamped = [], [], [], []
    for family in text_string_to_metric_families("\n".join(lines)):
        families.append((family.name, family.documentation))
        for sample in family.samples:
            labels = label_set(sample.labels)
            series.append((sample.name, labels))
            values.append(float(sample.value))
            if sample.timestamp is not None:
                stamped.append(series_text(sample.name, labels))
    return _Block(tuple(families), tuple(series), values, tuple(stamped))


def _read_known(lines: Sequence[str]) -> _Block | None:
    """As `_read`, without the parser where it has read the same lines with other values; None where it must.

    A run reads the same few hundred series many times.
    """
    heads, values = [], []
    for line in lines:
        if not line or line.startswith("#"):
            heads.append(line)
            continue
        head, _, value = line.rpartition(" ")
        if not head or "_" in value:
            return None
        try:
            values.append(float(value))
        except ValueError:
            return None
        heads.append(head)
    try:
        known = _read_without_values(tuple(heads))
    except ValueError:
        return None
    return replace(known, values=values) if known is not None else None


@lru_cache(maxsize=1024)
def _read_without_values(heads: tuple[str, ...]) -> _Block | None:
    """What lines say whose values are taken off; None where what was taken off can be something else."""
    lines = [head if not head or head.startswith("#") else f"{head} 0" for head in heads]
    found = _read(lines)
    samples = sum(line is not head for line, head in zip(lines, heads, strict=True))
    plain = not found.stamped and len(found.series) == samples and not any(found.values)
    return found if plain else None


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


def matcher(label: str, value: str, operator: str = "=") -> str:
    """`label="value"` as PromQL writes it, whatever characters the two have."""
    escaped = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return f'{label_text(label)}{operator}"{escaped}"'


def label_text(label: str) -> str:
    """A label's name as PromQL writes it: in quotes where it needs them."""
    return label if _LABEL_NAME.fullmatch(label) else quoted(label)


def quoted(name: str) -> str:
    """A name in quotes."""
    return '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'


def is_plain(name: str) -> bool:
    """Whether it is a metric's name without quotes: all that Prometheus knew before 3.0."""
    return _NAME.fullmatch(name) is not None


def selector(name: str, matchers: str = "") -> str:
    """A selector that every version reads; of a name that needs quotes, an old one finds nothing.

    matchers: what stands in the braces besides.
    """
    if is_plain(name):
        return f"{name}{{{matchers}}}" if matchers else name
    return "{" + ",".join(filter(None, (matcher("__name__", name), matchers))) + "}"


def series_text(name: str, labels: Labels) -> str:
    """A series as PromQL writes it."""
    inside = ",".join(matcher(key, value) for key, value in labels)
    if name and not is_plain(name):
        return "{" + ",".join(filter(None, (quoted(name), inside))) + "}"
    return f"{name}{{{inside}}}" if inside else name
