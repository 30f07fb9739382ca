"""The documented compose file, under a project name and on ports of the run's own.

The engine's client is imported when containers are asked for: who has none does not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from promproof.contract.deployment import Deployment
from promproof.errors import EvidenceError, InputError
from promproof.stack.app import healthy
from promproof.stack.backend import Site, WantedApp, WantedStack
from promproof.stack.choice import AUTO, BACKENDS, Can, Kind, Wish
from promproof.stack.images import without_a_registry
from promproof.stack.protocol import ALERTMANAGER, NODE_EXPORTER, PROMETHEUS, App, Say, Stack

if TYPE_CHECKING:
    from promproof.stack.project import ContainerProject
    from promproof.stack.supply import Supply

NAME = "containers"
NEEDED = (PROMETHEUS, ALERTMANAGER, NODE_EXPORTER)
"""Without these there is no run; what the others promise is not verified where they can't be had."""


class Containers:
    """The backend; images: what each service runs."""

    name = NAME
    since = "an engine and the images are there"
    readers = True  # users of containers, who meet only what is mounted
    local = False

    def __init__(self, wish: Wish, deployment: Deployment, images: Supply) -> None:
        self._wish = wish
        self._deployment = deployment
        self._images = images
        self._project: ContainerProject | None = None
        self._site: Site | None = None

    @contextmanager
    def open(self, site: Site) -> Iterator[None]:
        from promproof.stack import compose
        from promproof.stack.project import ContainerProject

        project = ContainerProject(
            self._wish.compose,
            site.folder / "stack",
            site.journal,
            site.keep,
            site.say,
            site.private / "stack",
        )
        for left in compose.clear_containers(project.client):
            site.say(f"cleared what a killed run left: {left}")
        with project:
            self._project, self._site = project, site
            for service, why in self._images.missing.items():
                site.say(f"{service} is left out: {why}")
            yield

    def app(self, wanted: WantedApp) -> App | None:
        from promproof.stack.container_app import ContainerApp

        project, _ = self._opened()
        return ContainerApp(
            project,
            self._deployment.target,
            wanted.workdir,
            env=wanted.env,
            health=wanted.health or wanted.metrics_path,
            sent=wanted.sent,
            healthy=healthy(wanted.health, wanted.health_status),
        )

    def gateway(self) -> str | None:
        return self._opened()[0].gateway()

    def stack(self, wanted: WantedStack) -> Stack:
        from promproof.stack.containers import ContainerStack

        project, site = self._opened()
        site.say(f"starting the stack in containers, project {project.name}")
        return ContainerStack(
            project,
            self._deployment,
            self._images,
            wanted.configure,
            wanted.scale,
            documented_ports=self._wish.documented_ports,
            node_exporter_procfs=wanted.procfs,
        )

    def _opened(self) -> tuple[ContainerProject, Site]:
        assert self._project is not None, "the backend has not been opened"
        assert self._site is not None
        return self._project, self._site


def refusal(wish: Wish) -> InputError | None:
    """Why containers do not go with the other options."""
    if wish.running is not None:
        return InputError(
            what="--stack containers brings up a Prometheus of its own",
            where="command line",
            expected="no --prometheus",
            todo="leave it out, or use --stack external",
        )
    if wish.name == NAME and wish.local_target and not wish.on_bridge:
        return InputError(
            what="a container does not reach 127.0.0.1 of this machine, where the target listens",
            where="--stack containers with --app or --target",
            expected="--target-on-bridge",
            todo="add it: the target is then reachable at the gateway of the run's own bridge as well",
        )
    return None


def make(wish: Wish, say: Say) -> Containers:
    """The backend.

    Raises:
        InputError: what the run or this machine lacks: a compose file, an engine, Compose, an image.
    """
    if wish.name == AUTO and wish.local_target:
        raise InputError(
            what="the target is not a service of the compose file",
            where="--app or --target",
            expected="neither of them",
            todo="use --stack containers with --target-on-bridge",
        )
    if wish.deployment is None:
        raise InputError(
            what="the contract has no deployment",
            where="--stack containers",
            expected="a section `deployment`",
            todo="add it",
        )
    if not wish.compose.is_file():
        raise InputError(
            what="the monitoring folder has no compose file",
            where=str(wish.compose),
            expected="a file",
            todo="add it",
        )
    return Containers(wish, wish.deployment, _images(wish, wish.deployment, say))


def _images(wish: Wish, deployment: Deployment, say: Say) -> Supply:
    """What each service runs: local, pulled, or, where containers are asked for by name, built."""
    from promproof.stack import compose, supply

    compose.compose_command()
    client = compose.engine()
    named = wish.name == NAME
    services = [*deployment.services, *([] if wish.local_target else [deployment.target.service])]
    try:
        seconds = supply.LONG_SECONDS if named else supply.SHORT_SECONDS
        found = supply.supply(client, wish.compose, services, seconds, say, build=named)
    except EvidenceError as error:
        raise InputError(
            what=f"Compose refuses the file: {error.log[-1]}",
            where=str(wish.compose),
            expected="a compose file",
            todo="mend it",
        ) from error
    finally:
        client.close()
    needed = {name for name, service in deployment.services.items() if service.component in NEEDED}
    # the target's service has no entry among the components
    lacking = [
        f"{name}: {why}"
        for name, why in found.missing.items()
        if name in needed or name not in deployment.services
    ]
    if lacking:
        raise InputError(
            what=f"an image is missing. {lacking[0]}"
            + (f"; and {', '.join(text.partition(': ')[0] for text in lacking[1:])}" if lacking[1:] else ""),
            where="--stack containers",
            expected="an image for each service",
            todo=f"without a registry, {without_a_registry()}",
        )
    return found


def slow(wish: Wish) -> str:
    """Exporters in containers, cAdvisor above all, take 100 ms and more to answer."""
    from promproof.stack import compose

    if wish.name == AUTO:
        if wish.local_target or wish.deployment is None or not wish.compose.is_file():
            return ""
        try:
            compose.compose_command()
            compose.engine().close()
        except InputError:
            return ""
    return "exporters in containers need longer for a scrape"


BACKENDS.add(NAME, Kind(NAME, 10, frozenset(Can), refusal, make, slow))
