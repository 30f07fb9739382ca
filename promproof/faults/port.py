"""The target's fault port: exact doses with a lease that a thread renews.

No renewal, and the fault ends by itself: so it does when this process dies. The undo is in the book before the fault is
applied all the same.
"""

from __future__ import annotations

import threading
from typing import Any

import requests

from promproof.errors import EvidenceError
from promproof.faults.undo import EndFault, UndoBook
from promproof.http import Session, json_of, reason, shown

LEASE_SECONDS = 3.0
TIMEOUT_SECONDS = 5.0


class Refused(EvidenceError):
    """The fault port has answered, and not with 200."""


class FaultPort:
    """The fault control of one target, with a lease that is renewed until the fault is ended."""

    def __init__(self, url: str, token: str, book: UndoBook) -> None:
        self._url = url.rstrip("/")
        self._book = book
        self._session = Session(TIMEOUT_SECONDS)
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._token = token
        self._renewing: dict[str, threading.Event] = {}
        self._written: dict[str, int] = {}
        self.lost: dict[str, str] = {}
        """Kinds of faults whose lease could not be renewed, with the reason: their dose is over."""

    def apply(self, kind: str, **settings: Any) -> dict[str, Any]:
        """Start a fault, or start it anew with another dose; returns the target's word on it.

        Raises:
            EvidenceError: the fault port did not take it.
        """
        self._stop_renewing(kind)
        is_new = kind not in self._written
        if is_new:
            self._written[kind] = self._book.add(EndFault(url=self._url, token=self._token, fault=kind))
        try:
            state = self._ask("PUT", f"/faults/{kind}", {"lease_seconds": LEASE_SECONDS, **settings})
        except Refused:
            if is_new:  # nothing was started that the next run would have to take back
                self._crossed_out(kind)
            raise
        ended = threading.Event()
        self._renewing[kind] = ended
        threading.Thread(target=self._renew, args=(kind, ended), name=f"lease-{kind}", daemon=True).start()
        return state

    def end(self, kind: str) -> dict[str, Any]:
        """End a fault; returns its final counts.

        Raises:
            EvidenceError: it was not active any more, or the target does not answer.
        """
        self._stop_renewing(kind)
        state = self._ask("DELETE", f"/faults/{kind}")
        self._crossed_out(kind)
        return state

    def states(self) -> dict[str, Any]:
        """Active and ended faults as the target tells them; `clean` when none is active."""
        return self._ask("GET", "/faults")

    def forget(self, kind: str) -> None:
        """The fault died with its process: nothing is renewed, and nothing is to be taken back."""
        self._stop_renewing(kind)
        self._crossed_out(kind)

    def heal(self) -> None:
        """End every fault that this object has started; never raises."""
        for kind in {*self._renewing, *self._written}:
            try:
                self.end(kind)
            except EvidenceError:
                self._stop_renewing(kind)  # the target is gone or the lease has ended: the book decides

    def _crossed_out(self, kind: str) -> None:
        number = self._written.pop(kind, None)
        if number is not None:
            self._book.done(number)

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
                    self.lost[kind] = error.state
                return

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            answer = self._session.request(method, self._url + path, json=body)
        except requests.RequestException as error:
            raise EvidenceError(
                "fault port", f"{method} {path}: {reason(error)}", (), "look whether the target is up"
            ) from error
        if answer.status_code != 200:
            raise Refused("fault port", f"{method} {path}: {answer.status_code} {answer.text}")
        try:
            state = json_of(answer)
        except ValueError as error:
            raise EvidenceError("fault port", f"{method} {path}: {error}") from error
        if not isinstance(state, dict):
            raise EvidenceError("fault port", f"{method} {path}: answers {shown(state)}")
        return state
