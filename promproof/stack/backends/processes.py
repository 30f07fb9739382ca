"""Prometheus, Alertmanager and Node Exporter as child processes on loopback: what works everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from promproof.errors import InputError
from promproof.render.monitoring import Rendered
from promproof.stack.backend import Site, WantedApp, WantedStack
from promproof.stack.choice import BACKENDS, Can, Kind, Wish
from promproof.stack.ports import allocate_ports, preferring
from promproof.stack.processes import Ports, ProcessStack
from promproof.stack.protocol import ALERTMANAGER, NODE_EXPORTER, PROMETHEUS, App, Say, Stack

NAME = "processes"
_NAMES = (PROMETHEUS, ALERTMANAGER, NODE_EXPORTER)
_USUAL_PORTS = (9090, 9093, 9100)


class Processes:
    """The backend; its programs are children of the run."""

    name = NAME
    since = "it works everywhere"
    readers = False
    local = True

    def __init__(self, usual_ports: bool = False) -> None:
        self._site: Site | None = None
        self._allocate = preferring(*_USUAL_PORTS) if usual_ports else allocate_ports

    @contextmanager
    def open(self, site: Site) -> Iterator[None]:
        self._site = site
        yield

    def app(self, wanted: WantedApp) -> App | None:
        return None

    def gateway(self) -> str | None:
        return None

    def stack(self, wanted: WantedStack) -> Stack:
        site = self._site
        assert site is not None, "the backend has not been opened"

        def configure(ports: Ports) -> Rendered:
            rendered = wanted.configure({name: ports.address(name) for name in _NAMES})
            found = wanted.binaries
            alertmanager = f", Alertmanager {found.alertmanager.version}"
            middle = alertmanager if rendered.alertmanager_config is not None else ""
            site.say(f"starting Prometheus {found.prometheus.version}{middle} and Node Exporter as processes")
            return rendered

        return ProcessStack(
            wanted.binaries,
            configure,
            site.folder / "stack",
            wanted.scale,
            site.journal,
            node_exporter_procfs=wanted.procfs,
            allocate=self._allocate,
        )


def refusal(wish: Wish) -> InputError | None:
    """Why processes do not go with the other options."""
    if wish.running is not None:
        return InputError(
            what="--stack processes brings up a Prometheus of its own",
            where="command line",
            expected="no --prometheus",
            todo="leave it out, or use --stack external",
        )
    return None


def make(wish: Wish, say: Say) -> Processes:
    """The backend."""
    return Processes(wish.usual_ports)


BACKENDS.add(NAME, Kind(NAME, 20, frozenset(Can), refusal, make))
