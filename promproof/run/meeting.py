"""The requests that meet an outage: begun before it, sent meanwhile, or following it.

They are a scenario's, played in this process: there are few. Its background sessions begin before the outage and are
under way when it comes; those that are alone follow when it is over; all others meet it.
"""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread

import requests

from promproof.errors import InputError
from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView
from promproof.http import Session
from promproof.load import scenario as scenarios
from promproof.load.ledger import Ledger
from promproof.load.models import Once, Scenario, Step
from promproof.load.plan import Plan, ReadySession
from promproof.load.play import Player, Surprises
from promproof.load.wire import Call, Ending, Leave, Reply, Wire

BEGUN_SECONDS = 0.2
"""after which a target has taken in what was begun"""
JOIN_SECONDS = 30.0


def load(path: Path) -> Scenario:
    """The scenario of an outage.

    Raises:
        InputError: it is none, or needs a client that leaves, or one that sends for a while.
    """
    scenario = scenarios.load(path)
    steps = [step for session in scenario.once for step in session.steps if isinstance(step, Step)]
    if scenario.mix or any(
        step.leave or step.body_after or step.chunked or step.http != "1.1" for step in steps
    ):
        raise InputError(
            what="a scenario with a mix, or with leave, body_after, chunked or http",
            where=str(path),
            expected="once sessions of plain requests",
            todo="leave them out: an outage lasts for a few scrapes only",
        )
    return scenario


class PlainWire:
    """Sends calls one by one, each on a connection of its own, at most once."""

    def __init__(self, base: str, timeout: float = JOIN_SECONDS) -> None:
        self._base = base
        self._timeout = timeout

    def send(self, call: Call) -> Reply:
        """Send a call and read the whole answer."""
        options = {"data": call.body, "headers": call.headers, "allow_redirects": False}
        try:
            with Session(self._timeout) as session:
                answer = session.request(call.method, self._base + call.path, **options)
        except requests.exceptions.ChunkedEncodingError as error:
            return Reply(Ending.BROKEN, detail=str(error))
        except requests.RequestException as error:
            refused = "NewConnectionError" in repr(error)
            return Reply(Ending.UNSENT if refused else Ending.LOST, detail=str(error))
        return Reply(Ending.ANSWERED, answer.status_code, answer.content)

    def leave(self, call: Call, how: Leave) -> Reply:
        """No scenario of an outage has it."""
        raise ValueError(f"{call.method} {call.path}: {how}")


class Meeting:
    """One playing of such a scenario."""

    def __init__(self, scenario: Scenario, wire: Wire, bin_seconds: float) -> None:
        self._plan = Plan(scenario)
        self._wire = wire
        self._bin_seconds = bin_seconds
        self._ledgers: list[Ledger] = []
        self._under_way: list[Thread] = []
        self._surprises = Surprises()

    def begin(self) -> None:
        """Fill the pools, and begin what is to be under way when the outage comes.

        Raises:
            SetupError: a pool can't be filled.
        """
        player = self._player()
        for name, pool in self._plan.scenario.pools.items():
            request = self._plan.creates[name]
            self._plan.items[name] = [player.create(request, self._plan.visit()) for _ in range(pool.count)]
        for spec, session in self._sessions():
            if spec.background:
                self._under_way += [
                    Thread(target=self._play, args=(session,), daemon=True) for _ in range(spec.times)
                ]
        for thread in self._under_way:
            thread.start()
        time.sleep(BEGUN_SECONDS if self._under_way else 0.0)

    def meet(self) -> None:
        """Send what meets the outage."""
        for spec, session in self._sessions():
            if not spec.background and not spec.alone:
                self._repeat(spec, session)

    def end(self) -> None:
        """Wait for what was under way."""
        for thread in self._under_way:
            thread.join(JOIN_SECONDS)

    def follow(self) -> None:
        """Send what follows the outage."""
        for spec, session in self._sessions():
            if spec.alone:
                self._repeat(spec, session)

    def sent(self) -> LedgerView:
        """What was sent."""
        return merge([ledger.snapshot() for ledger in self._ledgers])

    @property
    def surprises(self) -> tuple[str, ...]:
        """Answers that the scenario does not expect."""
        return tuple(
            f"{row['count']} x {row['method']} {row['endpoint']}: {row['what']}"
            for row in self._surprises.to_json()
        )

    def _sessions(self) -> list[tuple[Once, ReadySession]]:
        return list(zip(self._plan.scenario.once, self._plan.once, strict=True))

    def _repeat(self, spec: Once, session: ReadySession) -> None:
        for _ in range(spec.times):
            self._play(session)

    def _play(self, session: ReadySession) -> None:
        self._player().play(session, self._plan.visit(session))

    def _player(self) -> Player:
        ledger = Ledger(time.monotonic, self._bin_seconds)
        self._ledgers.append(ledger)
        return Player(ledger, self._wire, time.sleep, lambda: False, self._surprises)
