"""Applying faults through the target's fault port, and taking them back whatever happens.

The undo is written to disk before the fault is applied. A lease that a thread renews ends the fault by itself when
this process dies; the file is what `recover` finds when even that was not enough.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import requests

from verification.errors import EvidenceError

LEASE_SECONDS = 3.0
TIMEOUT_SECONDS = 5.0


class FaultPort:
    """The fault control of one target, with a lease that is renewed until the fault is ended."""

    def __init__(self, url: str, token: str, undo: Path) -> None:
        self._url = url.rstrip("/")
        self._undo = undo
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._token = token
        self._lock = threading.Lock()
        self._renewing: dict[str, threading.Event] = {}
        self.lost: list[str] = []
        """Faults whose lease could not be renewed: the dose is no longer what the drill says."""

    def apply(self, kind: str, **settings: Any) -> dict[str, Any]:
        """Start a fault, or start it anew with another dose; returns the target's word on it.

        Raises:
            EvidenceError: the fault port did not take it.
        """
        self._stop_renewing(kind)
        with self._lock:
            kinds = {*_undo_kinds(self._undo), kind}
            self._undo.write_text(
                json.dumps({"url": self._url, "token": self._token, "kinds": sorted(kinds)})
            )
        state = self._ask("PUT", f"/faults/{kind}", {"lease_seconds": LEASE_SECONDS, **settings})
        ended = threading.Event()
        self._renewing[kind] = ended
        threading.Thread(target=self._renew, args=(kind, ended), name=f"lease-{kind}", daemon=True).start()
        return state

    def end(self, kind: str) -> dict[str, Any]:
        """End a fault; returns its final counts."""
        self._stop_renewing(kind)
        state = self._ask("DELETE", f"/faults/{kind}")
        with self._lock:
            kinds = sorted({*_undo_kinds(self._undo)} - {kind})
            if kinds:
                self._undo.write_text(json.dumps({"url": self._url, "token": self._token, "kinds": kinds}))
            else:
                self._undo.unlink(missing_ok=True)
        return state

    def states(self) -> dict[str, Any]:
        """Active and ended faults as the target tells them; `clean` when none is active."""
        return self._ask("GET", "/faults")

    def heal(self) -> None:
        """End every fault that this object or its undo file knows of; never raises."""
        for kind in {*self._renewing, *_undo_kinds(self._undo)}:
            try:
                self.end(kind)
            except EvidenceError:
                self._stop_renewing(kind)  # the target is gone or the lease has ended: nothing to take back
        self._undo.unlink(missing_ok=True)

    def _stop_renewing(self, kind: str) -> None:
        ended = self._renewing.pop(kind, None)
        if ended is not None:
            ended.set()

    def _renew(self, kind: str, ended: threading.Event) -> None:
        while not ended.wait(LEASE_SECONDS / 3):
            try:
                self._ask("POST", f"/faults/{kind}/renew")
            except EvidenceError as error:
                if not ended.is_set():
                    self.lost.append(f"{kind}: {error.state}")
                return

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._session.request(method, self._url + path, json=body, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise EvidenceError(
                "fault port", f"{method} {path}: {error}", (), "look whether the target is up"
            ) from error
        if answer.status_code != 200:
            raise EvidenceError("fault port", f"{method} {path}: {answer.status_code} {answer.text}")
        return dict(answer.json())


def recover(undo: Path) -> list[str]:
    """End the faults that a killed run left behind; returns what was ended. A missing file means nothing to do."""
    try:
        left = json.loads(undo.read_text())
    except (OSError, ValueError):
        return []
    port = FaultPort(left["url"], left["token"], undo)
    kinds = list(left["kinds"])
    port.heal()
    return kinds


def _undo_kinds(undo: Path) -> list[str]:
    try:
        return list(json.loads(undo.read_text())["kinds"])
    except (OSError, ValueError, KeyError):
        return []
