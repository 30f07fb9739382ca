"""A service that has nothing to do with PromptPilot: other names, other labels, another framework. `shop.py PORT`."""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
CALLS = Counter("shop_calls_total", "Calls", ("verb", "route", "code"), registry=REGISTRY)
SECONDS = Histogram(
    "shop_call_seconds", "Duration", ("verb", "route"), registry=REGISTRY, buckets=(0.01, 0.1, 1)
)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        started = time.monotonic()
        if self.path == "/stats":
            self.answer(200, generate_latest(REGISTRY))
            return
        routes = {"/": "/", "/alive": "/alive"}
        route = "/items/{id}" if self.path.startswith("/items/") else routes.get(self.path, "other")
        code = 404 if route == "other" else 200
        if route == "/items/{id}":
            time.sleep(0.02)
        SECONDS.labels("GET", route).observe(time.monotonic() - started)
        CALLS.labels("GET", route, str(code)).inc()
        self.answer(code, b"ok")

    def answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


if __name__ == "__main__":
    sys.stderr.write(f"{sys.argv} {os.environ.get('SHOP_PASSWORD')}\n")  # a service that says too much
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.daemon_threads = True
    server.serve_forever()
