"""A shop whose monitoring page is a year old: `app.py PORT` has no metrics, `app.py PORT full` has others."""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

FULL = sys.argv[2:] == ["full"]
REGISTRY = CollectorRegistry()
CALLS = Counter(
    "api_requests_total", "Total HTTP requests", ["method", "endpoint", "status"], registry=REGISTRY
)
SECONDS = Histogram("http_request_duration_seconds", "HTTP request duration", ["endpoint"], registry=REGISTRY)
ORDERS = Counter("orders_created_total", "Total orders", registry=REGISTRY)
STOCK = Gauge("stock_items", "Items in stock", registry=REGISTRY)


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/metrics" and FULL:
            return self.answer(200, generate_latest(REGISTRY))
        begin = time.perf_counter()
        known = self.path in ("/", "/health", "/items")
        endpoint, status = (self.path, 200) if known else ("unmatched", 404)
        ORDERS.inc()
        STOCK.set(time.time() % 100)
        CALLS.labels("GET", endpoint, status).inc()
        SECONDS.labels(endpoint).observe(time.perf_counter() - begin)
        return self.answer(status, b"{}")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        pass


ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
