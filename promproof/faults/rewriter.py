"""Stands between Prometheus and a job's targets, as an HTTP proxy, and has some gauges say what it is told.

Prometheus asks the same addresses through it, so that no label of a target changes. It speaks the text format alone.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from promproof.http import Session

SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})?\s+\S+")
ACCEPT = "text/plain;version=0.0.4"
TIMEOUT_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
LEFT_OUT = ("host", "accept", "accept-encoding", "connection", "proxy-connection")


@dataclass(frozen=True)
class Told:
    """What a gauge is to say. labels: of the only series that it has then; None for the series that there are."""

    value: float
    labels: Mapping[str, str] | None = None


def rewritten(text: str, gauges: Mapping[str, Told]) -> str:
    """An exposition in which these gauges say what they are told."""
    lines = []
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        told = gauges.get(sample[1]) if sample is not None else None
        if sample is None or told is None:
            lines.append(line)
        elif told.labels is None:
            lines.append(f"{sample[1]}{sample[2] or ''} {told.value!r}")
    lines += [
        f"{name}{{{_labels(told.labels)}}} {told.value!r}"
        for name, told in gauges.items()
        if told.labels is not None
    ]
    return "".join(f"{line}\n" for line in lines)


def _labels(labels: Mapping[str, str]) -> str:
    escaped = {
        name: value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        for name, value in labels.items()
    }
    return ",".join(f'{name}="{value}"' for name, value in escaped.items())


class Rewriter:
    """Listens on a free port of 127.0.0.1 until the process ends. answered: how many scrapes have come through it."""

    def __init__(self) -> None:
        self.gauges: dict[str, Told] = {}
        self.answered = 0
        rewriter = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                rewriter._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: the run has its own account."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, name="rewriter", daemon=True).start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, asked: BaseHTTPRequestHandler) -> None:
        headers = {name: value for name, value in asked.headers.items() if name.lower() not in LEFT_OUT}
        seconds = float(asked.headers.get(TIMEOUT_HEADER) or 10.0)
        try:
            with Session(seconds) as session:
                answer = session.get(asked.path, headers={**headers, "Accept": ACCEPT})
        except requests.RequestException as error:
            self._send(asked, 502, "text/plain", str(error).encode())
            return
        body = answer.content
        if answer.ok:
            body = rewritten(answer.text, dict(self.gauges)).encode()
        self._send(asked, answer.status_code, answer.headers.get("Content-Type", ACCEPT), body)
        self.answered += answer.ok

    def _send(self, asked: BaseHTTPRequestHandler, status: int, kind: str, body: bytes) -> None:
        asked.send_response(status)
        asked.send_header("Content-Type", kind)
        asked.send_header("Content-Length", str(len(body)))
        asked.end_headers()
        asked.wfile.write(body)
