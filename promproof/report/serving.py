"""`/metrics` with the verdicts of a run, for a Prometheus that has no textfile collector at hand.

The file is read at each scrape: behind `reports/latest` the verdicts are always those of the newest run.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from promproof.report.exposed import NAME

PATH = "/metrics"
FORM = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = 10.0
"""A client that says nothing for so long is let go."""


def told(folder: Path) -> str:
    """The metrics of a run's folder, and when they were written.

    Raises:
        OSError: they cannot be read.
    """
    path = folder / NAME
    written = path.stat().st_mtime
    head = (
        "# HELP promproof_written_timestamp_seconds When the verdicts were written.\n"
        "# TYPE promproof_written_timestamp_seconds gauge\n"
    )
    return f"{path.read_text(encoding='utf-8')}{head}promproof_written_timestamp_seconds {written:.3f}\n"


@contextmanager
def serve(folder: Path, address: tuple[str, int]) -> Iterator[int]:
    """Serve the metrics of a run's folder while the block runs; gives the port.

    Raises:
        OSError: the port is taken.
    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    kind = type("Server", (ThreadingHTTPServer,), {"address_family": family})
    with kind(address, _handler(lambda: told(folder))) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def _handler(metrics: Callable[[], str]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = SECONDS

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != PATH:
                self._answer(404, f"it is {PATH}\n")
                return
            try:
                self._answer(200, metrics())
            except OSError as error:
                self._answer(503, f"{error.strerror}: {NAME}\n")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: each scrape would be a line."""

        def _answer(self, status: int, text: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", FORM)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
