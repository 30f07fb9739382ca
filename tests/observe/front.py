"""A front like those of hosted stacks: TLS with a certificate of its own, a path prefix, and a header or a password."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

PREFIX = "/behind"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody has signed, and its key."""
    made, key = folder / "front.pem", folder / "front.key"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    about = ["-subj", "/CN=front", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *kind, *about, "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return made, key


def signed(folder: Path) -> tuple[Path, tuple[Path, Path]]:
    """An authority of its own, and a certificate for 127.0.0.1 that it has signed with its key."""
    authority, key = folder / "ca.pem", folder / "ca.key"
    made, own = folder / "front.pem", folder / "front.key"
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    new = ["openssl", "req", "-x509", *kind]
    for command in (
        [*new, "-subj", "/CN=our authority", "-keyout", str(key), "-out", str(authority)],
        [
            *(*new, "-CA", str(authority), "-CAkey", str(key), "-subj", "/CN=front", "-keyout", str(own)),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"),
            *("-out", str(made)),
        ],
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    return authority, (made, own)


@contextmanager
def before(behind: str, headers: Mapping[str, str], pair: tuple[Path, Path] | None = None) -> Iterator[str]:
    """The URL of a front that lets in who shows the headers. behind: what it passes questions on to."""

    class Front(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if any(self.headers.get(name) != value for name, value in headers.items()):
                return self.answer(401, b"who are you?", "text/plain")
            if not self.path.startswith(PREFIX):
                return self.answer(404, b"not here", "text/plain")
            accept = {"Accept": self.headers.get("Accept", "*/*")}
            size = int(self.headers.get("Content-Length", 0))
            asked = requests.request(
                self.command,
                behind + self.path.removeprefix(PREFIX),
                data=self.rfile.read(size),
                timeout=30,
                headers=accept | {"Content-Type": self.headers.get("Content-Type", "text/plain")},
            )
            return self.answer(asked.status_code, asked.content, asked.headers.get("Content-Type", ""))

        do_POST = do_GET

        def answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *told: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http{'s' if pair else ''}://127.0.0.1:{server.server_address[1]}{PREFIX}"
    finally:
        server.shutdown()
        server.server_close()
