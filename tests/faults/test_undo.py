"""Taking faults back: written before they are applied, performed once, also by somebody who was not there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from promproof.cli.program import main
from promproof.errors import EvidenceError
from promproof.faults.undo import (
    CallHttp,
    EndFault,
    HttpCall,
    RunCommand,
    SendSignal,
    UndoBook,
    recover,
    run,
    send,
)
from promproof.places import REPOSITORY
from promproof.stack.journal import start_time
from promproof.stack.waiting import wait_until

pytestmark = pytest.mark.stack
SECONDS = 30.0


@contextmanager
def switch(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A server that notes what it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            asked.append(f"{self.command} {self.path} {body}".strip())
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_DELETE = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def command(path: Path, word: str) -> RunCommand:
    return RunCommand(argv=(sys.executable, "-c", f"open({str(path)!r}, 'a').write({word!r})"))


def test_undos_are_performed_once_and_the_last_fault_first(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with UndoBook(tmp_path / "book") as book:
        first, second = book.add(command(out, "1")), book.add(command(out, "2"))
        ended = book.add(command(out, "3"))
        book.done(ended)
        assert len(book.heal()) == 2
        assert book.heal() == []
        assert not book.open
        assert second > first
    assert out.read_text() == "21"
    assert not list((tmp_path / "book").glob("*.jsonl"))


def test_an_undo_that_fails_is_kept_and_told(tmp_path: Path) -> None:
    with UndoBook(tmp_path) as book:
        book.add(RunCommand(argv=(sys.executable, "-c", "raise SystemExit('not today')")))
        (told,) = book.heal()
        assert told.startswith("not taken back")
        assert book.open
    assert list(tmp_path.glob("*.jsonl"))
    done, failed = recover(tmp_path)
    assert not done
    assert "exit status 1" in failed[0]


def test_recover_leaves_a_run_that_is_alive_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with UndoBook(tmp_path / "book") as book:
        book.add(command(out, "x"))
        assert recover(tmp_path / "book") == ([], [])
        assert not out.exists()
        book.heal()


def test_a_torn_line_hides_nothing_that_stands_before_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    rows = [
        {"add": 0, "undo": command(out, "0").model_dump(mode="json")},
        {"add": 1, "undo": command(out, "1").model_dump(mode="json")},
        {"done": 0},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows) + '{"add": 2, "un'
    (tmp_path / "killed.jsonl").write_text(text)
    done, failed = recover(tmp_path)
    assert (len(done), failed) == (1, [])
    assert out.read_text() == "1"
    assert not (tmp_path / "killed.jsonl").exists()
    assert recover(tmp_path) == ([], [])


def test_a_call_that_is_answered_wrongly_is_an_error() -> None:
    with switch() as (url, asked):
        call = HttpCall(method="POST", url=f"{url}/dose/{{dose}}", body="share={dose}")
        send(call, 0.055)
        assert asked == ["POST /dose/0.055 share=0.055"]
        assert "POST" in CallHttp(call=HttpCall(url=f"{url}/off")).perform()
    with switch(500) as (url, _), pytest.raises(EvidenceError, match="answered 500, expected"):
        send(HttpCall(url=url))
    with pytest.raises(EvidenceError, match="ConnectionError"):
        send(HttpCall(url=url))


def test_a_command_gets_the_dose_and_its_failure_is_reported(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(
        (sys.executable, "-c", "import sys; open(sys.argv[1], 'w').write(sys.argv[2])", str(out), "{dose}"),
        0.25,
    )
    assert out.read_text() == "0.25"
    with pytest.raises(EvidenceError) as caught:
        run((sys.executable, "-c", "raise SystemExit('broken')"))
    assert "broken" in str(caught.value)
    with pytest.raises(EvidenceError):
        run((str(tmp_path / "nothing"),))


def test_a_stopped_process_goes_on(sleeper: subprocess.Popen[bytes]) -> None:
    started = start_time(sleeper.pid)
    assert started is not None
    sleeper.send_signal(signal.SIGSTOP)
    wait_until(lambda: _not(sleeper.pid, psutil.STATUS_STOPPED), SECONDS)
    SendSignal(pid=sleeper.pid, started=started, number="CONT").perform()
    wait_until(lambda: _not(sleeper.pid, psutil.STATUS_SLEEPING), SECONDS)


def test_a_signal_spares_a_process_that_has_the_number_now(sleeper: subprocess.Popen[bytes]) -> None:
    started = start_time(sleeper.pid)
    assert started is not None
    assert "gone" in SendSignal(pid=sleeper.pid, started=started - 1, number="KILL").perform()
    assert sleeper.poll() is None


def test_a_fault_of_a_target_that_is_gone_is_crossed_out() -> None:
    with switch() as (url, asked):
        assert "ended" in EndFault(url=url, token="t", fault="errors").perform()
        assert asked == ["DELETE /faults/errors"]
    assert "gone" in EndFault(url=url, token="t", fault="errors").perform()
    with switch(401) as (url, _), pytest.raises(EvidenceError, match="401"):
        EndFault(url=url, token="wrong", fault="errors").perform()


KILLED = """
import sys, time
from pathlib import Path
from promproof.faults.undo import HttpCall
from promproof.faults.undo import CallHttp, SendSignal, UndoBook
from promproof.stack.journal import cache_dir, start_time

url, pid = sys.argv[1], int(sys.argv[2])
with UndoBook() as book:
    book.add(CallHttp(call=HttpCall(url=url + "/off")))
    book.add(SendSignal(pid=pid, started=start_time(pid), number="CONT"))
    import os, signal
    os.kill(pid, signal.SIGSTOP)
    print("applied", flush=True)
    time.sleep(600)
"""


def test_recover_takes_the_faults_of_a_killed_run_back(
    tmp_path: Path,
    sleeper: subprocess.Popen[bytes],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with switch() as (url, asked):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, url, str(sleeper.pid)], stdout=subprocess.PIPE, env=environment
        ) as killed:
            assert killed.stdout is not None
            assert killed.stdout.readline() == b"applied\n"
            killed.kill()
        wait_until(lambda: _not(sleeper.pid, psutil.STATUS_STOPPED), SECONDS)
        assert main(["drill", "--recover"]) == 0
        assert asked == ["POST /off"]
    wait_until(lambda: _not(sleeper.pid, psutil.STATUS_SLEEPING), SECONDS)
    assert capsys.readouterr().out.count("taken back") == 2
    assert main(["drill", "--recover"]) == 0
    assert "nothing to take back" in capsys.readouterr().out


def _not(pid: int, status: str) -> str:
    now = psutil.Process(pid).status()
    return "" if now == status else f"process {pid} is {now}"
