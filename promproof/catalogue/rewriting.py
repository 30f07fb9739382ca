"""What a faulty instrumentation would expose: an exposition rewritten, for one documented metric.

A way of rewriting is one function: lines of samples in, lines out. What it must remember stands in a dict of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from promproof.contract.model import Contract, Metric

SAMPLE = re.compile(r"^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(.*)$")
LABEL = re.compile(r'([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"')
ENDINGS = ("", "_bucket", "_sum", "_count", "_total", "_created")


@dataclass(frozen=True)
class Sample:
    """A line with a value. rest: a timestamp, if there is one."""

    name: str
    labels: tuple[tuple[str, str], ...]
    value: float
    rest: str = ""

    def __str__(self) -> str:
        labels = ",".join(f'{name}="{value}"' for name, value in self.labels)
        shown = f"{{{labels}}}" if labels else ""
        return f"{self.name}{shown} {self.value!r}{self.rest}"

    @property
    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What makes it one series."""
        return self.name, tuple(sorted(self.labels))

    def has(self, label: str, pattern: str) -> bool:
        """Whether a label has a value that the pattern fits in full."""
        return any(name == label and re.fullmatch(pattern, value) for name, value in self.labels)


Line = Sample | str
"""A sample, or a comment as it stands."""
Way = Callable[[list[Line], "Job"], list[Line]]


@dataclass
class Job:
    """What a way of rewriting knows: its metric, its numbers and words, and what it remembers of earlier scrapes."""

    metric: str
    by: dict[str, Any]
    memory: dict[Any, Any] = field(default_factory=dict)

    def is_about(self, name: str) -> bool:
        """Whether a sample or a comment of that name is the metric's."""
        base = self.metric.removesuffix("_total")
        return any(name in (self.metric + ending, base + ending) for ending in ENDINGS)


def fitting(contract: Contract, of: str) -> list[Metric]:
    """The documented metrics of a type and a truth: `counter tally`, say; `any` is each of them."""
    return [
        metric
        for metric in contract.metrics
        if all(word in ("any", metric.type, metric.truth.kind, *metric.labels) for word in of.split())
    ]


def rewritten(text: str, way: str, job: Job) -> str:
    """The exposition as the fault would have it."""
    return "".join(f"{line}\n" for line in WAYS[way](list(_lines(text)), job))


def samples_of(text: str) -> list[Sample]:
    """The samples of an exposition."""
    return [line for line in _lines(text) if isinstance(line, Sample)]


def _lines(text: str) -> Iterator[Line]:
    for line in text.splitlines():
        match = None if line.startswith("#") else SAMPLE.match(line)
        yield (
            line
            if match is None
            else Sample(match[1], tuple(LABEL.findall(match[2] or "")), float(match[3]), match[4])
        )


def _each(change: Callable[[Sample, Job], Iterable[Sample]]) -> Way:
    """A way that treats each sample of the metric by itself; series that become one are added up."""

    def way(lines: list[Line], job: Job) -> list[Line]:
        found: list[Line] = []
        at: dict[Any, int] = {}
        for line in lines:
            mine = isinstance(line, Sample) and job.is_about(line.name)
            for new in change(line, job) if isinstance(line, Sample) and mine else [line]:
                if mine and isinstance(new, Sample) and new.key in at:
                    before = found[at[new.key]]
                    assert isinstance(before, Sample)
                    found[at[new.key]] = replace(before, value=before.value + new.value)
                    continue
                if mine and isinstance(new, Sample):
                    at[new.key] = len(found)
                found.append(new)
        return found

    return way


def _value(change: Callable[[Sample, Job], float]) -> Way:
    return _each(lambda sample, job: [replace(sample, value=change(sample, job))])


def _wanted(sample: Sample, job: Job) -> bool:
    """Whether a sample has the label value that the fault is about."""
    return "label" not in job.by or sample.has(job.by["label"], job.by.get("find", ".*"))


def _is_part(sample: Sample, job: Job) -> bool:
    return not job.by.get("part") or sample.name.endswith(job.by["part"])


def _scaled(sample: Sample, job: Job) -> float:
    wanted = _wanted(sample, job) and _is_part(sample, job)
    return sample.value * float(job.by["times"]) if wanted else sample.value


def _added(sample: Sample, job: Job) -> float:
    return (
        sample.value + float(job.by["plus"])
        if _wanted(sample, job) and _is_part(sample, job)
        else sample.value
    )


def _frozen(sample: Sample, job: Job) -> float:
    return float(job.memory.setdefault(sample.key, sample.value))


def _late(sample: Sample, job: Job) -> float:
    before = job.memory.get(sample.key, 0.0)
    job.memory[sample.key] = sample.value
    return float(before)


def _monotone(sample: Sample, job: Job) -> float:
    job.memory[sample.key] = max(job.memory.get(sample.key, sample.value), sample.value)
    return float(job.memory[sample.key])


def _reset(sample: Sample, job: Job) -> float:
    """What was counted since the last scrape alone."""
    before = job.memory.get(sample.key, 0.0)
    job.memory[sample.key] = sample.value
    return max(sample.value - float(before), 0.0)


def _workers(sample: Sample, job: Job) -> float:
    """Two processes with a registry each: a scrape sees one of them."""
    turn = job.memory[sample.key] = job.memory.get(sample.key, 0) + 1
    return float(int(sample.value * (0.6 if turn % 2 else 0.4)))


def _relabelled(sample: Sample, job: Job) -> list[Sample]:
    label, find, put = job.by["label"], job.by.get("find", "(.*)"), job.by["put"]
    labels = tuple(
        (name, re.sub(f"^(?:{find})$", put, value) if name == label else value)
        for name, value in sample.labels
    )
    return [replace(sample, labels=labels)]


def _without_label(sample: Sample, job: Job) -> list[Sample]:
    return [replace(sample, labels=tuple(pair for pair in sample.labels if pair[0] != job.by["label"]))]


def _renamed_label(sample: Sample, job: Job) -> list[Sample]:
    label, to = job.by["label"], job.by["to"]
    return [
        replace(sample, labels=tuple((to if name == label else name, value) for name, value in sample.labels))
    ]


def _exchanged(sample: Sample, job: Job) -> list[Sample]:
    first, second = job.by["labels"]
    values = dict(sample.labels)
    if first not in values or second not in values:
        return [sample]
    values[first], values[second] = values[second], values[first]
    return [replace(sample, labels=tuple((name, values[name]) for name, _ in sample.labels))]


def _with_label(sample: Sample, job: Job) -> list[Sample]:
    return [replace(sample, labels=(*sample.labels, (job.by["label"], str(job.by["put"]))))]


def _split(sample: Sample, job: Job) -> list[Sample]:
    """A series for each of so many values of a label that nobody promised."""
    count = int(job.by["into"])
    return [
        replace(sample, labels=(*sample.labels, (job.by["label"], str(number))), value=sample.value / count)
        for number in range(count)
    ]


def _edge(sample: Sample, job: Job) -> list[Sample]:
    """Other edges: `find` are those that go, `times` moves them."""
    if not sample.name.endswith("_bucket"):
        return [sample]
    edge = dict(sample.labels).get("le", "")
    if job.by.get("find") and re.fullmatch(job.by["find"], edge):
        return []
    if job.by.get("times") and edge != "+Inf":
        moved = f"{float(edge) * float(job.by['times']):g}"
        return [replace(sample, labels=tuple((n, moved if n == "le" else v) for n, v in sample.labels))]
    return [sample]


def _flat(sample: Sample, job: Job) -> float:
    """Buckets that do not contain the ones below them."""
    if not sample.name.endswith("_bucket"):
        return sample.value
    below = _below(sample)
    before = job.memory.get((job.memory.get("scrape"), below), 0.0)
    job.memory[job.memory.get("scrape"), below] = sample.value
    return max(sample.value - float(before), 0.0) if dict(sample.labels)["le"] != "+Inf" else sample.value


def _flat_buckets(lines: list[Line], job: Job) -> list[Line]:
    job.memory["scrape"] = job.memory.get("scrape", 0) + 1
    return _value(_flat)(lines, job)


def _below(sample: Sample) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in sample.labels if pair[0] != "le")


def _comment(line: Line, job: Job, kind: str) -> bool:
    words = line.split(maxsplit=3) if isinstance(line, str) else []
    return len(words) > 2 and words[1] == kind and job.is_about(words[2])


def _renamed(lines: list[Line], job: Job) -> list[Line]:
    find, put = job.by["find"], job.by["put"]

    def name(old: str) -> str:
        return re.sub(find, put, old, count=1)

    return [
        replace(line, name=name(line.name))
        if isinstance(line, Sample) and job.is_about(line.name)
        else re.sub(r"^(# \w+ )(\S+)", lambda match: match[1] + name(match[2]), str(line))
        if _comment(line, job, "TYPE") or _comment(line, job, "HELP")
        else line
        for line in lines
    ]


def _typed(lines: list[Line], job: Job) -> list[Line]:
    """Another type, or none."""
    to = job.by.get("to", "")
    return [
        " ".join([*str(line).split()[:3], to]) if _comment(line, job, "TYPE") else line
        for line in lines
        if to or not _comment(line, job, "TYPE")
    ]


def _helped(lines: list[Line], job: Job) -> list[Line]:
    to = job.by.get("to", "")
    return [
        " ".join([*str(line).split()[:3], to]) if _comment(line, job, "HELP") else line
        for line in lines
        if to or not _comment(line, job, "HELP")
    ]


def _repeated(lines: list[Line], job: Job) -> list[Line]:
    """The first series stands there a second time, with another value."""
    mine = [line for line in lines if isinstance(line, Sample) and job.is_about(line.name)]
    return [*lines, *(replace(sample, value=sample.value + 1) for sample in mine[:1])]


def _gone(lines: list[Line], job: Job) -> list[Line]:
    return [
        line
        for line in lines
        if not (isinstance(line, Sample) and job.is_about(line.name) and _wanted(line, job))
        and not ("label" not in job.by and (_comment(line, job, "TYPE") or _comment(line, job, "HELP")))
    ]


def _stale(lines: list[Line], job: Job) -> list[Line]:
    """With a timestamp of long ago."""
    stamp = f" {job.by['stamp']}"
    return [
        replace(line, rest=stamp) if isinstance(line, Sample) and job.is_about(line.name) else line
        for line in lines
    ]


def _every_other(lines: list[Line], job: Job) -> list[Line]:
    """The family is missing in every other scrape."""
    job.memory["scrape"] = job.memory.get("scrape", 0) + 1
    return lines if job.memory["scrape"] % 2 else _gone(lines, job)


WAYS: dict[str, Way] = {
    "nothing": lambda lines, job: lines,
    "values": _value(_scaled),
    "plus": _value(_added),
    "some-lost": _value(lambda sample, job: sample.value - sample.value // int(job.by["every"])),
    "frozen": _value(_frozen),
    "late": _value(_late),
    "never-down": _value(_monotone),
    "since-the-last-scrape": _value(_reset),
    "two-workers": _value(_workers),
    "always": _value(lambda sample, job: float(job.by["value"])),
    "at-most": _value(lambda sample, job: min(sample.value, float(job.by["value"]))),
    "label-value": _each(_relabelled),
    "label-gone": _each(_without_label),
    "label-renamed": _each(_renamed_label),
    "labels-exchanged": _each(_exchanged),
    "label-added": _each(_with_label),
    "label-split": _each(_split),
    "unborn": _each(lambda sample, job: [sample] if sample.value or sample.name.endswith("_bucket") else []),
    "edges": _each(_edge),
    "buckets-apart": _flat_buckets,
    "renamed": _renamed,
    "typed": _typed,
    "helped": _helped,
    "twice": _repeated,
    "gone": _gone,
    "stamped": _stale,
    "every-other-scrape": _every_other,
    "further": lambda lines, job: [*lines, f"# TYPE {job.by['name']} gauge", Sample(job.by["name"], (), 3.0)],
    "garbage": lambda lines, job: [*lines, str(job.by["line"])],
    "empty": lambda lines, job: [],
    "cut": lambda lines, job: lines[: len(lines) // 2],
    "page": lambda lines, job: ["<html><body>OK</body></html>"],
}
"""What can happen to an exposition, by name."""
