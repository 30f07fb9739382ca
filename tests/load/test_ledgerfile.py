"""The ledger's file: readable while it grows, after a torn write and after a crash; never complete by mistake."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promproof.errors import InputError
from promproof.evidence.ledgerfile import LedgerTail, LedgerWriter, read
from promproof.load.ledger import Ledger
from tests.load.conftest import HandClock
from tests.load.processes import ROOT, wait_for

pytestmark = pytest.mark.unit
GET = ("GET", "/x", 200)


def request(ledger: Ledger, status: int = 200) -> None:
    ledger.close(ledger.open("GET", "/x", "ann"), status)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledgers" / "ledger.jsonl"


@pytest.fixture
def ledger(clock: HandClock) -> Ledger:
    return Ledger(clock, 0.1)


@pytest.fixture
def writer(path: Path, ledger: Ledger, clock: HandClock) -> Iterator[LedgerWriter]:
    writer = LedgerWriter(path, ledger, clock, 1_700_000_000.0, scenario="steady")
    yield writer
    with suppress(ValueError):  # it is finished already
        writer.finish()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished ledger of five increments of one request each."""
    clock = HandClock()
    path = tmp_path_factory.mktemp("whole") / "ledger.jsonl"
    ledger = Ledger(clock, 0.1)
    writer = LedgerWriter(path, ledger, clock, 0.0)
    for _ in range(5):
        clock.now += 1
        request(ledger)
        writer.flush()
    writer.finish()
    return path


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_file_torn_anywhere_keeps_what_was_flushed_and_is_incomplete(
    whole: Path, data: st.DataObject
) -> None:
    content = whole.read_bytes()
    cut = data.draw(st.integers(0, len(content)), label="cut at byte")
    torn = whole.with_name("torn.jsonl")
    torn.write_bytes(content[:cut])
    lines = content[:cut].count(b"\n")
    if not lines:
        with pytest.raises(InputError, match="is empty"):
            read(torn)
        return
    view = read(torn)
    assert view.counts.get(GET, 0) == min(lines - 1, 5)
    assert view.complete == (cut == len(content))


def test_a_file_without_a_line_in_the_middle_is_incomplete(whole: Path, tmp_path: Path) -> None:
    lines = whole.read_text().splitlines(keepends=True)
    short = tmp_path / "short.jsonl"
    short.write_text("".join(lines[:2] + lines[3:]))
    assert read(whole).complete
    assert not read(short).complete


CRASHING = """
import itertools, sys, time
from pathlib import Path
from promproof.evidence.ledgerfile import LedgerWriter
from promproof.load.ledger import Ledger
ledger = Ledger(time.monotonic, 0.1)
writer = LedgerWriter(Path(sys.argv[1]), ledger, time.monotonic, time.time())
for n in itertools.count(1):
    ledger.close(ledger.open("GET", "/x"), 200)
    writer.event("flushed", requests=n)
"""


def test_a_killed_writer_leaves_all_that_it_flushed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    process = subprocess.Popen([sys.executable, "-c", CRASHING, str(path)], cwd=ROOT)
    try:
        wait_for(lambda: path.exists() and path.stat().st_size > 100_000, "some writing")
    finally:
        process.kill()
        assert process.wait() == -signal.SIGKILL
    tail = LedgerTail(path)
    tail.poll()
    assert not tail.view().complete
    assert tail.view().counts[GET] - tail.events[-1].data["requests"] in (0, 1)


def test_a_follower_gets_each_line_once(
    path: Path, writer: LedgerWriter, ledger: Ledger, clock: HandClock
) -> None:
    tail = LedgerTail(path)
    assert tail.poll()
    assert (tail.header["scenario"], tail.header["bin_seconds"]) == ("steady", 0.1)
    assert not tail.poll()
    request(ledger)
    clock.now = 1003.0
    writer.event("setup-done", pools=2)
    assert tail.poll()
    assert tail.view().counts == {GET: 1}
    assert [(event.name, event.t, dict(event.data)) for event in tail.events] == [
        ("setup-done", 1003.0, {"pools": 2})
    ]
    assert tail.seen_until == 1003.0
    assert not tail.final
    request(ledger, 500)
    writer.finish(problems=[])
    tail.poll()
    assert tail.view().counts == {GET: 1, ("GET", "/x", 500): 1}
    assert (tail.final["requests"], tail.final["open"], tail.final["problems"]) == (2, 0, [])
    assert tail.view() == read(path)


def test_a_line_is_taken_in_only_with_its_end(path: Path, writer: LedgerWriter, ledger: Ledger) -> None:
    tail = LedgerTail(path)
    tail.poll()
    request(ledger)
    writer.flush()
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    assert not tail.poll()
    path.write_bytes(content)
    assert tail.poll()
    assert tail.view().counts == {GET: 1}


def test_a_view_of_a_moment_holds_nothing_that_came_later(whole: Path) -> None:
    assert read(whole, until=1002.5).counts == {GET: 2}
    assert not read(whole, until=1002.5).complete
    assert read(whole, until=inf).counts == {GET: 5}
    tail = LedgerTail(whole)
    tail.poll(until=1001.0)
    tail.poll()
    assert tail.view().counts == {GET: 5}


def test_a_quiet_generator_writes_a_sign_of_life_and_no_more(
    path: Path, writer: LedgerWriter, clock: HandClock
) -> None:
    def lines() -> int:
        return len(path.read_text().splitlines())

    writer.flush()
    assert lines() == 2
    writer.flush()
    assert lines() == 2
    clock.now += 1.0
    writer.flush()
    assert lines() == 3


def test_the_last_line_counts_the_open_requests(path: Path, writer: LedgerWriter, ledger: Ledger) -> None:
    ledger.open("GET", "/x")
    writer.finish()
    assert json.loads(path.read_text().splitlines()[-1])["open"] == 1
    assert read(path).open == {("GET", "/x"): 1}


def test_a_ledger_that_is_there_is_not_written_over(
    path: Path, writer: LedgerWriter, clock: HandClock
) -> None:
    before = path.read_text()
    with pytest.raises(InputError) as caught:
        LedgerWriter(path, Ledger(clock, 0.1), clock, 0.0)
    assert str(caught.value) == (
        f"{path}: is there already, and not empty\n  expected: a new ledger file\n  to do: remove it or name another"
    )
    assert path.read_text() == before


def test_a_folder_that_cannot_be_written_is_an_input_error(tmp_path: Path, clock: HandClock) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        LedgerWriter(tmp_path / "file" / "ledger.jsonl", Ledger(clock, 0.1), clock, 0.0)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("{}\n", 1, "not a ledger of version 1"),
        ('{"ledger": 2, "bin_seconds": 1}\n', 1, "not a ledger of version 1"),
        ("[]\n", 1, "not an object"),
        ("nonsense\n", 1, "broken line"),
        (
            '{"ledger": 1, "bin_seconds": 1}\n{"t": 1, "add": {}}\n',
            2,
            "not a ledger view: KeyError('bin_seconds')",
        ),
        (
            '{"ledger": 1, "bin_seconds": 1}\n{"t": 1, "add": {"bin_seconds": 2, "endpoints": [], "tallies": [], '
            '"tallies_lost": [], "users": {}, "lags": [], "latest": null, "complete": true}}\n',
            2,
            "ledgers with bins of 1 s and of 2 s cannot be merged",
        ),
    ],
    ids=["no header", "version", "list", "no JSON", "no view", "other bins"],
)
def test_a_file_that_is_no_ledger_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}:{line}: {words}")


def test_a_file_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the ledger: No such file"):
        read(tmp_path / "none.jsonl")
