"""Before anything is sent: a target that has no metrics is told at once, one that may still answer is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from promproof.errors import EvidenceError
from promproof.evidence.history import Recorder
from promproof.observe import recording
from promproof.run.clock import SystemClock

pytestmark = pytest.mark.unit


@pytest.fixture
def history(tmp_path: Path) -> Iterator[Recorder]:
    made = Recorder(tmp_path / "history.jsonl", "by hand", SystemClock())
    yield made
    made.close()


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        ([(404, "text/plain", "not here")], "answers 404: there are no metrics to judge"),
        ([(200, "text/html", "<!DOCTYPE html><html>")], "answers with a web page and not with metrics"),
        ([(404, "text/plain", ""), (200, "text/plain", "up 1\n")], ""),
        ([(401, "text/plain", "who are you")], ""),
        ([(503, "text/plain", "starting")], ""),
    ],
    ids=["not found", "a page for people", "comes later", "asks for a password", "is busy"],
)
def test_metrics_that_cannot_come_are_the_cause_and_others_are_awaited(
    history: Recorder, monkeypatch: pytest.MonkeyPatch, answers: list[tuple[int, str, str]], cause: str
) -> None:
    # what comes is awaited for longer than the first answer takes on a busy machine
    monkeypatch.setattr(recording, "APPEARS_SECONDS", 0.05 if cause else 10.0)
    monkeypatch.setattr(recording, "ASK_AGAIN_SECONDS", 0.01)
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        if cause:
            with pytest.raises(EvidenceError, match=f"GET {url} {cause}"):
                recording.need_exposition(history, url)
        else:
            recording.need_exposition(history, url)
        server.shutdown()
