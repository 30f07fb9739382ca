"""Who brings the stack up: child processes, containers, or somebody else already; and the stack of that backend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from promproof.errors import InputError
from promproof.render.monitoring import Rendered, render
from promproof.run.options import Options
from promproof.run.prepare import Prepared
from promproof.run.secrecy import restrict
from promproof.stack import compose, containers, supply
from promproof.stack.binaries import Binaries
from promproof.stack.containers import ContainerStack
from promproof.stack.external import ExternalStack
from promproof.stack.journal import Journal
from promproof.stack.processes import Ports, ProcessStack
from promproof.stack.project import ContainerProject
from promproof.stack.protocol import ALERTMANAGER, NODE_EXPORTER, PROMETHEUS, Endpoints
from promproof.stack.supply import Supply

Say = Callable[[str], None]
AnyStack = ProcessStack | ContainerStack | ExternalStack


@dataclass(frozen=True)
class Backend:
    """The backend of a run; project and images belong to containers only."""

    kind: str
    project: ContainerProject | None = None
    images: Supply | None = None


def open_backend(
    prepared: Prepared,
    folder: Path,
    private: Path,
    journal: Journal,
    keep: Callable[[], bool],
    cleanup: ExitStack,
    say: Say,
) -> Backend:
    """Choose the backend and, for containers, enter the run's project; it ends with `cleanup`.

    `auto` says which and why, an explicit choice never falls back.

    Raises:
        InputError: containers are asked for, and cannot be had.
    """
    kind, images = _choose(prepared, say)
    if images is None:
        return Backend(kind)
    file = compose_file(prepared)
    project = ContainerProject(file, folder / "stack", journal, keep, say, private / "stack")
    for left in compose.clear_containers(project.client):
        say(f"cleared what a killed run left: {left}")
    cleanup.enter_context(project)
    for service, why in images.missing.items():
        say(f"{service} is left out: {why}")
    return Backend(kind, project, images)


def compose_file(prepared: Prepared) -> Path:
    """The compose file of the monitoring folder, whether it is there or not."""
    deployment = prepared.contract.deployment
    name = deployment.compose if deployment is not None else "docker-compose.yml"
    return prepared.options.monitoring / name


def _choose(prepared: Prepared, say: Say) -> tuple[str, Supply | None]:
    options = prepared.options
    if options.prometheus is not None:
        return "external", None
    if options.stack in ("processes", "external"):
        return "processes", None
    explicit = options.stack == "containers"
    if not explicit and _on_this_machine(options):
        say("stack: processes, since the target is not a service of the compose file")
        return "processes", None
    found = containers.available(
        compose_file(prepared),
        prepared.contract.deployment,
        not _on_this_machine(options),
        supply.LONG_SECONDS if explicit else supply.SHORT_SECONDS,
        say,
        build=explicit,
    )
    if isinstance(found, Supply):
        say("stack: containers" + ("" if explicit else ", since an engine and the images are there"))
        return "containers", found
    if explicit:
        raise found
    say(f"stack: processes, since {found.what}")
    return "processes", None


def _on_this_machine(options: Options) -> bool:
    return options.app is not None or options.target is not None


def make_stack(
    prepared: Prepared,
    folder: Path,
    private: Path,
    binaries: Binaries,
    journal: Journal,
    backend: Backend,
    receivers: Mapping[str, str],
    target: str,
    say: Say,
    procfs: Path | None = None,
) -> AnyStack:
    """The stack of a backend, not entered yet. target: its address as Prometheus will scrape it.

    procfs: a folder that Node Exporter reads in place of /proc.
    """
    options = prepared.options
    if options.prometheus is not None:
        return ExternalStack(Endpoints(options.prometheus.rstrip("/"), options.alertmanager))
    jobs = prepared.folder.jobs

    def configure(components: Mapping[str, str]) -> Rendered:
        node = components[NODE_EXPORTER]
        by_job = {**components, "node": node, "node-exporter": node}
        addresses = {job: address for job, address in by_job.items() if job in jobs}
        if prepared.contract.target.job in jobs:
            addresses[prepared.contract.target.job] = target
        rendered = render(
            options.monitoring,
            private / "rendered",
            scale=prepared.scale,
            addresses=addresses,
            alertmanager=components[ALERTMANAGER],
            receivers=receivers,
        )
        restrict(private / "rendered", readers=backend.project is not None)
        return rendered

    if backend.project is not None and backend.images is not None:
        deployment = prepared.contract.deployment
        if deployment is None:
            raise InputError("the contract has no deployment", "--stack containers", "a section `deployment`")
        say(f"starting the stack in containers, project {backend.project.name}")
        return ContainerStack(
            backend.project,
            deployment,
            backend.images,
            configure,
            prepared.scale,
            documented_ports=options.documented_ports,
            node_exporter_procfs=procfs,
        )
    say("starting Prometheus, Alertmanager and Node Exporter as processes")

    def of_processes(ports: Ports) -> Rendered:
        return configure({name: ports.address(name) for name in (PROMETHEUS, ALERTMANAGER, NODE_EXPORTER)})

    return ProcessStack(
        binaries, of_processes, folder / "stack", prepared.scale, journal, node_exporter_procfs=procfs
    )
