"""What a page tells of: a run's verdicts and evidence, and the few facts about it that stand on top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Inputs, Prepared, PrometheusSaid, Run
from promproof.report.page.courses import Course
from promproof.report.page.earlier import Past
from promproof.run.ending import Ending
from promproof.verdict import Outcome, Verdict


@dataclass(frozen=True)
class Subject:
    """One run. name: its folder's; earlier: runs of the same kind before it, the newest first.

    evidence: None where it was never begun, or can't be read any more. against: the run that it is compared with, and
    older: its evidence, where that can be read. course: of a load session.
    """

    name: str
    verdicts: Sequence[Verdict]
    ending: Ending = field(default_factory=Ending)
    evidence: Evidence | None = None
    earlier: Sequence[Past] = ()
    against: Past | None = None
    older: Evidence | None = None
    course: Course | None = None


@dataclass(frozen=True)
class Fact:
    """A line of the run's particulars."""

    name: str
    text: str


def outcome(verdicts: Sequence[Verdict], ending: Ending) -> Outcome:
    """The one word for the run: the worst that it has, and unknown where it proves less than it should."""
    found = {verdict.outcome for verdict in verdicts}
    if Outcome.FAIL in found:
        return Outcome.FAIL
    if ending.incomplete or Outcome.UNKNOWN in found or Outcome.PASS not in found:
        return Outcome.UNKNOWN
    return Outcome.PASS


def duration(seconds: float) -> str:
    """A duration as people read it: 12.3 s, 2 min 5 s."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def begun(evidence: Evidence) -> datetime:
    """When the run began."""
    return datetime.fromtimestamp(evidence.history.epoch, UTC)


def lasted(evidence: Evidence) -> float:
    """Seconds from the run's begin to its last record."""
    return max((record.t for record in evidence.history.records), default=0.0)


def service(evidence: Evidence | None) -> str:
    """The service that was verified, as the run's first record or its contract names it."""
    if evidence is None:
        return ""
    prepared = evidence.history.last(Prepared)
    return (prepared.data.service if prepared is not None else "") or evidence.contract.service


def facts(subject: Subject) -> list[Fact]:
    """What was verified, against what, when, how; only what the run wrote down."""
    evidence = subject.evidence
    if evidence is None:
        return [Fact("run", subject.name)]
    history = evidence.history
    found = [
        Fact("begun", f"{begun(evidence):%Y-%m-%d %H:%M:%S} UTC"),
        Fact("lasted", duration(lasted(evidence))),
    ]
    prepared, run, inputs = history.last(Prepared), history.last(Run), history.last(Inputs)
    if prepared is not None:
        scale = prepared.data.time_scale
        found.append(
            Fact("time scale", f"{scale:g}" + (": real time" if scale == 1 else f": {_minute(scale)}"))
        )
    if inputs is not None:
        found.append(Fact("contract", str(inputs.data.options.get("contract", inputs.data.contract))))
        monitoring = inputs.data.options.get("monitoring")
        found += [Fact("monitoring", str(monitoring))] if monitoring else []
    if run is not None:
        found.append(Fact("stack", _stack(run.data)))
        found.append(Fact("target", _target(run.data)))
        found += [Fact("programs", ", ".join(_program(text) for text in run.data.binaries))] * bool(
            run.data.binaries
        )
    said = history.last(PrometheusSaid)
    if said is not None and run is not None and not run.data.binaries:
        found.append(Fact("programs", f"Prometheus {said.data.version}"))
    if inputs is not None:
        versions = inputs.data.versions
        found.append(Fact("versions", ", ".join(f"{name} {text}" for name, text in versions.items())))
    found.append(Fact("run", subject.name))
    return found


def _minute(scale: float) -> str:
    return f"a deployed minute takes {60 / scale:.3g} s"


def _stack(run: Run) -> str:
    return f"{run.backend}, scraped every {run.scrape_interval:.3g} s"


def _target(run: Run) -> str:
    return f"{run.instance}, {'started by the run' if run.managed else 'running already'}"


def _program(text: str) -> str:
    return text.partition(" (")[0]
