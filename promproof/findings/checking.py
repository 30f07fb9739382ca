"""From paths to what is told: reads a set-up, judges it, and takes out what its owner wants left out."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from promproof.errors import InputError
from promproof.findings import comments, proofids
from promproof.findings.baseline import Baseline
from promproof.findings.choosing import matches
from promproof.findings.discover import discover
from promproof.findings.file.asked import AMTOOL, PROMTOOL, begin
from promproof.findings.file.suppressions import UNUSED
from promproof.findings.finding import Finding, Severity
from promproof.findings.identity import Identities
from promproof.findings.judging import Judged, Unjudged, judge, unread
from promproof.findings.settings import Entry, Settings, idle_entry
from promproof.findings.setup import Program, Setup
from promproof.findings.sorts import PROGRAMS

if TYPE_CHECKING:
    from promproof.findings.changes import Change

MONITORING = ("prom", "alertmanager", "grafana", "exporter", "cadvisor", "loki", "tempo", "mimir", "thanos")
"""Parts of images' names by which a service of a compose file is one of monitoring."""
SOME_PROMETHEUS = "http://PROMETHEUS:9090"
"""What the commands of findings ask, where no server is known."""


@dataclass(frozen=True)
class Subject:
    """What is checked: see `discover`."""

    paths: tuple[Path, ...] = ()
    stream: str | None = None
    prometheus_configs: tuple[Path, ...] = ()
    alertmanager_configs: tuple[Path, ...] = ()
    dashboards: tuple[Path, ...] = ()
    root: Path | None = None
    """The folder that files are shown from; that of the process unless given."""
    know: Callable[[Setup], Setup] | None = None
    """Adds what a running server knows."""
    programs: Mapping[str, Program] | None = None

    def setup(self) -> Setup:
        """The set-up of it.

        Raises:
            InputError: a path is not there, or nothing of it belongs to monitoring.
        """
        setup = self.discovered()
        if is_empty(setup):
            raise nothing(self, setup)
        return replace(setup, programs=self.programs)

    def discovered(self) -> Setup:
        """The set-up of it, without programs to ask; it may be empty.

        Raises:
            InputError: a path is not there.
        """
        setup = discover(
            self.paths,
            self.root,
            self.stream,
            prometheus_configs=self.prometheus_configs,
            alertmanager_configs=self.alertmanager_configs,
            dashboards=self.dashboards,
        )
        return setup if self.know is None else self.know(setup)

    @property
    def named(self) -> tuple[Path, ...]:
        """All paths."""
        return (*self.paths, *self.prometheus_configs, *self.alertmanager_configs, *self.dashboards)

    def moved(self, here: Path) -> Subject:
        """The same below another folder; what is not there is left out."""
        groups = (self.paths, self.prometheus_configs, self.alertmanager_configs, self.dashboards)
        there = (
            tuple(here / os.path.relpath(path) for path in group if (here / os.path.relpath(path)).exists())
            for group in groups
        )
        paths, prometheuses, alertmanagers, dashboards = there
        return Subject(paths, None, prometheuses, alertmanagers, dashboards, here, self.know)


@dataclass(frozen=True)
class Wishes:
    """What is asked of a check.

    least: the mildest severity that is shown. wanted: says of a kind whether it is asked for.
    """

    least: Severity = Severity.WARNING
    wanted: Callable[[str], bool] = lambda rule: True
    settings: Settings | None = None
    baseline: Baseline | None = None
    change: Change | None = None
    proofs: tuple[Finding, ...] = ()
    """What proofs say of alerts. A change has a part in those of its own files."""


@dataclass(frozen=True)
class Checked:
    """What a check says. findings: those that are shown, in the order of files and lines.

    milder: how many there are below `least`, by severity; silenced: how many the owner leaves out; known, gone: how
    many are in the baseline, and how many of it are there no more; untouched: how many the change has no part in.
    """

    setup: Setup
    least: Severity
    findings: tuple[Finding, ...]
    milder: dict[Severity, int]
    unjudged: tuple[Unjudged, ...]
    silenced: int = 0
    known: int = 0
    gone: int = 0
    untouched: int = 0
    wanted: Callable[[str], bool] = lambda rule: True

    @property
    def crashes(self) -> tuple[Unjudged, ...]:
        """What was not verified because of a mistake of this program."""
        return tuple(missed for missed in self.unjudged if missed.crashed)

    @property
    def status(self) -> int:
        """The exit status: 1 with a finding, 2 when a judge crashed."""
        return 1 if self.findings else 2 if self.crashes else 0

    @property
    def identities(self) -> Identities:
        """Fingerprints of the findings."""
        return Identities.of(self.setup.documents)


def check(subject: Subject, wishes: Wishes) -> Checked:
    """Check files and folders, and the text of a stream.

    Raises:
        InputError: a path is not there, or nothing of it belongs to monitoring.
    """
    return check_of(subject.setup(), subject, wishes)


def check_of(setup: Setup, subject: Subject, wishes: Wishes) -> Checked:
    """Check a set-up that was read of a subject."""
    begin(setup, wishes.wanted)
    identities = Identities.of(setup.documents)
    # Whether a suppression is of use is known when everything was judged.
    judged = judge(setup, lambda rule: wishes.wanted(rule) or wishes.wanted(UNUSED.id))
    judged = without_echoes(judged, wishes.wanted)
    everything = (*judged.findings, *wishes.proofs)
    remaining, notes = _left(everything, judged, wishes, setup, identities, subject.paths)
    asked = sorted(
        (finding for finding in [*remaining, *notes] if wishes.wanted(finding.rule)),
        key=lambda finding: finding.order,
    )
    shown = [finding for finding in asked if finding.severity.rank <= wishes.least.rank]
    if wishes.change is not None:
        asked = _touched(asked, subject, wishes, wishes.change, identities)
    touched = [finding for finding in asked if finding.severity.rank <= wishes.least.rank]
    fresh, known, gone = (wishes.baseline or Baseline()).divide(touched, identities)
    milder = {
        severity: sum(finding.severity is severity for finding in asked)
        for severity in Severity
        if severity.rank > wishes.least.rank
    }
    silenced = sum(wishes.wanted(finding.rule) for finding in everything) - sum(
        wishes.wanted(finding.rule) for finding in remaining
    )
    unjudged = tuple(
        missed for missed in judged.unjudged if not missed.rules or any(map(wishes.wanted, missed.rules))
    )
    return Checked(
        setup,
        wishes.least,
        tuple(_at(finding, setup.knowledge.source) for finding in fresh),
        milder,
        unjudged,
        silenced,
        known,
        gone,
        len(shown) - len(touched),
        wishes.wanted,
    )


def _at(finding: Finding, source: str) -> Finding:
    """The command that shows it asks the server that was asked, where one was."""
    if not source.startswith(("http://", "https://")) or SOME_PROMETHEUS not in finding.see:
        return finding
    return replace(finding, see=finding.see.replace(SOME_PROMETHEUS, shlex.quote(source)))


def without_echoes(judged: Judged, wanted: Callable[[str], bool]) -> Judged:
    """Without what a program says of a file in which the cause is told already."""
    asked = {PROMTOOL.id, AMTOOL.id}
    findings = judged.findings
    told = {
        finding.file
        for finding in findings
        if finding.severity is Severity.ERROR and finding.rule not in asked and wanted(finding.rule)
    }
    return Judged(
        tuple(finding for finding in findings if finding.rule not in asked or finding.file not in told),
        tuple(
            missed
            for missed in judged.unjudged
            if missed.crashed or missed.place.file not in told or not asked.intersection(missed.rules)
        ),
    )


def _touched(
    findings: list[Finding], subject: Subject, wishes: Wishes, change: Change, identities: Identities
) -> list[Finding]:
    """Those in files that a change touched, and those that were not there before it."""
    if not change.files:
        return []
    from tempfile import TemporaryDirectory  # for changes only

    with TemporaryDirectory(prefix="promproof-") as folder:
        here = change.unpack(Path(folder), subject.named, identities.documents)
        setup = subject.moved(here).discovered()
        earlier = Identities.of(setup.documents)
        known = Counter(earlier.fingerprint(finding) for finding in judge(setup, wishes.wanted).findings)
    judged = [finding for finding in findings if finding not in wishes.proofs]
    caused = set(map(id, Baseline(known).divide(judged, identities)[0]))
    return [finding for finding in findings if finding.file in change.files or id(finding) in caused]


def _left(
    everything: tuple[Finding, ...],
    judged: Judged,
    wishes: Wishes,
    setup: Setup,
    identities: Identities,
    paths: tuple[Path, ...],
) -> tuple[list[Finding], list[Finding]]:
    """The findings that nobody leaves out, and those about what leaves them out."""
    suppressions, notes = comments.read(setup.documents)
    settings = wishes.settings
    used: set[Entry] = set()
    remaining = []
    for finding in everything:
        entry = settings.covering(finding, identities) if settings is not None else None
        if entry is not None:
            used.add(entry)
        elif not any(suppression.covers(finding) for suppression in suppressions):
            remaining.append(finding)
    if not wishes.wanted(UNUSED.id):
        return remaining, list(notes)
    # An alert that nobody has proven yet may be dead.
    unknown = {*proofids.TITLES, *(rule for missed in judged.unjudged for rule in missed.rules)}
    idle = [
        suppression
        for suppression in suppressions
        if not any(matches(suppression.pattern, rule) for rule in unknown)
    ]
    found = [*notes, *comments.unused(idle, everything)]
    if settings is not None and any(Path(settings.folder).is_relative_to(path.absolute()) for path in paths):
        idle_entries = (entry for entry in settings.entries if entry not in used)
        found += [
            idle_entry(entry)
            for entry in idle_entries
            if not any(entry.id and matches(entry.id, rule) for rule in proofids.TITLES)
        ]
    return remaining, found


def is_empty(setup: Setup) -> bool:
    """Whether nothing of it belongs to monitoring."""
    things = (
        setup.prometheuses,
        setup.groups,
        setup.alertmanagers,
        setup.dashboards,
        setup.grafana.sources,
        setup.grafana.providers,
        setup.grafana.alerting,
        setup.troubles,
    )
    return not (
        any(things)
        or any(part.text("apiVersion").startswith(PROGRAMS) for part in setup.resources)
        or any(
            word in service.image.lower() or word in service.name.lower()
            for file in setup.compose
            for service in file.services
            for word in MONITORING
        )
    )


def nothing(subject: Subject, setup: Setup) -> InputError:
    """The error for paths that have no monitoring: nothing was judged, and that must not look green."""
    where = ", ".join([*map(str, subject.paths), *(["stdin"] if subject.stream is not None else [])])
    if setup.unread:
        missed = "; ".join(f"{missed.item}: {missed.reason}" for missed in unread(setup))
        return InputError(
            what=f"nothing was checked: {missed}",
            where=where,
            expected="at least one file that can be read as it is",
            todo="helm template . | promproof check - for a chart; else make the files readable",
        )
    return InputError(
        what="there is no monitoring file: nothing was checked",
        where=where,
        expected="files of Prometheus, Alertmanager, Grafana, a compose file of them, or resources of the Prometheus "
        "operator (.yml, .yaml, .json)",
        todo="these are templates: helm template . | promproof check -"
        if setup.unread
        else "name the folder or the files that have them: promproof check PATH...",
    )
