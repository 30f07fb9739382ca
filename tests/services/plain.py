"""The routes of the apps in this folder, without a framework: an app says what it counts and how it shows that."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ITEM = re.compile(r"/items/(\d+)")


def answer(method: str, path: str) -> tuple[str, int]:
    """The route of a path, and the status that it is answered with."""
    item = ITEM.fullmatch(path)
    if item is not None and method == "GET":
        return "/items/{id}", 404 if int(item[1]) > 100 else 200
    known = {("GET", "/health"): 200, ("GET", "/items"): 200, ("POST", "/items"): 201, ("GET", "/fail"): 500}
    known["GET", "/slow"] = 200
    return (path, known[method, path]) if (method, path) in known else ("unmatched", 404)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve(
    counted: Callable[[str, str, int, float], None],
    shown: Callable[[], tuple[str, str]],
    opened: Callable[[int], None] = lambda change: None,
) -> None:
    """Answer on the port of the command line until the process ends.

    counted(method, route, status, seconds): a request was answered. shown(): the exposition and its content type.
    opened(1), opened(-1): a request begins, ends.
    """
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/metrics":
                with lock:
                    text, kind = shown()
                self.send(200, text, kind)
            else:
                self.work()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.work()

        def work(self) -> None:
            begin = time.monotonic()
            with lock:
                opened(1)
            route, status = answer(self.command, self.path)
            if route == "/slow":
                time.sleep(1.5)
            with lock:
                opened(-1)
                counted(self.command, route, status, time.monotonic() - begin)
            self.send(status, "{}", "application/json")

        def send(self, status: int, text: str, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *told: object) -> None:
            pass

    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
