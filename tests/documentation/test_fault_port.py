"""The examples of the page about the fault port: started as they stand, they do what the harness's client asks for."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from promproof.errors import EvidenceError
from promproof.faults.port import FaultPort
from promproof.faults.undo import UndoBook
from promproof.places import REPOSITORY
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import wait_until

pytestmark = pytest.mark.stack
PAGE = (REPOSITORY / "docs" / "fault-port.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```python (\S+)\n(.*?)```", PAGE, re.DOTALL))
SECONDS = 60.0


@contextmanager
def running(name: str, folder: Path) -> Iterator[tuple[str, str]]:
    """URLs of an example's app and of its fault port."""
    for file, text in EXAMPLES.items():
        (folder / file).write_text(text, encoding="utf-8")
    port, fault_port = allocate_ports(2)
    command = [sys.executable, name, str(port), str(fault_port), "secret"]
    process = subprocess.Popen(command, cwd=folder)
    url, faults = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{fault_port}"

    def unmet() -> str:
        assert process.poll() is None, "it has ended"
        try:
            requests.get(f"{url}/metrics", timeout=5)
            requests.get(faults, timeout=5)
        except requests.ConnectionError as error:
            return str(error)
        return ""

    try:
        wait_until(unmet, SECONDS)
        yield url, faults
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("name", ["shop.py", "plain.py"])
def test_an_example_injects_exact_shares_that_the_service_counts(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with running(name, tmp_path) as (url, faults), UndoBook() as book:
        port = FaultPort(faults, "secret", book)
        assert port.states()["clean"]
        with pytest.raises(EvidenceError, match="404"):
            port.apply("ballast", bytes=1)
        assert book.open == [], "what was refused is nothing to take back"
        port.apply("errors", rate=0.25, routes=["GET /items/{id}"], status=503)
        answers = [requests.get(f"{url}/items/{n}", timeout=5).status_code for n in range(20)]
        assert answers.count(503) == 5
        port.apply("errors", rate=0.5, routes=["GET /items/{id}"], status=500)
        answers = [requests.get(f"{url}/items/{n}", timeout=5).status_code for n in range(20)]
        assert answers.count(500) == 10
        final = port.end("errors")
        assert (final["seen"], final["injected"], final["ended"]) == (20, 10, "deleted")
        [replaced, _] = port.states()["ended"]
        assert (replaced["seen"], replaced["injected"], replaced["ended"]) == (20, 5, "replaced")
        port.apply("slow", rate=1.0, routes=["GET /items/{id}"], delay_seconds=0.2)
        assert requests.get(f"{url}/items/1", timeout=5).elapsed.total_seconds() >= 0.2
        port.heal()
        assert port.states()["clean"]
        exposed = requests.get(f"{url}/metrics", timeout=5).text
        assert 'http_requests_total{status="503"} 5.0' in exposed
        assert 'http_requests_total{status="500"} 10.0' in exposed
        with pytest.raises(EvidenceError, match="fault port"):
            FaultPort(faults, "wrong", book).states()
