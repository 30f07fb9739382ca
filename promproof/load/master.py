"""The master's side of a run that several processes share: it sends no request; it shares out, gathers and decides.

The workers' ledgers are sums of integers, so the merged file equals that of one process exactly. A worker that dies
takes with it what it recorded since its last report: those requests may or may not have been sent. They are written
as *presumed*, with unknown fate, so that every count that they can touch becomes an interval; and the run is invalid.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.event import Event

from promproof.evidence.ledgerfile import LedgerWriter
from promproof.evidence.sums import ViewSum
from promproof.evidence.view import LedgerView
from promproof.load import team
from promproof.load.arrivals import NAP_SECONDS
from promproof.load.ledger import Ledger
from promproof.load.models import Scenario
from promproof.load.plan import Plan, Readied, ReadySession, Share, Visit
from promproof.load.play import Surprises
from promproof.load.punctuality import Generator, excesses, together
from promproof.load.team import BEAT, GO, HALT, SHARE, WATCHDOG_SECONDS, boot_id

log = logging.getLogger(__name__)

LEAD_SECONDS = 0.5
"""between the word to go and the first arrival, so that every worker has heard it"""
SILENT_SECONDS = 10.0
"""a worker that has sent nothing for so long is lost. It reports twice a second, but on a busy machine a process can
wait for some seconds, and a loss ends the run"""
LATEST_START_SECONDS = 60.0
"""within which all workers must have got ready"""

FINISH_SECONDS = 30.0
"""beyond the drain and a worker's silence, for the last line of the ledger"""

Send = Callable[[str, dict[str, Any], str | None], None]


@dataclass
class Member:
    """What the master knows of one worker. under_way: its sessions in progress, by the name of the session."""

    node: str
    share: Share
    heard: float
    waiting: bool = False
    reported: float = 0.0
    requests: int = 0
    arrived: int = 0
    under_way: Mapping[str, int] = field(default_factory=dict)
    final: Mapping[str, Any] | None = None
    lost: bool = False

    @property
    def over(self) -> bool:
        return self.lost or self.final is not None


class Gathered:
    """What the workers have sent, as a source for the ledger's file."""

    def __init__(self, bin_seconds: float) -> None:
        self.bin_seconds = bin_seconds
        self._new = ViewSum(bin_seconds)
        self._open = 0

    def add(self, view: LedgerView) -> None:
        self._new.add(view)
        self._open += sum(view.open.values())

    def drain(self) -> LedgerView:
        view, self._new = self._new.view(), ViewSum(self.bin_seconds)
        return view

    def open_requests(self) -> int:
        return self._open


class MasterRun:
    """Conducts a run of several workers; has the face of a LoadRun for whoever ends it."""

    def __init__(
        self,
        scenario: Scenario,
        of: int,
        gathered: Gathered,
        writer: LedgerWriter | None,
        send: Send,
        quit: Callable[[], None],
    ) -> None:
        self.scenario = scenario
        self.problems: list[str] = []
        self.surprises = Surprises()
        self.setup_failed = False
        self.generator = Generator()
        self.members: dict[str, Member] = {}
        self._of = of
        self._gathered = gathered
        self._writer = writer
        self._send = send
        self._quit = quit
        self._begin: float | None = None
        self._readied: Readied | None = None
        self._born = time.monotonic()
        self._halted: float | None = None
        self._finishing = self._ended = False
        self._finished = Event()
        self._beat = gevent.spawn(self._work)

    # messages

    def receive(self, kind: str, node: str, data: dict[str, Any]) -> None:
        """A message of a worker."""
        member = self._member(node)
        if member is None or member.lost:
            return  # a worker that is too many, or that was given up: what it sends late is presumed already
        member.heard = time.monotonic()
        match kind:
            case team.HELLO:
                share = {"index": member.share.index, "of": member.share.of}
                self._send(SHARE, {**share, "boot": boot_id(), "now": time.monotonic()}, node)
            case team.WAITING:
                self._waits(member, data)
            case team.INCREMENT:
                self._increment(member, data)
            case team.PULSE:
                self._written(lambda writer: writer.sample(worker=member.share.index, **data))
            case team.FINAL:
                self._final(member, data)

    def _member(self, node: str) -> Member | None:
        if node not in self.members and len(self.members) < self._of:
            share = Share(len(self.members), self._of)
            self.members[node] = Member(node, share, time.monotonic())
        return self.members.get(node)

    def _waits(self, member: Member, data: Mapping[str, Any]) -> None:
        member.waiting = True
        if (given := data["readied"]) is not None:
            self._readied = Readied(given["items"], given["visits"], [tuple(draw) for draw in given["drawn"]])
            self._event("setup-done")
            self._event("once-done")
        if (
            self._begin is None
            and len(self.members) == self._of
            and all(member.waiting for member in self.members.values())
        ):
            self._begin = time.monotonic() + LEAD_SECONDS
            arrival = self.scenario.arrival
            self._event(
                "arrivals-started",
                model=arrival.model if arrival else "none",
                rate=arrival.constant_rate if arrival else None,
                duration=self.scenario.seconds,
                begin=self._begin,
                workers=self._of,
            )
            assert self._readied is not None
            readied = {
                "items": self._readied.items,
                "visits": self._readied.visits,
                "drawn": self._readied.drawn,
            }
            self._send(GO, {"begin": self._begin, "readied": readied}, None)

    def _increment(self, member: Member, data: Mapping[str, Any]) -> None:
        self._gathered.add(LedgerView.from_json(data["view"]))
        member.reported, member.requests = data["t"], data["requests"]
        member.arrived, member.under_way = data["arrived"], data["sessions"]

    def _final(self, member: Member, data: Mapping[str, Any]) -> None:
        member.final = data
        for problem in data["problems"]:
            self.problem(f"worker {member.share.index}: {problem}")
        for row in data["surprises"]:
            self.surprises.take(row)
        if self._halted is None and not all(member.over for member in self.members.values()):
            early = data["stopped"] not in ("end of the arrivals", "end of the scenario")
            if early:
                self.problem(f"worker {member.share.index} stopped before the others: {data['stopped']}")
                self._halt("a worker stopped early")

    # the course of a run

    def _work(self) -> None:
        while not self._over():
            gevent.sleep(self._gathered.bin_seconds)
            self._send(BEAT, {}, None)
            self._written(lambda writer: writer.flush())
            self._note_end()
            self._look_for_lost()
            if self._begin is None and time.monotonic() - self._born > LATEST_START_SECONDS:
                self.problem(
                    f"{len(self.members)} of {self._of} workers had got ready in {LATEST_START_SECONDS:g} s"
                )
                self._halt("the workers are not complete")
                break
        if not self._finishing:
            gevent.spawn(self._quit)  # it ends this greenlet

    def _note_end(self) -> None:
        seconds = self.scenario.seconds
        if self._begin is not None and seconds is not None and time.monotonic() >= self._begin + seconds:
            self._stopping("end of the arrivals")

    def _over(self) -> bool:
        return len(self.members) == self._of and all(member.over for member in self.members.values())

    def _look_for_lost(self) -> None:
        now = time.monotonic()
        for member in self.members.values():
            if not member.over and now - member.heard > SILENT_SECONDS:
                member.lost = True
                self._mourn(member)
                self._halt("a worker was lost")

    def _mourn(self, member: Member) -> None:
        index = member.share.index
        known = f"{member.requests} requests reported until {SILENT_SECONDS:g} s ago"
        upper = "an unknown number of further ones"
        schedule = self._schedule()
        if schedule is not None and self._begin is not None:
            view = self._presumed(member, schedule)
            upper = f"up to {view.requests} further ones"
            self._written(lambda writer: writer.presume(view))
        self.problem(f"worker {index} was lost: {known}, {upper} may have been sent; counts are intervals")
        self._event("worker-lost", worker=index, known=f"{known}; {upper} may have been sent")

    def _schedule(self) -> Iterator[float] | None:
        """When all arrivals are due: what a lost worker can have sent is bounded only where that is known."""
        scenario = self.scenario
        return scenario.arrival.schedule(scenario.seconds, scenario.seed) if scenario.arrival else None

    def _presumed(self, member: Member, schedule: Iterator[float]) -> LedgerView:
        """Every request that a lost worker can have sent since its last report: begun by then, or due since."""
        assert self._begin is not None
        until = time.monotonic() + WATCHDOG_SECONDS
        ledger = Ledger(time.monotonic, self._gathered.bin_seconds)
        plan = Plan(self.scenario)
        if self._readied is not None:
            plan.take(self._readied)
        sessions = {session.name: session for session in plan.mix}
        for name, count in member.under_way.items():
            for _ in range(count):
                _presume(ledger, sessions[name], plan.visit(), member.reported, until)
        own = 0
        for number, offset in enumerate(schedule):
            due = self._begin + offset
            if due > until:
                break
            session, visit = plan.next_of_mix()
            if member.share.has(number):
                own += 1
                if own > member.arrived:
                    _presume(ledger, session, visit, max(due, member.reported), until)
        return ledger.drain()

    # the end

    def problem(self, text: str) -> None:
        """Note why the evidence is incomplete."""
        if text not in self.problems:
            self.problems.append(text)
            log.error("%s", text)

    def interrupt(self) -> None:
        """Stop because somebody asked for it."""
        self._halt("interrupted")

    def _halt(self, reason: str) -> None:
        if self._halted is None:
            self._halted = time.monotonic()
            self._stopping(reason)
            self._send(HALT, {"reason": reason}, None)

    def _stopping(self, reason: str) -> None:
        if not self._ended:
            self._ended = True
            self._event("stopping", reason=reason)

    def finish(self) -> bool:
        """Gather the workers' last words, within the scenario's time, and write the final line; see LoadRun."""
        if self._finishing:
            self._finished.wait(self.scenario.drain + SILENT_SECONDS + FINISH_SECONDS)
            return False
        self._finishing = True
        if not self._over():
            self._halt("asked to stop")
        self._stopping("end of the arrivals")
        deadline = time.monotonic() + self.scenario.drain + SILENT_SECONDS
        while not self._over() and self.members and time.monotonic() < deadline:
            self._look_for_lost()
            gevent.sleep(NAP_SECONDS)
        self._beat.kill()
        accounts = [
            Generator.from_json(member.final["generator"]) for member in self.members.values() if member.final
        ]
        self.generator = together(accounts)
        self.setup_failed = any(
            member.final is not None and member.final["setup_failed"] for member in self.members.values()
        )
        for excess in excesses(self.generator, self.scenario.generator):
            self.problem(excess)
        for missing in [member.share.index for member in self.members.values() if not member.over]:
            self.problem(f"worker {missing} did not say its last word")
        lost = any(member.lost for member in self.members.values())
        self._written(
            lambda writer: writer.finish(
                generator=self.generator.to_json(),
                surprises=self.surprises.to_json(),
                problems=self.problems,
                workers=[self._summary(member) for member in self.members.values()],
                bounded=not lost or self._schedule() is not None,
            )
        )
        self._finished.set()
        return True

    def _summary(self, member: Member) -> dict[str, object]:
        return {"index": member.share.index, "requests": member.requests, "lost": member.lost}

    def _event(self, name: str, **data: object) -> None:
        self._written(lambda writer: writer.event(name, **data))

    def _written(self, write: Callable[[LedgerWriter], None]) -> None:
        if self._writer is None:
            return
        try:
            write(self._writer)
        except OSError as error:
            self._writer = None
            self.problem(f"the ledger cannot be written: {error.strerror}")
            self._halt("the ledger cannot be written")


def _presume(ledger: Ledger, session: ReadySession, visit: Visit, started: float, until: float) -> None:
    for request in session.requests:
        if request.spec.leave == "half-header":
            continue
        for _ in range(request.repeat):
            token = ledger.open(request.label_method, request.endpoint, None, at=started)
            ledger.close_unknown(token, at=until)
            for tally in request.tallies:
                ledger.tally_unknown(tally.name, {}, token, tally.at_most)
