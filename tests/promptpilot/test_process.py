"""The process: starting, refusing to start, and ending."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.promptpilot.conftest import StartApi
from tests.promptpilot.support import DEADLINE_SECONDS, ROOT, Api, eventually

pytestmark = [pytest.mark.stack, pytest.mark.takes(1)]


def refused(folder: Path, *arguments: str, **environ: str) -> tuple[int, str]:
    """Exit status and message of an API that does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "promptpilot", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_a_bad_setting_is_refused_with_status_4_and_leaves_no_file(tmp_path: Path) -> None:
    status, message = refused(tmp_path, "--port", "0", PROMPTPILOT_SERIES_LIMIT="many")
    assert status == 4
    assert message == (
        "promptpilot: PROMPTPILOT_SERIES_LIMIT is 'many'; expected a whole number from 0 to 1000000\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_option_is_refused_with_status_4(tmp_path: Path) -> None:
    status, message = refused(tmp_path, "--prot", "0")
    assert status == 4
    assert "unrecognized arguments: --prot" in message


@pytest.mark.parametrize("option", ["--port", "--fault-port"])
def test_a_taken_port_is_refused_in_one_line(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        arguments = ["--port", "0", option, str(port)] if option == "--fault-port" else [option, str(port)]
        status, message = refused(tmp_path, *arguments, PROMPTPILOT_FAULT_TOKEN="t")
    assert (status, message) == (
        4,
        f"promptpilot: cannot listen on 127.0.0.1:{port}: Address already in use\n",
    )


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("sqlite:////nowhere/at/all/x.db", "unable to open database file"),
        ("postgresql://me:geheim@127.0.0.1:9/x", "onnection"),
    ],
)
def test_a_database_that_cannot_be_opened_is_refused_without_its_password(
    tmp_path: Path, url: str, reason: str
) -> None:
    status, message = refused(tmp_path, "--port", "0", PROMPTPILOT_DATABASE_URL=url)
    assert status == 4
    assert reason in message
    assert "geheim" not in message
    assert message.count("\n") == 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.nightly)])
def test_a_signal_ends_the_api_with_status_0_and_no_error(
    start_api: StartApi, signum: signal.Signals
) -> None:
    api = start_api(faults=True)
    api.prompt()
    api.process.send_signal(signum)
    assert api.process.wait(DEADLINE_SECONDS) == 0
    assert [line for line in api.log if "rror" in line or "Traceback" in line] == []


def test_a_request_under_way_is_answered_before_the_end(start_api: StartApi) -> None:
    api = start_api()
    prompt = api.prompt()
    answers: list[int] = []

    def ask() -> None:
        answers.append(api.execute(prompt, simulate={"latency_seconds": 1.0}).status_code)

    client = threading.Thread(target=ask)
    client.start()
    eventually(lambda: in_progress(api), lambda parked: parked == 1, "the request to be under way")
    assert api.stop() == 0
    client.join()
    assert answers == [200]


def in_progress(api: Api) -> float:
    return sum(api.scrape().labelled("http_requests_in_progress").values())


def test_a_parked_request_does_not_hold_up_the_end(start_api: StartApi) -> None:
    api = start_api()
    prompt = api.prompt()
    answers: list[int] = []

    def ask() -> None:
        answers.append(api.execute(prompt, simulate={"latency_seconds": 300.0}).status_code)

    client = threading.Thread(target=ask)
    client.start()
    eventually(lambda: in_progress(api), lambda parked: parked == 1, "the request to be parked")
    assert api.stop() == 0  # long before the 300 s
    client.join()
    assert answers == [500]


def test_fault_control_is_absent_unless_asked_for(start_api: StartApi) -> None:
    api = start_api()
    assert api.call("GET", "/faults").status_code == 404
    listening = Path(f"/proc/{api.pid}/net/tcp").read_text().splitlines()
    inodes = {os.readlink(path) for path in Path(f"/proc/{api.pid}/fd").iterdir() if path.is_symlink()}
    own = [line.split() for line in listening if f"socket:[{line.split()[9]}]" in inodes]
    assert [fields[1] for fields in own if fields[3] == "0A"] == [f"0100007F:{api.port:04X}"]


def test_requests_write_nothing_to_the_log(start_api: StartApi) -> None:
    api = start_api()
    api.call("GET", "/health")
    api.call("GET", "/nowhere")
    api.execute(api.prompt(), simulate={"outcome": "crash"})
    assert api.stop() == 0
    assert api.log == [f"promptpilot listening on {api.url}"]
