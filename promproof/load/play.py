"""Playing a session: render a request, send it, give its token back to the ledger, draw the consequences.

The one place that decides what an ending means for the ledger. It sends nothing itself and knows no Locust:
the wire, sleeping and stopping are handed in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from promproof.load.ledger import Ledger, Token
from promproof.load.models import Pause
from promproof.load.plan import Item, ReadyRequest, ReadySession, ReadyTally, Unfilled, Visit, field
from promproof.load.wire import Ending, Reply, Wire


class SetupError(Exception):
    """A pool could not be created: nothing that follows would mean anything."""


class Surprises:
    """Answers that the scenario does not expect: how often, and one example of each kind."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], tuple[int, str]] = {}
        self.latest = ""

    def add(self, method: str, endpoint: str, what: str, example: str) -> None:
        count, first = self._found.get((method, endpoint, what), (0, example))
        self._found[(method, endpoint, what)] = (count + 1, first)
        self.latest = f"{method} {endpoint}: {what} ({example})"

    def take(self, row: Mapping[str, Any]) -> None:
        """Add a row of another process's to_json."""
        key = (row["method"], row["endpoint"], row["what"])
        count, first = self._found.get(key, (0, row["example"]))
        self._found[key] = (count + row["count"], first)

    def __len__(self) -> int:
        return sum(count for count, _ in self._found.values())

    def to_json(self) -> list[dict[str, object]]:
        """One object for each kind: method, endpoint, what, count, example; sorted."""
        return [
            {"method": method, "endpoint": endpoint, "what": what, "count": count, "example": example}
            for (method, endpoint, what), (count, example) in sorted(self._found.items())
        ]


@dataclass(frozen=True)
class Player:
    """Plays sessions. halted: asked before each step; when it says True, the rest of the session is not
    played.
    """

    ledger: Ledger
    wire: Wire
    sleep: Callable[[float], None]
    halted: Callable[[], bool]
    surprises: Surprises
    failed_here: Callable[[], None] = lambda: None
    """told of every request that this machine could not send"""
    turn: Callable[[], tuple[Ledger, Wire]] | None = None
    """of several instances, whom the next request goes to; None for one"""

    def play(self, session: ReadySession, visit: Visit, due: float | None = None) -> None:
        """Run the steps in order, up to the first surprise.

        due: when the session should have begun; the felt latency of its first request counts from there.
        """
        with suppress(Unfilled):  # told when the pool was to be filled
            self._steps(session, visit, due)

    def _steps(self, session: ReadySession, visit: Visit, due: float | None) -> None:
        for step in session.steps:
            if self.halted():
                return
            if isinstance(step, Pause):
                self.sleep(step.pause)
                due = None
                continue
            for _ in range(step.repeat):
                if self.halted() or self.request(step, visit, due) is None:
                    return
                due = None

    def create(self, request: ReadyRequest, visit: Visit) -> Item:
        """Create one item of a pool: its saved variables.

        Raises:
            SetupError: the answer was not the expected one.
        """
        try:
            saved = self.request(request, visit)
        except Unfilled as error:
            raise SetupError(f"{request.method} {request.endpoint}: the pool {error} has no items") from error
        if saved is None:
            raise SetupError(self.surprises.latest)
        return saved

    def request(self, request: ReadyRequest, visit: Visit, due: float | None = None) -> Item | None:
        """Send one request and record it. Its saved variables; None when the answer was a surprise."""
        call = request.call(visit)
        leave = request.spec.leave
        ledger, wire = (self.ledger, self.wire) if self.turn is None else self.turn()
        token = ledger.open(request.label_method, request.endpoint, request.counted_user(visit), due)
        reply = wire.send(call) if leave is None else wire.leave(call, leave)
        if reply.own_failure:
            self.failed_here()
        surprise = _record(ledger, request, token, reply)
        saved: dict[str, object] = {}
        answer = _json(reply) if request.reads_answer and surprise is None else None
        for tally in request.tallies:
            surprise = _tally(ledger, tally, visit, token, reply, answer, surprise) or surprise
        if surprise is None and request.spec.save:
            try:
                for name, path in request.spec.save.items():
                    saved[name] = field(answer, path if path.startswith("$.") else f"$.{path}")
                visit.update(saved)
            except LookupError as error:
                surprise = f"answer without a field: {error.args[0]}"
        reply.report(surprise)
        if surprise is not None:
            self.surprises.add(
                call.method, request.endpoint, surprise, f"{call.path} {reply.detail}".rstrip()
            )
            return None
        return saved


def _record(ledger: Ledger, request: ReadyRequest, token: Token, reply: Reply) -> str | None:
    """Give the token back; what was surprising about the ending, or None."""
    spec = request.spec
    if reply.ending is Ending.UNSENT or spec.leave == "half-header":
        ledger.drop(token)
        return None if reply.ending is Ending.LEFT else "could not be sent"
    if not spec.counted:
        ledger.drop(token)
    elif reply.ending is Ending.LEFT:
        seen = reply.status
        if seen and seen not in request.expect:
            ledger.abandon(token, seen)
            return f"answered {seen} before the client left, expected {_either(request.expect)}"
        ledger.abandon(token, spec.status or 0, spec.floor)
        return None
    elif reply.ending is Ending.ANSWERED:
        floor = spec.floor if reply.status in request.expect else 0.0
        ledger.close(token, reply.status, max(floor, spec.body_after if reply.asked else 0.0))
    elif reply.ending is Ending.BROKEN and spec.broken is not None:
        ledger.close(token, spec.broken, spec.floor)
        return None
    else:
        ledger.close_unknown(token)
    if reply.ending is not Ending.ANSWERED:
        return f"answer {reply.ending.value}"
    if spec.broken is not None:
        return f"answered whole with {reply.status}, expected an answer that breaks off"
    if reply.status not in request.expect:
        return f"answered {reply.status}, expected {_either(request.expect)}"
    return None


def _tally(
    ledger: Ledger,
    tally: ReadyTally,
    visit: Visit,
    token: Token,
    reply: Reply,
    answer: object,
    surprise: str | None,
) -> str | None:
    """Record what the request caused. A new surprise, or None."""
    if reply.ending is Ending.UNSENT:
        return None
    if surprise is not None:
        ledger.tally_unknown(tally.name, tally.known(visit), token, tally.at_most)
        return None
    if reply.ending is Ending.ANSWERED and reply.status not in tally.statuses:
        return None
    try:
        for labels in list(tally.labels(visit, answer)):
            ledger.tally(tally.name, labels, token, tally.not_before)
    except LookupError as error:
        ledger.tally_unknown(tally.name, tally.known(visit), token, tally.at_most)
        return f"answer without a field: {error.args[0]}"
    return None


def _either(statuses: Iterable[int]) -> str:
    return " or ".join(map(str, sorted(statuses)))


def _json(reply: Reply) -> object:
    try:
        return json.loads(reply.body)
    except ValueError:
        return None
