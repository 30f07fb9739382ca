"""What every ending of a request means for the ledger: a wire of the test's own ends as the test wants it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from promproof.evidence.view import LedgerView, labels_of
from promproof.load.ledger import Ledger
from promproof.load.models import Request
from promproof.load.plan import ReadyRequest, Visit
from promproof.load.play import Player, SetupError, Surprises
from promproof.load.wire import Call, Ending, Leave, Reply
from tests.load.conftest import HandClock

pytestmark = pytest.mark.unit
KEY = ("POST", "/run", 200)
RUNS = [{"name": "runs", "labels": {"id": "3", "status": "$.status"}}]


class OneReply:
    """Every call ends the same way; reports are kept."""

    def __init__(self, reply: Callable[[Callable[[str | None], None]], Reply]) -> None:
        self.reports: list[str | None] = []
        self._reply = reply

    def send(self, call: Call) -> Reply:
        return self._reply(self.reports.append)

    def leave(self, call: Call, how: Leave) -> Reply:
        return self._reply(self.reports.append)


class Noting(OneReply):
    """Keeps the calls as well."""

    def __init__(self, reply: Callable[[Callable[[str | None], None]], Reply]) -> None:
        super().__init__(reply)
        self.calls: list[Call] = []

    def send(self, call: Call) -> Reply:
        self.calls.append(call)
        return super().send(call)

    def leave(self, call: Call, how: Leave) -> Reply:
        self.calls.append(call)
        return super().leave(call, how)


def played(
    ending: Ending,
    status: int = 0,
    body: bytes = b'{"status": "success"}',
    spec: Mapping[str, object] | None = None,
) -> tuple[LedgerView, list[str | None]]:
    wire = OneReply(lambda report: Reply(ending, status, body, "why", report))
    ledger = Ledger(HandClock(), 0.1)
    player = Player(ledger, wire, lambda seconds: None, lambda: False, Surprises())
    ready = ReadyRequest(Request.model_validate({"request": "POST /run", **(spec or {})}), None)
    saved = player.request(ready, Visit(0, None, {}, 0))
    assert (saved is None) == (wire.reports != [None])
    assert len(player.surprises) == len([report for report in wire.reports if report is not None])
    assert ledger.open_requests() == 0
    return ledger.snapshot(), wire.reports


@pytest.mark.parametrize(
    ("ending", "status", "request_", "bounds", "report"),
    [
        (Ending.ANSWERED, 200, {}, (1, 1), None),
        (Ending.ANSWERED, 503, {}, (0, 0), "answered 503, expected 200"),
        (Ending.ANSWERED, 200, {"counted": False}, (0, 0), None),
        (
            Ending.ANSWERED,
            200,
            {"broken": 500},
            (1, 1),
            "answered whole with 200, expected an answer that breaks off",
        ),
        (Ending.BROKEN, 200, {}, (0, 1), "answer broken off"),
        (Ending.BROKEN, 200, {"broken": 200}, (1, 1), None),
        (Ending.LOST, 0, {}, (0, 1), "answer lost"),
        (Ending.UNSENT, 0, {}, (0, 0), "could not be sent"),
        (Ending.LEFT, 0, {"leave": "after-send", "status": 200}, (1, 1), None),
        (Ending.LEFT, 200, {"leave": "mid-stream", "status": 200}, (1, 1), None),
        (
            Ending.LEFT,
            404,
            {"leave": "mid-stream", "status": 200},
            (0, 0),
            "answered 404 before the client left, expected 200",
        ),
        (Ending.LEFT, 0, {"leave": "half-header"}, (0, 0), None),
        (Ending.LOST, 0, {"leave": "half-header"}, (0, 0), "could not be sent"),
        (Ending.LEFT, 0, {"leave": "half-body", "status": 200, "text": "ab"}, (1, 1), None),
        (Ending.LOST, 0, {"leave": "after-send", "status": 200}, (0, 1), "answer lost"),
    ],
)
def test_each_ending_of_a_request_has_its_bounds_and_its_report(
    ending: Ending, status: int, request_: dict[str, object], bounds: tuple[int, int], report: str | None
) -> None:
    view, reports = played(ending, status, spec=request_)
    assert view.bounds(KEY) == bounds
    assert reports == [report]


@pytest.mark.parametrize(
    ("ending", "status", "body", "bounds"),
    [
        (Ending.ANSWERED, 200, b'{"status": "success"}', (1, 1)),
        (Ending.ANSWERED, 200, b'{"status": "failed"}', (0, 0)),
        (Ending.ANSWERED, 200, b"{}", (0, 1)),
        (Ending.ANSWERED, 200, b"no JSON", (0, 1)),
        (Ending.ANSWERED, 500, b"", (0, 1)),
        (Ending.LOST, 0, b"", (0, 1)),
        (Ending.UNSENT, 0, b"", (0, 0)),
    ],
)
def test_an_execution_is_certain_only_where_an_answer_says_so(
    ending: Ending, status: int, body: bytes, bounds: tuple[int, int]
) -> None:
    view, _ = played(ending, status, body, {"tally": RUNS})
    key = ("runs", labels_of({"id": "3", "status": "success"}))
    assert (view.tallies.get(key, 0), view.tally_started_before(key, float("inf"))) == bounds


def test_each_entry_of_an_answers_list_is_tallied() -> None:
    tally = [{"name": "steps", "each": "$.steps", "labels": {"id": "@.id", "of": "$.id"}}]
    body = b'{"id": 9, "steps": [{"id": 1}, {"id": 2}, {"id": 1}]}'
    view, _ = played(Ending.ANSWERED, 200, body, {"tally": tally})
    assert {(dict(labels)["id"], dict(labels)["of"]): n for (_, labels), n in view.tallies.items()} == {
        ("1", "9"): 2,
        ("2", "9"): 1,
    }


def test_an_answer_without_the_field_fills_no_pool() -> None:
    wire = OneReply(lambda report: Reply(Ending.ANSWERED, 200, b"{}", "", report))
    player = Player(Ledger(HandClock(), 0.1), wire, lambda seconds: None, lambda: False, Surprises())
    create = ReadyRequest(Request.model_validate({"request": "POST /things", "save": {"id": "id"}}), None)
    with pytest.raises(SetupError, match=r"answer without a field: \$\.id is not there"):
        player.create(create, Visit(0, None, {}, 0))


@pytest.mark.parametrize(
    ("spec", "header", "seen"),
    [
        ({}, "user-1", {"user-1"}),
        ({"user": "only {n}"}, "only 7", {"only 7"}),
        ({"user": ""}, "", set()),
        ({"anonymous": True}, None, set()),
        ({"counted": False}, "user-1", set()),
        ({"leave": "half-header"}, "user-1", set()),
        ({"leave": "half-body", "status": 499, "text": "ab"}, "user-1", {"user-1"}),
    ],
    ids=["the next", "one of its own", "empty", "anonymous", "not counted", "half a header", "half a body"],
)
def test_a_user_counts_only_where_the_target_can_have_seen_it(
    spec: dict[str, object], header: str | None, seen: set[str]
) -> None:
    ending = Ending.LEFT if "leave" in spec else Ending.ANSWERED
    wire = Noting(lambda report: Reply(ending, 200, b"", "", report))
    ledger = Ledger(HandClock(), 0.1)
    ready = ReadyRequest(Request.model_validate({"request": "POST /run", **spec}), "X-User-ID")
    Player(ledger, wire, lambda seconds: None, lambda: False, Surprises()).request(
        ready, Visit(7, "user-1", {}, 0)
    )
    assert wire.calls[0].headers.get("X-User-ID") == header
    assert set(ledger.snapshot().users) == seen


@pytest.mark.parametrize("asked", [True, False], ids=["asked for the body", "never asked for it"])
def test_a_floor_is_promised_only_where_the_target_asked_for_the_body(asked: bool) -> None:
    wire = OneReply(lambda report: Reply(Ending.ANSWERED, 200, b"", "", report, asked=asked))
    clock = HandClock()
    ledger = Ledger(clock, 0.1)
    spec = {"request": "POST /run", "text": "ab", "body_after": "700ms"}
    ready = ReadyRequest(Request.model_validate(spec), None)
    Player(ledger, wire, lambda seconds: None, lambda: False, Surprises()).request(
        ready, Visit(0, None, {}, 0)
    )
    assert ledger.snapshot().floors == ({("POST", "/run"): {0.7: 1}} if asked else {})


def test_a_tally_counts_from_its_earliest_time_on() -> None:
    clock = HandClock()
    ledger = Ledger(clock, 0.1)
    token = ledger.open("POST", "/run")
    clock.now += 2.0
    ledger.close(token, 200)
    ledger.tally("runs", {}, token, not_before=1.5)
    view = ledger.snapshot()
    assert [view.tally_started_before(("runs", ()), 1000.0 + t) for t in (1.0, 1.4, 1.6)] == [0, 0, 1]
