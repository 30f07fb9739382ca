"""A run's parts in containers: the project, its target and its stack, none of them entered yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from verification.render import Rendered, render
from verification.stack.containers import Configure, ContainerApp, ContainerStack
from verification.stack.journal import Journal
from verification.stack.project import ContainerProject
from verification.timescale import TimeScale

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"


def configuration(out: Path, scale: TimeScale, receiver: str | None = None) -> Configure:
    """Renders the shipped folder for the services that a run has."""

    def configure(addresses: Mapping[str, str]) -> Rendered:
        return render(
            MONITORING,
            out,
            scale=scale,
            addresses={
                "prometheus": addresses["prometheus"],
                "alertmanager": addresses["alertmanager"],
                "node": addresses["node_exporter"],
                "promptpilot-api": "api:8000",
            },
            alertmanager=addresses["alertmanager"],
            receivers={} if receiver is None else {"webhook": receiver, "operator": receiver},
        )

    return configure


def parts(journal: Journal, folder: Path, scale: TimeScale) -> tuple[ContainerProject, ContainerApp]:
    """A project and its target."""
    project = ContainerProject(MONITORING / "docker-compose.yml", folder / "project", journal)
    env = {"PROMPTPILOT_DATABASE_URL": "sqlite:///{workdir}/promptpilot.db"}
    return project, ContainerApp(project, folder / "target", env=env)


def stack_of(
    project: ContainerProject, folder: Path, scale: TimeScale, receiver: str | None = None
) -> ContainerStack:
    """The stack of a project, with the shipped configuration."""
    return ContainerStack(project, configuration(folder / "rendered", scale, receiver), scale)
