"""A fault that ended by itself costs its own drill, and none of those beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from promproof.contract import model as contracts
from promproof.demo.shop import Faults, Handler, Port, Server
from promproof.drills import plan
from promproof.drills.drill import load_folder
from promproof.errors import EvidenceError
from promproof.evidence import records
from promproof.evidence.history import Recorder
from promproof.evidence.records import Timing
from promproof.faults import port as ports
from promproof.faults.port import FaultPort
from promproof.faults.site import Site
from promproof.faults.undo import UndoBook
from promproof.http import Session
from promproof.observe.webhook import Receiver
from promproof.places import PACKAGE
from promproof.run.clock import SystemClock
from promproof.run.conductor import Conductor, Part, Watch
from promproof.run.world import World
from promproof.stack.external import ExternalStack
from promproof.stack.protocol import Endpoints
from tests.load.processes import wait_for

pytestmark = pytest.mark.stack
TOKEN = "token-of-the-test"
DEMO = PACKAGE / "demo"
QUICK = Timing(0.05, 0.1, 0.1, 0.05, 0.05, 0.05, 0.1, scrape_timeout=0.05, fires_above=True, scale=60.0)


@dataclass(frozen=True)
class Ground:
    """A fault port that is served here, and a conductor that drives its drills."""

    url: str
    port: FaultPort
    conductor: Conductor
    history: Recorder
    said: list[str]

    def errors(self) -> dict[str, str | None]:
        """Why each drill was not driven to its end, as it was written down."""
        driven = [record.data for record in self.history.of(records.DrillDriven)]
        return {data.name: data.error for data in driven}

    def lose(self, kind: str) -> None:
        """End a fault behind the back of the one who has started it."""
        with Session(5) as session:
            session.delete(f"{self.url}/faults/{kind}", headers={"Authorization": f"Bearer {TOKEN}"})


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setattr(ports, "LEASE_SECONDS", 0.6)
    monkeypatch.setattr(plan, "LATE_SECONDS", 1.5)
    Handler.faults, Port.token = Faults(), TOKEN
    said: list[str] = []
    with Server(("127.0.0.1", 0), Port) as server, UndoBook(tmp_path / "undo") as book:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        history = Recorder(tmp_path / "history.jsonl", "test", SystemClock())
        receiver = Receiver(history.now)
        receiver.add("operator")
        port = FaultPort(url, TOKEN, book)
        site = Site(book, ExternalStack(Endpoints(url)), None, port, None, "shop", None, 0.05, url)
        watch = Watch(lambda: None, lambda name, since: False, lambda name: "inactive", lambda: 0.05)
        yield Ground(url, port, Conductor(World(site, receiver), history, watch, said.append), history, said)
        port.heal()
        receiver.close()
        history.close()
        server.shutdown()


def parts(*names: str) -> list[Part]:
    contract = contracts.load(DEMO / "contract.yaml")
    drills = [drill.plan for drill in load_folder(DEMO / "drills") if drill.plan.name in names]
    return [Part(drill, contract.alert(drill.alert), QUICK, ("operator",)) for drill in drills]


def test_a_lost_lease_ends_its_own_drill_alone(ground: Ground) -> None:
    def lose_when_raised() -> None:
        wait_for(
            lambda: [
                fault
                for fault in Handler.faults.active.values()
                if fault["rate"] == 0.07 and fault["kind"] == "slow"
            ],
            "the dose",
        )
        ground.lose("slow")

    threading.Thread(target=lose_when_raised, daemon=True).start()
    ground.conductor.run(parts("ManyErrors", "SlowAnswers"))
    errors = ground.errors()
    assert errors["ManyErrors"] is None
    assert str(errors["SlowAnswers"]).startswith(
        "fault port: a lease was lost: slow: POST /faults/slow/renew: 404"
    )
    assert any(line.startswith("SlowAnswers: given up, a lease was lost") for line in ground.said)
    assert ground.conductor.is_clean()


def test_a_lost_fault_of_nobody_breaks_the_run_off(ground: Ground) -> None:
    ground.port.lost["errors"] = "404"
    with pytest.raises(EvidenceError, match="a lease was lost: errors: 404"):
        ground.conductor.run(parts("SlowAnswers"))


def test_the_fault_port_of_the_demonstration_reads_nothing_of_whoever_has_no_token() -> None:
    Handler.faults, Port.token = Faults(), TOKEN
    server = Server(("127.0.0.1", 0), Port)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    try:
        connection.putrequest("POST", "/faults/errors")
        connection.putheader("Content-Length", str(1 << 40))
        connection.endheaders()
        assert connection.getresponse().status == 401
    finally:
        connection.close()
        server.shutdown()
        server.server_close()
