"""What an app exposes after known requests, kept for the light tests: `python -m tests.services.record [NAME...]`."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import requests

from promproof.contract.model import load
from promproof.exposition import ACCEPT
from promproof.http import Session
from promproof.load.ledger import Ledger
from tests.services.environment import HERE, NAMES, command

SENT = [
    *[("GET", "/items", "/items")] * 6,
    *[("GET", "/items/3", "/items/{id}")] * 4,
    *[("GET", "/items/404", "/items/{id}")] * 3,
    *[("POST", "/items", "/items")] * 5,
    *[("GET", "/fail", "/fail")] * 2,
    *[("GET", "/nowhere/1", "unmatched")] * 3,
    ("GET", "/slow", "/slow"),
]
"""Method, path, route."""
SETTLE_SECONDS = 0.3


def recorded(name: str) -> dict[str, object]:
    """The exposition, when it was read (seconds), and the ledger of all that was sent before."""
    target = load(HERE / name / "contract.yaml").target
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ledger = Ledger(time.monotonic, 0.025)
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(command(name, str(port)), stderr=subprocess.DEVNULL)
    try:
        with Session(10.0) as session:
            _wait(session, ledger, url)
            for method, path, route in SENT:
                # an app that labels by path has each path as an endpoint of its own
                token = ledger.open(method, path if name == "flask_exporter" else route)
                answer = session.request(method, url + path, json={} if method == "POST" else None)
                ledger.close(token, answer.status_code, 1.5 if path == "/slow" else 0.0)
            time.sleep(SETTLE_SECONDS)
            begin = time.monotonic()
            text = session.get(url + target.metrics_path, headers={"Accept": ACCEPT}).text
            end = time.monotonic()
    finally:
        process.terminate()
        process.wait()
    kept = [line for line in text.splitlines() if not line.lstrip("# HELPTY").startswith(NOISE)]
    return {"begin": begin, "end": end, "text": "\n".join(kept) + "\n", "ledger": ledger.snapshot().to_json()}


NOISE = ("python_", "process_", "nodejs_")


def _wait(session: Session, ledger: Ledger, url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        token = ledger.open("GET", "/health")
        try:
            ledger.close(token, session.get(f"{url}/health").status_code)
        except requests.ConnectionError:
            ledger.drop(token)
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def main(names: list[str]) -> None:
    for name in names or NAMES:
        path = Path(HERE / name / "recorded.txt")
        path.write_text(json.dumps(recorded(name)) + "\n", encoding="utf-8")
        sys.stdout.write(f"{path}: {path.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
