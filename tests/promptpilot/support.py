"""The API as a real process, and the other real things these tests need: databases, sockets, expositions.

Waits poll a condition against a generous deadline and say what they saw last.
"""

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import requests
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 30.0
TOKEN = "letmein"

T = TypeVar("T")


def eventually(probe: Callable[[], T], accept: Callable[[T], bool], what: str) -> T:
    """The first accepted value of `probe`."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        seen = probe()
        if accept(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {DEADLINE_SECONDS:g} s for {what}; last seen: {seen!r}")
        time.sleep(0.02)


class Exposition:
    """The samples of one scrape."""

    def __init__(self, text: str) -> None:
        self.samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
        self.families: dict[str, tuple[str, str]] = {}
        for family in text_string_to_metric_families(text):
            self.families[family.name] = (family.type, family.documentation)
            for sample in family.samples:
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self.samples, f"duplicate series {key}"
                self.samples[key] = sample.value

    def value(self, name: str, **labels: str) -> float | None:
        """None: there is no such series."""
        return self.samples.get((name, frozenset(labels.items())))

    def labelled(self, name: str) -> dict[frozenset[tuple[str, str]], float]:
        return {labels: value for (sample, labels), value in self.samples.items() if sample == name}

    def requests(self, method: str, endpoint: str, status: int) -> float | None:
        return self.value("http_requests_total", method=method, endpoint=endpoint, status=str(status))

    def moved_since(self, before: "Exposition", name: str) -> dict[frozenset[tuple[str, str]], float]:
        """By how much each series of a counter moved; those at rest are left out."""
        earlier = before.labelled(name)
        moved = {labels: value - earlier.get(labels, 0.0) for labels, value in self.labelled(name).items()}
        return {labels: more for labels, more in moved.items() if more}


class Api:
    """`python -m promptpilot` (or `code` that calls its `main`) on free ports, until `stop`."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str] | None = None, *, faults: bool = False, code: str = ""
    ) -> None:
        command = [sys.executable, *(["-c", code] if code else ["-m", "promptpilot"]), "--port", "0"]
        command += ["--fault-port", "0"] if faults else []
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PROMPTPILOT_")}
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env={**clean, "PYTHONPATH": str(ROOT), "PROMPTPILOT_FAULT_TOKEN": TOKEN, **(environ or {})},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        try:
            self.url = self._address("promptpilot listening on ")
            self.fault_url = self._address("fault control on ") if faults else ""
        except BaseException:
            self.stop()
            raise

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as stream:
            for line in stream:
                self.log.append(line.rstrip("\n"))

    def _address(self, announcement: str) -> str:
        def said() -> list[str]:
            assert self.process.poll() is None, f"the API ended: {self.log}"
            return [line for line in self.log if line.startswith(announcement)]

        return eventually(said, bool, f"the line {announcement!r}")[0].removeprefix(announcement)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    @property
    def pid(self) -> int:
        return self.process.pid

    def call(self, method: str, path: str, document: object = None, **options: Any) -> requests.Response:
        sent = encoded(document)
        sent["headers"] |= options.pop("headers", {})
        return requests.request(method, self.url + path, timeout=DEADLINE_SECONDS, **sent, **options)

    def fault(
        self, method: str, path: str, document: object = None, token: str | None = TOKEN
    ) -> requests.Response:
        sent = encoded(document)
        if token is not None:
            sent["headers"]["Authorization"] = f"Bearer {token}"
        return requests.request(method, self.fault_url + path, timeout=DEADLINE_SECONDS, **sent)

    def scrape(self) -> Exposition:
        response = self.call("GET", "/metrics")
        assert response.status_code == 200, response.text
        return Exposition(response.text)

    def at_rest(self) -> Exposition:
        """The exposition once no request is in progress."""
        return eventually(
            self.scrape,
            lambda seen: not any(seen.labelled("http_requests_in_progress").values()),
            "no request in progress",
        )

    def prompt(self, template: str = "Hello {who}") -> int:
        """The id of a new prompt."""
        response = self.call("POST", "/api/v1/prompts", {"name": "greeting", "template": template})
        assert response.status_code == 201, response.text
        return int(response.json()["id"])

    def pipeline(self, *prompt_ids: int) -> int:
        """The id of a new pipeline."""
        response = self.call("POST", "/api/v1/pipelines", {"name": "chain", "prompt_ids": prompt_ids})
        assert response.status_code == 201, response.text
        return int(response.json()["id"])

    def execute(self, prompt_id: int, **body: object) -> requests.Response:
        return self.call("POST", f"/api/v1/prompts/{prompt_id}/execute", body)

    def stop(self) -> int:
        """End it with SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"SIGTERM did not end the API: {self.log[-20:]}") from None
        finally:
            self._reader.join(DEADLINE_SECONDS)


def encoded(document: object) -> dict[str, Any]:
    """Body and headers of a JSON request. Python's own encoder: it lets a NaN through."""
    if document is None:
        return {"headers": {}}
    return {"data": json.dumps(document), "headers": {"Content-Type": "application/json"}}


def raw_request(method: str, path: str, document: object = None) -> bytes:
    """A whole HTTP/1.1 request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: api\r\n"
    if document is None:
        return (head + "\r\n").encode()
    body = json.dumps(document).encode()
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def send_and_leave(port: int, data: bytes, *, reset: bool) -> None:
    """Send bytes and close the connection at once: in order, or with a reset."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS) as connection:
        connection.sendall(data)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
