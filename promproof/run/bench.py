"""What a run works with once it is up, by purpose; a function takes the part that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from promproof.config.timescale import TimeScale
from promproof.evidence.history import Recorder
from promproof.exposition import matcher
from promproof.faults.port import FaultPort
from promproof.faults.undo import UndoBook
from promproof.observe.asking import headers_of
from promproof.observe.prometheus import Prometheus
from promproof.observe.webhook import Receiver
from promproof.run.liveness import Liveness
from promproof.run.pace import Pace
from promproof.run.sender import Sender
from promproof.stack.binaries import Binaries
from promproof.stack.journal import Journal
from promproof.stack.protocol import App, Stack


@dataclass(frozen=True)
class Service:
    """The target. URLs have no slash at the end."""

    url: str
    metrics_url: str
    instance: str
    """Its label in Prometheus."""
    pid: int | None
    """Its process; None when that is not known to run on this machine."""
    app: App | None
    """None for a target that runs already."""
    database: str | None
    faults: FaultPort | None
    sender: Sender
    scale: TimeScale
    """That of its own durations: 1 for a target that runs already."""
    headers: Mapping[str, str] = field(default_factory=partial(headers_of, ""))
    """The headers with which Prometheus asks for its metrics."""
    siblings: tuple[str, ...] = ()
    """The other instances of its job, in a Prometheus that runs already, but for those that take part."""
    others: tuple[Service, ...] = ()
    """The other instances that take part: they get requests as well."""
    balanced: bool = False
    """Whether something in front of them decides which of them answers."""

    @property
    def every(self) -> tuple[Service, ...]:
        """All instances that take part, this one first."""
        return (self, *self.others)

    @property
    def urls(self) -> tuple[str, ...]:
        """The URLs that requests go to in turn; one where something else decides who answers."""
        return (self.url,) if self.balanced else tuple(service.url for service in self.every)

    @property
    def selector(self) -> str:
        """A label matcher for its series."""
        return matcher("instance", self.instance)


@dataclass(frozen=True)
class Monitoring:
    """The stack, and how this machine asks it."""

    backend: str
    stack: Stack
    prometheus: Prometheus
    alertmanager_url: str | None
    grafana_url: str | None
    node_exporter_net: Path | None
    """The kernel's file of the network interfaces that Node Exporter sees; None when it is not known to run here."""


@dataclass(frozen=True)
class Tools:
    """What a run needs for itself: its records, its receiver, and what ends and undoes things when it is killed."""

    history: Recorder
    journal: Journal
    undo: UndoBook
    receiver: Receiver
    liveness: Liveness
    binaries: Binaries


@dataclass(frozen=True)
class Bench:
    """A run that is up."""

    service: Service
    monitoring: Monitoring
    pace: Pace
    tools: Tools

    def watch(self) -> None:
        """Raise when a component that the run depends on has died or stopped working.

        Raises:
            EvidenceError: with its last log lines.
        """
        self.tools.history.raise_if_broken()
        self.monitoring.stack.raise_if_dead()
        self.tools.receiver.raise_if_dead()
        for service in self.service.every:
            if service.app is not None:
                service.app.raise_if_dead()
        self.tools.liveness.raise_if_frozen()
