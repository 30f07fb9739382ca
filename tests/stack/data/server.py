"""A server for tests: `server.py PORT`. Its environment tells it how to behave.

FAIL: end at once with this message. UNHEALTHY: answer this many health requests with 503 first. STUBBORN: ignore
SIGINT and SIGTERM. WORKER: leave the listening to a process of its own. METRICS: another port, opened half a second
after the first.
"""

import http.server
import os
import signal
import subprocess
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    unhealthy = int(os.environ.get("UNHEALTHY", "0"))

    def do_GET(self) -> None:
        status = 200
        if self.path == "/health" and Handler.unhealthy:
            Handler.unhealthy -= 1
            status = 503
        body = os.environ.get("GREETING", "hello").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def open_metrics(port: int) -> None:
    http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def main() -> None:
    if "FAIL" in os.environ:
        sys.exit(os.environ["FAIL"])
    if "STUBBORN" in os.environ:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    if os.environ.pop("WORKER", None):
        sys.exit(subprocess.run([sys.executable, *sys.argv], check=False).returncode)
    if "METRICS" in os.environ:
        threading.Timer(0.5, open_metrics, [int(os.environ["METRICS"])]).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    sys.stderr.write("listening\n")
    sys.stderr.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
