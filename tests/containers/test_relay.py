"""A target on this machine and Prometheus in a container: by the gateway of the run's bridge, only when asked."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from promproof.errors import InputError
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.stack import engine
from promproof.stack.journal import Journal
from promproof.stack.project import ContainerProject
from promproof.stack.relay import Relay
from promproof.stack.waiting import loopback_session
from tests.containers.bench import MONITORING, images


class Page(BaseHTTPRequestHandler):
    """Answers every GET with a body of a known length."""

    body = b"x" * 200_000

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def page() -> Any:
    """A server on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address
    server.shutdown()
    server.server_close()


@pytest.mark.stack
def test_a_relay_passes_every_byte_and_ends_with_its_use(page: tuple[str, int]) -> None:
    with Relay("127.0.0.1", page) as relay, loopback_session() as session:
        for _ in range(5):
            assert session.get(f"http://{relay.address}/", timeout=5).content == Page.body
    with loopback_session() as session, pytest.raises(requests.ConnectionError):
        session.get(f"http://{relay.address}/", timeout=5)


@pytest.mark.unit
@pytest.mark.parametrize("host", ["", "0.0.0.0", "::"])
def test_a_relay_on_all_addresses_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="every address"):
        Relay(host, ("127.0.0.1", 1))


@pytest.mark.containers
def test_a_container_reaches_loopback_only_with_the_relay(
    client: Any, journal: Journal, tmp_path: Path, page: tuple[str, int]
) -> None:
    with ContainerProject(MONITORING / "docker-compose.yml", tmp_path / "stack", journal) as project:
        gateway = project.gateway()
        network = f"{project.name}_monitoring"
        image = images("node-exporter").images["node-exporter"]
        direct = [(gateway, page[1])]
        assert engine.reached(client, image, network, project.labels, direct) == {
            f"{gateway}:{page[1]}": False
        }
        with Relay(gateway, page) as relay:
            host, _, port = relay.address.partition(":")
            reached = engine.reached(client, image, network, project.labels, [(host, int(port))])
            assert reached == {relay.address: True}


@pytest.mark.unit
def test_containers_take_a_target_on_this_machine_only_when_asked() -> None:
    with pytest.raises(InputError, match=r"does not reach 127\.0\.0\.1 of this machine") as refused:
        prepare(Options.of(stack="containers", app="my-api --port {port}"))
    assert "--target-on-bridge" in str(refused.value)
