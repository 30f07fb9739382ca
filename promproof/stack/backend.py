"""What a run may ask of whoever brings its stack up: to prepare the ground, and to make the stack and the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from promproof.config.timescale import TimeScale
from promproof.render.monitoring import Rendered
from promproof.stack.binaries import Binaries
from promproof.stack.journal import Journal
from promproof.stack.protocol import App, Say, SentRequest, Stack


@dataclass(frozen=True)
class WantedApp:
    """The target to be started. workdir: for its files. env: texts with {workdir} and {token}.

    health: the path that answers `health_status` when it is ready; None: its metrics answer, at metrics_path.
    sent: is told each of these requests. directory: where a command runs.
    """

    workdir: Path
    env: Mapping[str, str] = field(default_factory=dict)
    health: str | None = "/health"
    health_status: int = 200
    metrics_path: str = "/metrics"
    directory: Path | None = None
    sent: Callable[[SentRequest], None] = lambda request: None


@dataclass(frozen=True)
class WantedStack:
    """The stack to be started.

    configure: renders the run copy, given each component's address as Prometheus reaches it; called again with others
    when a port was taken. procfs: a folder that Node Exporter reads in place of /proc.
    """

    scale: TimeScale
    configure: Callable[[Mapping[str, str]], Rendered]
    binaries: Binaries
    procfs: Path | None = None


@dataclass(frozen=True)
class Site:
    """Where a backend works in one run. folder: the run's. private: for files that hold secrets.

    keep: asked at the end, whether what was started stays to be looked at.
    """

    folder: Path
    private: Path
    journal: Journal
    keep: Callable[[], bool]
    say: Say


class Backend(Protocol):
    """Who brings the stack up. Everything but the name needs `open` to have been entered."""

    @property
    def name(self) -> str: ...

    @property
    def since(self) -> str:
        """Why `auto` took it."""

    @property
    def readers(self) -> bool:
        """Whether other users than this one read the run copy."""

    @property
    def local(self) -> bool:
        """Whether its servers are the programs that were found here; others have versions of their own."""

    def open(self, site: Site) -> AbstractContextManager[None]:
        """Prepare what stack and target share; it is taken down at the end."""

    def app(self, wanted: WantedApp) -> App | None:
        """The target as a service beside the stack; None when it is started otherwise."""

    def gateway(self) -> str | None:
        """The one address of this machine that the stack reaches; None for one that reaches loopback."""

    def stack(self, wanted: WantedStack) -> Stack:
        """The stack, not entered yet."""
