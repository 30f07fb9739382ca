"""A compose project as the services that somebody would deploy: looked at, restarted, taken down, brought up again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from docker.errors import DockerException

from promproof.errors import EvidenceError
from promproof.evidence.records import Service
from promproof.stack import compose, engine
from promproof.stack.journal import start_time
from promproof.stack.project import ContainerProject
from promproof.stack.protocol import ALERTMANAGER, CADVISOR, GRAFANA, NODE_EXPORTER, PROMETHEUS, Left
from promproof.stack.supply import Supply

INNER_PORTS = {PROMETHEUS: 9090, ALERTMANAGER: 9093, NODE_EXPORTER: 9100, GRAFANA: 3000, CADVISOR: 8080}
"""The port of each component in its container."""
SETTLE_SECONDS = 3.0


class ComposeServices:
    """What `Deployed` promises, for a project that is up. await_ready: returns when every component is ready."""

    def __init__(
        self,
        project: ContainerProject,
        present: Mapping[str, str],
        ports: Mapping[str, int],
        images: Supply,
        await_ready: Callable[[], None],
    ) -> None:
        self.present = present
        self.ports = ports
        self.missing = images.missing
        self._project = project
        self._image = images.images[present[NODE_EXPORTER]]
        self._await_ready = await_ready

    def services(self) -> list[Service]:
        return engine.services(self._project.client, self._project.name)

    def listeners(self) -> list[tuple[str, int]]:
        return engine.listeners(port for row in self.services() for _, port, _ in row.published)

    def usage(self) -> dict[str, tuple[float, float]]:
        return engine.usage(self._project.client, self._project.name)

    def reached_inside(self) -> dict[str, bool]:
        network = next(iter(self._addresses(PROMETHEUS)))
        targets = [(service, INNER_PORTS[component]) for component, service in self.present.items()]
        return self._reached(network, targets)

    def reached_outside(self) -> dict[str, bool]:
        client, labels = self._project.client, self._project.labels
        try:
            outside = client.networks.create(f"{self._project.name}-outside", driver="bridge", labels=labels)
            outside.reload()
            gateway = str(outside.attrs["IPAM"]["Config"][0]["Gateway"])
        except DockerException as error:
            raise EvidenceError("container engine", f"can't create a network: {error}") from error
        try:
            strangers = [
                (address, INNER_PORTS[component])
                for component in self.present
                for address in self._addresses(component).values()
            ]
            strangers += [(gateway, port) for port in self.ports.values()]
            reached = self._reached(outside.name, strangers)
            if any(reached.values()):
                # The engine sets its filters network by network: while other projects come and go, one may lag.
                time.sleep(SETTLE_SECONDS)
                reached = self._reached(outside.name, strangers)
            return reached
        finally:
            outside.remove()

    def restart(self, component: str) -> None:
        self._project.compose.run("restart", self.present[component])
        self._await_ready()

    def down(self) -> Left:
        started = {pid: start_time(pid) for row in self.services() if (pid := row.pid)}
        self._project.down()
        things = compose.contents(self._project.client, self._project.name)
        alive = [pid for pid, begun in started.items() if begun is not None and start_time(pid) == begun]
        return Left(things, len(started), alive)

    def up_again(self) -> None:
        self._project.up_again()
        self._await_ready()

    def _addresses(self, component: str) -> dict[str, str]:
        """The address of a component in each of its networks."""
        rows = {row.service: row for row in self.services()}
        addresses: dict[str, str] = rows[self.present[component]].addresses
        return addresses

    def _reached(self, network: str, targets: Iterable[tuple[str, int]]) -> dict[str, bool]:
        project = self._project
        return engine.reached(project.client, self._image, network, project.labels, targets)
