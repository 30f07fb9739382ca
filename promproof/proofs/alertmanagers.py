"""A real Alertmanager with the routes and inhibitions of a file, without anything that it could tell: it only answers.

It listens on 127.0.0.1, has no peers, and its receivers have no integration.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from promproof.errors import EvidenceError
from promproof.stack.children import log_tail, start_child
from promproof.stack.waiting import loopback_session, unmet_http, wait_until

START_SECONDS = 20.0
SECONDS = 10.0
"""For a request."""
KEPT = ("route", "inhibit_rules", "mute_time_intervals", "time_intervals")
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What Alertmanager says of one alert."""

    receivers: frozenset[str]
    is_inhibited: bool


@dataclass(frozen=True)
class Alertmanager:
    """One that runs. url: of its API."""

    url: str

    def send(self, alerts: Sequence[Labels], *, are_over: bool = False) -> None:
        """Make alerts fire, or end them.

        Raises:
            EvidenceError: it refuses them.
        """
        now = datetime.now(UTC)
        end = now - timedelta(seconds=1) if are_over else now + timedelta(hours=1)
        begin = now - timedelta(minutes=5)
        rows = [
            {"labels": dict(labels), "startsAt": begin.isoformat(), "endsAt": end.isoformat()}
            for labels in alerts
        ]
        with loopback_session() as session:
            answer = session.post(f"{self.url}/alerts", json=rows, timeout=SECONDS)
        if not answer.ok:
            raise EvidenceError("alertmanager", f"refused alerts: {answer.text[:200].strip()}")

    def alerts(self) -> dict[frozenset[tuple[str, str]], Answer]:
        """All alerts that fire, by their labels."""
        return {
            frozenset(row["labels"].items()): Answer(
                frozenset(receiver["name"] for receiver in row["receivers"]),
                bool(row["status"]["inhibitedBy"]),
            )
            for row in self._get("alerts")
        }

    def groups(self) -> list[tuple[str, frozenset[frozenset[tuple[str, str]]]]]:
        """The receiver of each group, and the labels of its alerts."""
        return [
            (row["receiver"]["name"], frozenset(frozenset(a["labels"].items()) for a in row["alerts"]))
            for row in self._get("alerts/groups")
        ]

    def _get(self, what: str) -> list[dict[str, Any]]:
        with loopback_session() as session:
            answer = session.get(f"{self.url}/{what}", timeout=SECONDS)
        found: list[dict[str, Any]] = answer.json()
        return found


@contextmanager
def running(program: Path, configuration: Mapping[str, Any]) -> Iterator[Alertmanager]:
    """An Alertmanager with the routes of this file, until the block ends.

    Raises:
        EvidenceError: it does not start; with its last words.
    """
    with TemporaryDirectory(prefix="routes-") as name:
        folder = Path(name)
        file = folder / "alertmanager.json"
        file.write_text(json.dumps(silenced(configuration)), encoding="utf-8")
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            port = held.getsockname()[1]
        command = [
            str(program),
            f"--config.file={file}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        log = folder / "alertmanager.log"
        child = start_child(command, name="alertmanager", log=log, cwd=program.parent)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: unmet_http(f"{url}/-/ready") if child.is_running() else "", START_SECONDS)
            if not child.is_running():
                raise EvidenceError("alertmanager", "ended at once", log_tail(log, 5), "correct its file")
            yield Alertmanager(f"{url}/api/v2")
        except TimeoutError as error:
            raise EvidenceError("alertmanager", str(error), log_tail(log, 5)) from error
        finally:
            child.kill()


def silenced(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """The same routes, with receivers that tell nobody and no file that would have to be there."""
    receivers = [
        {"name": receiver.get("name")}
        for receiver in configuration.get("receivers") or ()
        if isinstance(receiver, Mapping)
    ]
    return {**{key: configuration[key] for key in KEPT if configuration.get(key)}, "receivers": receivers}
