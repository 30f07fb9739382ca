"""PromptPilot within this process, driven by sessions of a scenario without a socket, and judged as a run is.

All but the server (asgi.py) is the product's: the scenario, the ledger, the application, the checks.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from promproof.checks import claims
from promproof.checks.base import judge
from promproof.contract.model import Contract, load
from promproof.contract.panels import RowsSumTruth
from promproof.contract.truths import TallyTruth
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.evidence.sums import merge
from promproof.evidence.view import LedgerView
from promproof.exposition import parse
from promproof.load import scenario as scenarios
from promproof.load.ledger import Ledger
from promproof.load.models import Once
from promproof.load.plan import Plan, ReadySession
from promproof.load.play import Player, Surprises
from promproof.load.wire import Call
from promproof.places import DEFAULT_MONITORING, SCENARIOS
from promproof.run.meeting import Meeting
from promproof.run.meeting import load as load_meeting
from promproof.verdict import Outcome, Verdict
from promptpilot.app import PromptPilot
from promptpilot.settings import Settings
from tests.records import record
from tests.twins.asgi import Wire, loop

Build = Callable[[Settings], PromptPilot]
BIN_SECONDS = 0.01
SCRAPE_SECONDS = 0.1
ENOUGH = 4
"""scrapes after the traffic: a claim about what was stored needs some"""
EPOCH = 1_700_000_000.0
OUTAGE = "what meets an outage"
"""A session of no scenario: the requests that meet the outage of the database are sent as well."""


class Inside:
    """One application and what is written down of it."""

    def __init__(
        self, build: Build, folder: Path, sessions: Iterable[str], environment: dict[str, Any]
    ) -> None:
        self.contract = _contract()
        self.database = folder / "inside.db"
        self.app = build(Settings(database_url=f"sqlite:///{self.database}", **environment))
        wanted = set(sessions) - {OUTAGE}
        self.is_met = OUTAGE in sessions
        scenario = scenarios.load(SCENARIOS / "reconcile.yaml")
        pools = {
            name: pool.model_copy(update={"count": 8 if name == "prompts" else 4})
            for name, pool in scenario.pools.items()
        }
        once = [session for session in scenario.once if session.name in wanted]
        mix = [session for session in scenario.mix if session.name in wanted]
        found = {session.name for session in (*once, *mix)}
        assert found == wanted, f"the scenario has no sessions {wanted - found}"
        self.plan = Plan(
            scenario.model_copy(update={"pools": pools, "once": once, "mix": mix or scenario.mix})
        )
        self.mix = mix
        self.ledgers: list[Ledger] = []
        self.views: list[LedgerView] = []
        self.surprises = Surprises()
        self.history = History("inside", 0.0, EPOCH)
        self._zero = time.monotonic()
        self.history.records.clear()
        self.samples: dict[tuple[str, tuple[tuple[str, str], ...]], list[tuple[float, float]]] = {}
        self._ended = threading.Event()
        self.out: dict[str, Any] = {}

    def now(self) -> float:
        return time.monotonic() - self._zero

    def drive(self) -> list[Verdict]:
        """Play the sessions; the verdicts."""
        with loop() as running:
            wire = Wire(self.app, running)
            first = self._exposition(wire)
            self._sample(wire)  # however quick the machine is, what moves is seen to have moved from here
            scraper = threading.Thread(target=self._scrape, args=(wire,))
            scraper.start()
            begin = self.now()
            self._fill(wire)
            self._all_once(wire)
            for session in self.plan.mix if self.mix else ():
                self._play(wire, session)
            asyncio.run_coroutine_threadsafe(_all(wire.tasks), running).result(30)
            end = self.now()
            outage = self._outage(wire)
            while sum(begin >= end for begin, _ in self.samples.get(("up", ()), ())) < ENOUGH:
                time.sleep(SCRAPE_SECONDS)
            self._ended.set()
            scraper.join()
            rest = self._exposition(wire)
            later = self._exposition(wire)
        self.app.close()
        shots = {"baseline": first, **outage, "rest": rest, "rest-later": later}
        return self._judge((begin, end), shots)

    def _outage(self, wire: Wire) -> dict[str, tuple[float, float, str]]:
        """Two readings: without the database, and afterwards."""
        ledger = self._player(wire).ledger

        def health() -> int:
            token = ledger.open("GET", "/health")
            reply = wire.send(Call("GET", "/health", "/health", {}, None))
            ledger.close(token, reply.status)
            return reply.status

        met = Meeting(load_meeting(SCENARIOS / "outage.yaml"), wire, BIN_SECONDS) if self.is_met else None
        if met is not None:
            met.begin()
        self.app.database.take_out(True)
        begin, during = self.now(), health()
        if met is not None:
            met.meet()
        shot = self._exposition(wire)
        time.sleep(2 * SCRAPE_SECONDS)
        if met is not None:
            met.end()
        end = self.now()
        self.app.database.take_out(False)
        after = health()
        if met is not None:
            time.sleep(2 * SCRAPE_SECONDS)
            met.follow()
            self.views.append(met.sent())
        self.out = {
            "begin": begin,
            "end": end,
            "amount": end - begin,
            "health_during": during,
            "health_after": after,
            "surprises": met.surprises if met is not None else (),
        }
        return {"outage": shot, "recovered": self._exposition(wire)}

    def _fill(self, wire: Wire) -> None:
        player = self._player(wire)
        for name, pool in self.plan.scenario.pools.items():
            self.plan.items[name] = [
                player.create(self.plan.creates[name], self.plan.visit()) for _ in range(pool.count)
            ]

    def _player(self, wire: Wire) -> Player:
        ledger = Ledger(time.monotonic, BIN_SECONDS)
        self.ledgers.append(ledger)
        return Player(ledger, wire, time.sleep, lambda: False, self.surprises)

    def _all_once(self, wire: Wire) -> None:
        beside: list[threading.Thread] = []
        lasting: list[threading.Thread] = []
        for spec, session in zip(self.plan.scenario.once, self.plan.once, strict=True):
            for thread in beside if spec.alone else ():
                thread.join()
            thread = threading.Thread(target=self._once, args=(wire, spec, session))
            thread.start()
            (lasting if spec.through else beside).append(thread)
            if not spec.background and not spec.through:
                thread.join()
        for thread in beside + lasting:
            thread.join()

    def _once(self, wire: Wire, spec: Once, session: ReadySession) -> None:
        times = min(spec.times, 8)
        threads = [threading.Thread(target=self._play, args=(wire, session)) for _ in range(times)]
        for number, thread in enumerate(threads):
            thread.start()
            if (number + 1) % spec.at_once == 0:
                thread.join()
        for thread in threads:
            thread.join()

    def _play(self, wire: Wire, session: ReadySession) -> None:
        self._player(wire).play(session, self.plan.visit(session))

    def _exposition(self, wire: Wire) -> tuple[float, float, str]:
        begin = self.now()
        text = wire.send(Call("GET", "/metrics", "/metrics", {}, None)).body.decode()
        return begin, self.now(), text

    def _scrape(self, wire: Wire) -> None:
        while not self._ended.wait(SCRAPE_SECONDS):
            self._sample(wire)

    def _sample(self, wire: Wire) -> None:
        names = {metric.sample for metric in self.contract.metrics}
        begin, end, text = self._exposition(wire)
        found = {key: value for key, value in parse(text).values.items() if key[0] in names}
        for key, value in {
            **found,
            ("scrape_duration_seconds", ()): end - begin,
            ("up", ()): 1.0,
        }.items():
            self.samples.setdefault(key, []).append((begin, value))

    def _judge(
        self, traffic: tuple[float, float], shots: dict[str, tuple[float, float, str]]
    ) -> list[Verdict]:
        view = merge([*(ledger.snapshot() for ledger in self.ledgers), *self.views])
        rows: list[tuple[float, str, dict[str, Any]]] = [
            (0.0, "prepared", {"time_scale": 1.0}),
            (
                0.0,
                "run",
                {
                    "scrape_interval": SCRAPE_SECONDS,
                    "managed": True,
                    "instance": "inside",
                    "target_scale": 1.0,
                    "database": True,
                },
            ),
            (0.0, "clock_offset", {"low": 0.0, "high": 0.0}),
            (traffic[0], "phase", {"name": "traffic", "edge": "begin"}),
            (traffic[1], "phase", {"name": "traffic", "edge": "end"}),
            *(
                (9.0, "exposition", {"label": label, "begin": begin, "end": end, "text": text, "status": 200})
                for label, (begin, end, text) in shots.items()
            ),
            (9.0, "stimulus_outage", self.out),
            (
                9.0,
                "ledger",
                {
                    "source": "reconcile",
                    "complete": True,
                    "view": view.to_json(),
                    "surprises": self.surprises.to_json(),
                },
            ),
            *(
                (9.0, "stored", {"selector": name, "series": series})
                for name, series in self._stored().items()
            ),
            *((9.0, kind, data) for kind, data in self._asked()),
        ]
        self.history = History("inside", self._zero, EPOCH)
        self.history.records.extend(
            record(number, t, kind, data) for number, (t, kind, data) in enumerate(rows)
        )
        evidence = Evidence(self.contract, self.history)
        return [judge(check, claim, evidence) for check, claim in claims(self.contract)]

    def _stored(self) -> dict[str, list[dict[str, Any]]]:
        names = {name for name, _ in self.samples} | {metric.sample for metric in self.contract.metrics}
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for (name, labels), samples in self.samples.items():
            identity = {"job": self.contract.target.job, "instance": "inside"}
            found[name].append({"name": name, "labels": {**dict(labels), **identity}, "samples": samples})
        return found

    def _asked(self) -> Iterator[tuple[str, dict[str, Any]]]:
        with sqlite3.connect(self.database) as connection:
            for metric in self.contract.metrics:
                truth = metric.truth
                if isinstance(truth, RowsSumTruth):
                    rows = tuple(tuple(row) for row in connection.execute(truth.query))
                    yield "sums", {"what": metric.name, "label": "rest", "rows": rows}
                elif isinstance(truth, TallyTruth):
                    ids = tuple(str(row[0]) for row in connection.execute(truth.ids))
                    yield "rows", {"what": f"ids of {truth.subject}", "label": "rest", "values": ids}
                elif truth.kind == "rows":
                    count = str(connection.execute(truth.query).fetchone()[0])
                    yield "rows", {"what": metric.name, "label": "rest", "values": (count,)}
        connection.close()


async def _all(tasks: set[asyncio.Task[None]]) -> None:
    await asyncio.gather(*tasks)


def _contract() -> Contract:
    contract = load(DEFAULT_MONITORING / "contract.yaml")
    metrics = tuple(metric for metric in contract.metrics if metric.truth.kind != "process")
    traffic = contract.traffic.model_copy(update={"drill": None, "drilled": None})
    changed = {"metrics": metrics, "alerts": (), "dashboards": (), "documentation": None, "traffic": traffic}
    allowed = (*(contract.allowed or ()), "process_*")
    return contract.model_copy(update={**changed, "deployment": None, "allowed": allowed})


def verdicts(build: Build, folder: Path, *sessions: str, **environment: Any) -> dict[str, Verdict]:
    """Of every claim about the target's metrics, after these sessions of the main job's scenario."""
    found = Inside(build, folder, sessions, environment).drive()
    return {
        verdict.claim: verdict
        for verdict in found
        if verdict.claim.startswith(("metric/", "target/", "traffic/"))
    }


def failed(found: dict[str, Verdict]) -> dict[str, str]:
    """The claims that are red, each with its reason."""
    return {claim: verdict.reason for claim, verdict in found.items() if verdict.outcome is Outcome.FAIL}
