"""What the stack itself takes: CPU and memory of its services over the run, beside what the documentation says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from promproof.evidence.records import Usage, UsageSample
from promproof.report.drawings import Curve, Drawing
from promproof.report.page.panels import chart
from promproof.report.page.scales import shown
from promproof.report.page.subject import Subject
from promproof.verdict import Verdict

CLAIM = "deployment/resources"
ALL = "all together"
_MEGA = 1e6


@dataclass(frozen=True)
class Taken:
    """A service: its CPU in cores over the whole time, and the most memory that it had, each as a text."""

    service: str
    cores: str
    memory: str


@dataclass(frozen=True)
class Chart:
    """One of the two drawings; names: its lines, in the order of their colours."""

    title: str
    documented: str
    drawn: Markup
    names: Sequence[str]


@dataclass(frozen=True)
class Stack:
    """Both drawings, a row for each service, the sum first, and the claim on it where there is one."""

    charts: Sequence[Chart]
    rows: Sequence[Taken]
    seconds: float
    verdict: Verdict | None


def stack(subject: Subject) -> Stack | None:
    """CPU and memory of the documented services; None where the run did not measure them twice."""
    evidence = subject.evidence
    deployment = evidence.contract.deployment if evidence is not None else None
    record = evidence.history.last(Usage) if evidence is not None else None
    if record is None or deployment is None:
        return None
    named = [name for name in deployment.services if any(name in s.services for s in record.data.samples)]
    samples = [sample for sample in record.data.samples if named and all(n in sample.services for n in named)]
    if len(samples) < 2:
        return None
    cores = {name: _cores(samples, [name]) for name in named}
    memory = {name: [sample.services[name][1] / _MEGA for sample in samples] for name in named}
    limits = deployment.resources
    times = [sample.t for sample in samples]
    charts = [
        _chart(
            "CPU (cores)",
            times[1:],
            {ALL: _cores(samples, named), **cores},
            limits.cpu_cores if limits else None,
        ),
        _chart(
            "Memory (MB)",
            times,
            {ALL: [sum(values) for values in zip(*memory.values(), strict=True)], **memory},
            limits.memory_megabytes if limits else None,
        ),
    ]
    verdict = next((verdict for verdict in subject.verdicts if verdict.claim == CLAIM), None)
    rows = [_taken(ALL, samples, named), *(_taken(name, samples, [name]) for name in named)]
    return Stack(charts, rows, times[-1] - times[0], verdict)


def _cores(samples: Sequence[UsageSample], names: Sequence[str]) -> list[float | None]:
    """Seconds of CPU per second between neighbouring samples; None where a counter began anew."""
    found: list[float | None] = []
    for before, after in pairwise(samples):
        spent = [after.services[name][0] - before.services[name][0] for name in names]
        found.append(sum(spent) / (after.t - before.t) if min(spent) >= 0 and after.t > before.t else None)
    return found


def _taken(label: str, samples: Sequence[UsageSample], names: Sequence[str]) -> Taken:
    first, last = samples[0], samples[-1]
    spent = sum(last.services[name][0] - first.services[name][0] for name in names)
    most = max(sum(sample.services[name][1] for name in names) for sample in samples)
    cores = f"{spent / (last.t - first.t):.2f} cores" if spent >= 0 and last.t > first.t else "began anew"
    return Taken(label, cores, f"{most / _MEGA:.0f} MB")


def _chart(
    title: str,
    times: Sequence[float],
    series: dict[str, list[float | None]] | dict[str, list[float]],
    documented: tuple[float, float] | None,
) -> Chart:
    none = tuple(None for _ in times)
    curves = [Curve(name, tuple(times), tuple(values), none, none) for name, values in series.items()]
    line = documented[1] if documented else None
    drawing = Drawing(title, "", title, "number", (), tuple(curves), len(curves), (), line=line)
    said = (
        f"documented: {shown(documented[0], 'number')} to {shown(documented[1], 'number')}"
        if documented
        else ""
    )
    drawn = chart(drawing) if len(times) > 1 else Markup()
    return Chart(title, said, drawn, [curve.name for curve in curves])
