"""Faults without a share of the monitoring itself: a component that is down, or files of the run copy that are wrong.

All of it is the run's own, so that nothing is left when the run ends. What Prometheus stored of its own components is
the second ledger: the faults name the metrics that show it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import StoredMonitoring, Timing
from promproof.faults.kind import Fault
from promproof.faults.ledgers import Agreement, Held, Phase, increase, series_of
from promproof.faults.site import DISCOVERY_SECONDS, Site
from promproof.stack.choice import Can
from promproof.stack.protocol import ALERTMANAGER, NODE_EXPORTER, PROMETHEUS

JOBS = {
    PROMETHEUS: ("prometheus",),
    ALERTMANAGER: ("alertmanager",),
    NODE_EXPORTER: ("node", "node-exporter", "node_exporter"),
}
"""Jobs of a component, as monitoring folders usually call them."""
RESEND_SECONDS = 60.0
"""An alert is sent again after so long (`--rules.alert.resend-delay`); it is scaled."""


class MonitoringState(Fault):
    """While it lasts, a part of the monitoring does not do its work."""

    shares: ClassVar[Literal["needed", "possible", "refused"]] = "refused"
    stack_needs: ClassVar[frozenset[Can]] = frozenset({Can.CONTROL})

    @property
    @abstractmethod
    def watched(self) -> tuple[str, ...]:
        """The metrics that show it."""

    def ledger(self, evidence: Evidence, held: Held) -> Agreement:
        """What Prometheus stored of the monitoring must show the fault whenever it lasted long enough to be seen."""
        broken = [phase for phase in held.phases if phase.dose == 1.0]
        if not broken:
            return Agreement("", ("the fault did not last until it could be seen",))
        # one on the harmless side may be over before anybody looks
        shown, trouble = self.seen(evidence, max(broken, key=lambda phase: phase.end - phase.begin))
        return Agreement(shown, (trouble,) if trouble else ())

    @abstractmethod
    def seen(self, evidence: Evidence, phase: Phase) -> tuple[str, str]:
        """What Prometheus stored in a phase, in words, and why it does not show the fault; empty where it does."""


class EditedFile(MonitoringState):
    """A file of the run copy is changed and read again; its end is the file as it was."""

    is_refused: ClassVar[bool] = False
    """Whether the component must refuse the changed file."""

    def told_late(self, timing: Timing) -> float:
        """Prometheus looks for Alertmanager anew when it has read its files: at its next discovery."""
        return DISCOVERY_SECONDS + RESEND_SECONDS / timing.scale

    @abstractmethod
    def edit(self, site: Site) -> tuple[str, Path, str]:
        """The component, its file, and the file's text with the fault in it."""

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Write it, and have the component read it."""
        component, path, text = self.edit(site)
        site.state[self.kind] = (component, path, path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        try:
            site.stack.reload(component)
        except EvidenceError:
            if not self.is_refused:
                raise
        else:
            if self.is_refused:
                raise EvidenceError(component, f"it took {path.name}, which is no configuration any more")

    def heal(self, site: Site, drill: str) -> None:
        """Write it as it was, and have it read."""
        if self.kind in site.state:
            component = site.state[self.kind][0]
            restore(site, self.kind)
            site.stack.reload(component)
            del site.state[self.kind]


def restore(site: Site, kind: str) -> str:
    """Write the file of an active fault as it was; its name, empty where none is active."""
    if kind not in site.state:
        return ""
    _, path, text = site.state[kind]
    path.write_text(text, encoding="utf-8")
    return f"{path.name} is as it was"


def run_copy(site: Site, component: str) -> Path:
    """The configuration of a component in this run.

    Raises:
        EvidenceError: it is not this run's.
    """
    rendered = site.stack.rendered
    found = rendered.prometheus_config if rendered is not None else None
    if rendered is not None and component == ALERTMANAGER:
        found = rendered.alertmanager_config
    if found is None:
        raise EvidenceError(component, "its configuration is not this run's", (), "leave the drill out")
    return found


def samples_in(evidence: Evidence, name: str, phase: Phase, jobs: tuple[str, ...] = ()) -> Iterator[float]:
    """What Prometheus stored of a metric in a phase; jobs: of these alone."""
    for labels, samples in series_of(evidence, StoredMonitoring, name).items():
        if not jobs or dict(labels).get("job") in jobs:
            yield from (value for t, value in samples if phase.begin < t < phase.end)


def grown(evidence: Evidence, name: str, phase: Phase) -> float:
    """By how much the counters of a name have grown in a phase."""
    return increase(series_of(evidence, StoredMonitoring, name), {}, phase.begin, phase.end)
