"""A small shop that counts its requests, and fails as many as its fault port is told to. It knows nothing of promproof.

python shop.py PORT FAULT_PORT TOKEN
"""

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import Counter, Histogram, generate_latest

REQUESTS = Counter("shop_requests_total", "Requests that were answered", ["method", "route", "status"])
SECONDS = Histogram(
    "shop_request_duration_seconds",
    "Time to answer a request",
    ["route"],
    buckets=(0.01, 0.1, 0.5, 1, 1.5, 5),
)
ITEMS = {"1": "tea", "2": "milk", "3": "bread"}
HOST = "127.0.0.1"


class Faults:
    """What is to go wrong: an exact share of each route's requests, until it is ended or nobody renews it."""

    def __init__(self) -> None:
        self.active: dict[str, dict[str, Any]] = {}
        self.ended: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def hit(self, request: str) -> Iterator[dict[str, Any]]:
        """The faults that this request is one of. request: method and path."""
        with self._lock:
            self._expire()
            return iter([fault for fault in self.active.values() if _is_hit(fault, request)])

    def told(self, method: str, words: list[str], given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The answer of the fault port. words: of the path, below /faults."""
        with self._lock:
            self._expire()
            if not words:
                return 200, {
                    "clean": not self.active,
                    "active": [*self.active.values()],
                    "ended": self.ended[-100:],
                }
            kind = words[0]
            if method == "PUT":
                self._start(kind, given)
            elif kind not in self.active:
                return 404, {"detail": f"no fault of kind {kind} is active"}
            elif method == "DELETE":
                return 200, self._end(kind, "deleted")
            else:
                self.active[kind]["until"] = time.monotonic() + self.active[kind]["lease_seconds"]
            return 200, self.active[kind]

    def _start(self, kind: str, given: dict[str, Any]) -> None:
        if kind in self.active:
            self._end(kind, "replaced")
        started = {
            "kind": kind,
            "seen": 0,
            "injected": 0,
            "filled": 0.0,
            "ended": None,
            "status": 500,
            **given,
        }
        started["routes"] = dict.fromkeys(given["routes"], given["rate"])
        started["until"] = time.monotonic() + given["lease_seconds"]
        self.active[kind] = started

    def _end(self, kind: str, why: str) -> dict[str, Any]:
        fault = {**self.active.pop(kind), "ended": why}
        self.ended.append(fault)
        return fault

    def _expire(self) -> None:
        now = time.monotonic()
        for kind in [kind for kind, fault in self.active.items() if now > fault["until"]]:
            self._end(kind, "lease")


def _is_hit(fault: dict[str, Any], request: str) -> bool:
    for route, share in fault["routes"].items():
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", route), request):
            fault["seen"] += 1
            fault["filled"] += share  # error diffusion: of any n requests n x share, one more or less
            hit: bool = fault["filled"] >= 1 - 1e-9
            fault["filled"] -= hit
            fault["injected"] += hit
            return hit
    return False


class Handler(BaseHTTPRequestHandler):
    """Answers with JSON and keeps its connections."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    faults: Faults

    def reply(self, status: int, body: Any) -> None:
        """Send an answer. body: what is sent as JSON; bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words: Any) -> None:
        """Nothing: a line for each request is in nobody's interest."""


class Shop(Handler):
    """The service itself."""

    def do_GET(self) -> None:
        if self.path == "/metrics":
            return self.reply(200, generate_latest())
        began = time.perf_counter()
        route, status, body = self._routed()
        for fault in self.faults.hit(f"GET {self.path}"):
            if fault["kind"] == "slow":
                time.sleep(fault["delay_seconds"])
            else:
                status, body = fault["status"], {"detail": "injected"}
        SECONDS.labels(route).observe(time.perf_counter() - began)
        REQUESTS.labels("GET", route, status).inc()
        return self.reply(status, body)

    def _routed(self) -> tuple[str, int, Any]:
        if self.path == "/items":
            return "/items", 200, [{"id": number} for number in ITEMS]
        name = ITEMS.get(self.path.removeprefix("/items/"))
        if name is not None:
            return "/items/{id}", 200, {"name": name}
        if self.path == "/health":
            return "/health", 200, {"status": "ok"}
        return "other", 404, {}


class Port(Handler):
    """The fault port."""

    token: str

    def _asked(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {self.token}":
            self.close_connection = True  # nothing is read of a stranger, a page of another site say
            return self.reply(401, {"detail": "the token is missing"})
        length = int(self.headers.get("Content-Length") or 0)
        given = json.loads(self.rfile.read(length) or b"{}")
        return self.reply(*self.faults.told(self.command, self.path.split("/")[2:], given))

    do_GET = do_PUT = do_POST = do_DELETE = _asked


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 128
    daemon_threads = True


def main(port: int, fault_port: int, token: str) -> None:
    """Serve until somebody ends the process."""
    Handler.faults, Port.token = Faults(), token
    for route in (
        "/items",
        "/items/{id}",
        "/health",
    ):  # at 0 from the start: an alert sees the first error, too
        for status in (200, 500):
            REQUESTS.labels("GET", route, status)
    threading.Thread(target=Server((HOST, fault_port), Port).serve_forever, daemon=True).start()
    Server((HOST, port), Shop).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
