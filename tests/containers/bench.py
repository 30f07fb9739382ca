"""A run's parts in containers: the project, its target and its stack, none of them entered yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from promproof.config.timescale import TimeScale
from promproof.contract.deployment import Deployment
from promproof.contract.model import load
from promproof.render.monitoring import Rendered, render
from promproof.stack.container_app import ContainerApp
from promproof.stack.containers import Configure, ContainerStack
from promproof.stack.journal import Journal
from promproof.stack.project import ContainerProject
from promproof.stack.supply import Supply, resolve

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"


def deployment() -> Deployment:
    """The shipped contract's deployment."""
    found = load(MONITORING / "contract.yaml").deployment
    assert found is not None
    return found


def images(*names: str) -> Supply:
    """The images of these services, of the three that every machine with local images has by default."""
    services = resolve(MONITORING / "docker-compose.yml")["services"]
    wanted = names or ("prometheus", "alertmanager", "node-exporter")
    return Supply({name: services[name]["image"] for name in wanted}, {})


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
    env = {
        "PROMPTPILOT_DATABASE_URL": "sqlite:///{workdir}/promptpilot.db",
        "PROMPTPILOT_FAULT_TOKEN": "{token}",
    }
    return project, ContainerApp(project, deployment().target, folder / "target", env=env)


def stack_of(
    project: ContainerProject, folder: Path, scale: TimeScale, receiver: str | None = None
) -> ContainerStack:
    """The stack of a project, with the shipped configuration."""
    configure = configuration(folder / "rendered", scale, receiver)
    return ContainerStack(project, deployment(), images(), configure, scale)
