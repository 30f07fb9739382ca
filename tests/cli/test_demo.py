"""The demonstration: which service it takes, and that a button makes an alert fire, reach its receiver and resolve."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from promproof.cli import demo
from promproof.cli.program import main
from promproof.drills.drill import load_folder
from promproof.errors import EvidenceError
from promproof.findings.checking import Subject, Wishes, check
from promproof.findings.finding import Severity
from promproof.http import Session
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING
from promproof.run import demonstration, drills
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.stack.children import start_child
from promproof.stack.ports import allocate_ports
from tests.load.processes import wait_for

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.unit
def test_the_usual_contract_is_shown_where_it_is_there() -> None:
    found = demo.shown(DEFAULT_CONTRACT)
    assert (found.contract, found.app, found.scenario) == (DEFAULT_CONTRACT, None, None)


@pytest.mark.unit
def test_a_drafted_contract_is_shown_with_the_monitoring_folder(tmp_path: Path) -> None:
    found = demo.shown(tmp_path / "promproof" / "contract.yaml")
    assert (found.monitoring, found.app) == (DEFAULT_MONITORING, None)


@pytest.mark.unit
def test_the_shop_is_shown_where_there_is_no_contract(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(demo, "DEFAULT_CONTRACT", tmp_path / "contract.yaml")
    found = demo.shown(tmp_path / "contract.yaml")
    assert found.contract == demo.SHOP / "contract.yaml"
    assert found.app is not None


@pytest.mark.unit
def test_the_shops_set_up_has_no_findings_and_its_drills_tell_their_sides_apart() -> None:
    folder = demo.SHOP / "monitoring"
    assert check(Subject((folder,), root=folder), Wishes(Severity.WARNING)).findings == ()
    wished = Options.of(
        contract=demo.SHOP / "contract.yaml", monitoring=folder, app="x {port} {fault_port}", drill=False
    )
    drills.refuse(prepare(wished), load_folder(demo.SHOP / "drills"))


@pytest.mark.unit
def test_a_port_that_is_taken_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--web-port", "70000"]) == 4
    assert "--web-port" in capsys.readouterr().err


@pytest.mark.unit
@pytest.mark.parametrize(
    ("signalled", "told"),
    [("SIGINT", "ended by Ctrl-C"), ("", "ended by Ctrl-C"), ("SIGTERM", "ended by SIGTERM")],
)
def test_a_signal_is_how_a_demonstration_ends(signalled: str, told: str) -> None:
    def look() -> None:
        raise KeyboardInterrupt(signalled)

    said: list[str] = []
    demonstration.go_on(look, 60.0, said.append)
    assert said == [told]


@pytest.mark.unit
def test_a_demonstration_ends_when_its_time_is_over() -> None:
    said: list[str] = []
    demonstration.go_on(lambda: None, 0.0, said.append)
    assert said == ["its time is over"]


@pytest.mark.stack
def test_a_page_that_died_ends_the_demonstration_with_its_last_words(tmp_path: Path) -> None:
    child = start_child(
        [sys.executable, "-c", "print('no more'); exit(3)"], name="page", log=tmp_path / "page.log"
    )
    wait_for(lambda: not child.is_running(), "its end")
    with pytest.raises(EvidenceError, match="exit status 3") as caught:
        demo._raise_if_ended(child)
    assert caught.value.log == ("no more",)
    child.reap()


@pytest.mark.stack
@pytest.mark.whole_run
@pytest.mark.nightly
def test_a_button_makes_an_alert_fire_and_resolve(tmp_path: Path) -> None:
    (port,) = allocate_ports(1)
    command = [sys.executable, "-m", "promproof", "demo", "--web-port", str(port), "--seconds", "600"]
    output = tmp_path / "out.txt"
    with output.open("wb") as stream:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        running = subprocess.Popen(
            command, cwd=tmp_path, stdout=stream, stderr=subprocess.STDOUT, env=environment
        )

    def said(words: str) -> bool:
        return re.search(words, output.read_text(encoding="utf-8")) is not None

    try:
        wait_for(lambda: said("press a button"), "the page")
        time.sleep(10)  # clean traffic fills the window, so that the dose alone decides
        _press(port, "start")
        wait_for(lambda: said("operator <- ManyErrors firing"), "the notification")
        _press(port, "stop")
        wait_for(lambda: said("operator <- ManyErrors resolved"), "the end")
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == 0
        assert said("ended by Ctrl-C")
        assert said("the demonstration is over")
        assert not said("breaks off|judging")
    finally:
        running.kill()
        running.wait()
    assert not said("Traceback")
    shutil.rmtree(tmp_path / "reports")


def _press(port: int, action: str) -> None:
    with Session(60) as session:
        answer = session.post(
            f"http://127.0.0.1:{port}/verification/fault", data={"key": "ManyErrors-above", "action": action}
        )
        assert answer.ok, answer.text
