"""Something in front of several instances: `balancer.py PORT URL URL` asks them in turn and tells nobody which."""

from __future__ import annotations

import http.client
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from urllib.parse import urlsplit

turns = cycle([urlsplit(url).netloc for url in sys.argv[2:]])
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with lock:
            instance = next(turns)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = http.client.HTTPConnection(instance, timeout=10)
        asked.request(self.command, self.path, body)
        answer = asked.getresponse()
        text = answer.read()
        asked.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_GET

    def log_message(self, *told: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
