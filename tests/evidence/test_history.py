"""The history and what is computed from it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from promproof.config.masking import Masker
from promproof.config.routing import reached
from promproof.config.rules import facts, normal
from promproof.errors import InputError
from promproof.evidence.history import History, Recorder, read
from promproof.evidence.records import (
    AlertsPoll,
    Kernel,
    Latencies,
    Ledger,
    Machine,
    MachineReading,
    RulesPoll,
    Trouble,
    base,
)
from promproof.evidence.records.base import Kind, Part
from promproof.evidence.records.columns import Table
from promproof.evidence.records.drills import Poll
from promproof.evidence.records.metrics import MachineReadings
from promproof.exposition import parse
from promproof.verdict import Outcome, Verdict, exit_status
from tests.records import record

pytestmark = pytest.mark.unit

FILES = {
    "": "the history has no whole line: the run ended before it wrote one",
    "{}\n": "not a history",
    '{"history": 1}\n': "of version 1",
    '{"history": 9}\n': "newer",
    "[" * 100_000 + "\n": "not a history",
}
"""What is refused, and in which words."""


class HandClock:
    """Two clocks that the test turns."""

    def __init__(self) -> None:
        self.now = 50.0

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now + 1e9


def test_a_history_torn_by_a_crash_is_read_up_to_the_tear(tmp_path: Path) -> None:
    clock, path = HandClock(), tmp_path / "history.jsonl"
    with closing(Recorder(path, "run", clock)) as history:
        clock.now = 51.5
        history.add(Trouble("1"))
        history.add(Trouble("2"), t=0.5)
    path.write_text(path.read_text() + '{"n": 2, "t": 3, "ki')
    again = read(path)
    assert [(record.number, record.t, record.data.error) for record in again.of(Trouble)] == [
        (0, 1.5, "1"),
        (1, 0.5, "2"),
    ]
    assert again.from_epoch(1e9 + 51.0) == 1.0
    assert again.from_monotonic(51.0) == 1.0


def test_a_file_that_is_no_history_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for text, words in FILES.items():
        path.write_text(text)
        with pytest.raises(InputError, match=words):
            read(path)
    with pytest.raises(InputError, match="cannot read"):
        read(tmp_path / "none")


@pytest.mark.parametrize(
    ("outcomes", "strict", "status"),
    [
        ([Outcome.PASS], False, 0),
        ([Outcome.PASS, Outcome.NOT_VERIFIED], False, 0),
        ([Outcome.PASS, Outcome.NOT_VERIFIED], True, 2),
        ([Outcome.PASS, Outcome.UNKNOWN], False, 2),
        ([Outcome.UNKNOWN, Outcome.FAIL], False, 1),
        ([Outcome.NOT_VERIFIED], False, 2),
        ([], False, 2),
    ],
)
def test_the_status_is_that_of_the_worst_verdict(outcomes: list[Outcome], strict: bool, status: int) -> None:
    verdicts = [Verdict("claim", outcome, "") for outcome in outcomes]
    assert exit_status(verdicts, strict=strict) == status


def test_an_exposition_tells_its_duplicates_and_time_stamps() -> None:
    text = "# TYPE a_total counter\n# HELP a_total A\na_total 1\na_total 1\n"
    text += "# TYPE prompt_total gauge\nprompt_total 3 1700\n"
    parsed = parse(text)
    assert parsed.duplicates == ("a_total",)
    assert parsed.stamped == ("prompt_total",)
    assert {name: family.type for name, family in parsed.families.items()} == {
        "a_total": "counter",
        "prompt_total": "gauge",
    }
    with pytest.raises(ValueError, match=r"."):
        parse("a{ 1\n")


def test_thresholds_windows_and_metrics_of_an_expression_are_found() -> None:
    said = facts('1 < sum(rate(a{b="c"}[5m])) / sum(rate(d[300s])) or absent(e)')
    assert said.thresholds == ((">", 1.0),)
    assert said.windows == (300.0, 300.0)
    assert said.metrics == ("a", "d", "e")
    assert "absent" in said.functions
    assert normal("sum(x) by (a)") == normal("sum by(a)(x)")


def test_an_alert_takes_the_route_that_alertmanager_gives_it() -> None:
    configuration = {
        "route": {
            "receiver": "all",
            "group_wait": "10s",
            "routes": [
                {
                    "receiver": "pager",
                    "matchers": ['severity =~ "crit.*"', "team!=x"],
                    "continue": True,
                    "group_wait": "1s",
                },
                {"receiver": "mail", "match": {"severity": "critical"}},
                {"receiver": "never", "match_re": {"severity": ".*"}},
            ],
        }
    }
    critical = reached(configuration, {"severity": "critical"})
    assert [(route.receiver, route.group_wait) for route in critical] == [("pager", 1.0), ("mail", 10.0)]
    assert [route.receiver for route in reached(configuration, {"severity": "x"})] == ["never"]
    assert reached({}, {}) == []


def numbers(history: History, kind: type[Kind]) -> list[int]:
    return [found.number for found in history.of(kind)]


def test_records_are_found_by_kind_however_the_list_changes() -> None:
    history = History("run", 0.0, 0.0)
    trouble = [record(number, 0.0, "trouble", {"error": "x"}) for number in range(4)]
    assert (numbers(history, Trouble), history.last(Trouble)) == ([], None)
    history.records.append(trouble[1])
    assert numbers(history, Trouble) == [1]
    history.records += [record(5, 0.0, "rules_poll", {}), trouble[2]]
    assert (numbers(history, Trouble), numbers(history, RulesPoll)) == ([1, 2], [5])
    history.records.insert(0, trouble[0])
    assert numbers(history, Trouble) == [0, 1, 2]
    history.records[-1] = trouble[3]
    assert numbers(history, Trouble) == [0, 1, 3]
    assert history.last(Trouble) is trouble[3]
    history.records.clear()
    assert numbers(history, Trouble) == numbers(history, RulesPoll) == []


def test_records_are_found_by_what_their_kinds_have_in_common() -> None:
    polls = [record(0, 0.0, "rules_poll", {}), record(1, 0.0, "poll", {})]
    history = History("run", 0.0, 0.0, polls)
    assert numbers(history, Poll) == [0, 1]
    assert numbers(history, AlertsPoll) == [1]


SECRET = "hunter2-hunter2"
WATCHDOG = {"labels": {"alertname": "Watchdog", "of": SECRET}, "state": "firing", "value": "1e+00"}


def polled(path: Path, masker: Masker | None = None) -> list[Poll]:
    """What a history has in memory of some polls, of which the second and the last say what was said before."""
    with closing(Recorder(path, "run", HandClock(), masker)) as history:
        history.add(AlertsPoll(1.0, 1.1, alerts=(WATCHDOG,)))
        history.add(AlertsPoll(2.0, 2.1, alerts=(WATCHDOG,)))
        history.add(RulesPoll(2.0, 2.2, rules={"Watchdog": "firing"}))
        history.add(AlertsPoll(3.0, 3.1, error="refused"))
        history.add(AlertsPoll(4.0, 4.1, alerts=({**WATCHDOG, "value": "2e+00"},)))
        history.add(AlertsPoll(5.0, 5.1))
        history.add(AlertsPoll(6.0, 6.1, alerts=(WATCHDOG,)))
        history.add(AlertsPoll(7.0, 7.1, alerts=(WATCHDOG,)), t=7.0)
        return [record.data for record in history.of(Poll)]


def test_polls_that_say_the_same_again_are_read_as_those_that_say_it(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    told = polled(path)
    assert [record.data for record in read(path).of(Poll)] == told
    assert [(poll.begin, poll.end) for poll in told][-1] == (7.0, 7.1)
    lines = path.read_text().splitlines()[1:]
    assert [number for number, line in enumerate(lines) if '"as":' in line] == [1, 7]
    assert '"as":6,"data":{"end":7.1}' in lines[7]
    first, second = (told[number] for number in (0, 1))
    assert isinstance(first, AlertsPoll)
    assert isinstance(second, AlertsPoll)
    assert second.alerts is first.alerts


def test_a_secret_in_a_poll_is_masked_also_where_it_is_named_again(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    told = polled(path, Masker([SECRET]))
    assert SECRET not in path.read_text()
    assert [record.data for record in read(path).of(Poll)] == told
    assert SECRET not in repr(told)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"as":0', '"as":1', "no earlier record 'poll' has the number 1"),
        ('"as":0', '"as":-1', "number -1"),
        ('"as":6', '"as":2', "no earlier record 'poll' has the number 2"),
        ('"as":0', '"as":"0"', "as: "),
        ('"as":0,"data":{"begin":2.0,', '"as":0,"data":{"begin":"2",', r"data\.begin: "),
    ],
    ids=["itself", "none", "of another kind", "no number", "a time as text"],
)
def test_a_poll_that_names_no_earlier_one_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "history.jsonl"
    polled(path)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=says):
        read(path)


def looked(number: int, disks: dict[str, tuple[int, ...]]) -> MachineReading:
    """A look at a machine whose memory and first mode stand still."""
    return MachineReading(
        number, number + 0.1, {"idle": 5.0, "user": number}, 2, (10, 3), disks, files={"/": (9, number // 2)}
    )


def test_a_machine_is_written_by_what_changes_and_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    disks: list[dict[str, tuple[int, ...]]] = [
        {"a": (0, 0), "b": (1, 2)},
        {"a": (0, 0), "b": (1, 3)},
        {"b": (1, 3)},
        {},
        {"a": (0, 0)},
    ]
    machine = Machine(tuple(looked(number, each) for number, each in enumerate(disks)), 7.0)
    with closing(Recorder(path, "run", HandClock())) as history:
        assert history.add(machine).data == machine
        assert history.add(Machine((), None)).data == Machine((), None)
    assert [record.data for record in read(path).of(Machine)] == [machine, Machine((), None)]
    line = path.read_text().splitlines()[1]
    assert line.count('"idle"') == line.count('"cpus"') == line.count('"memory"') == 1
    path.write_text(path.read_text().replace(',"changes":true', ""))
    with pytest.raises(InputError, match="Field required"):
        read(path)


LARGE: tuple[Kind, ...] = (
    Latencies("drill", ((1.5, (("GET", "/a", (4000, 1, 5000, 2), {"0.5": 1}),)), (2, ()))),
    Ledger("drill", True, {"bin_seconds": 0.1, "lags": [4000, 4000]}, status=0, problems=("late",)),
    Machine(tuple(looked(number, {"a": (0, 0), "b": (1, number)}) for number in range(1100)), 7.0),
    Machine((looked(1, {"a": (2**70, 0)}),), 7.0),
    Machine((), None),
    Kernel(tuple((t / 20, t / 20 + 0.001, 0.5, 4096 * t, 19, 2) for t in range(300))),
    Kernel(((0.05, 0.051, 0.5, 2**70, 19, 2),)),
    Kernel(()),
    Ledger("drill", True, {"bin_seconds": 0.1, "lags": list(range(100)), "users": {"a": [0.5] * 70}}),
    Ledger("drill", True, {"bin_seconds": 0.1, "lags": [2**70] * 100}),
    Trouble("1"),
)


@pytest.mark.parametrize("told", LARGE, ids=lambda told: type(told).__name__)
def test_a_large_record_is_read_as_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Kind
) -> None:
    path = tmp_path / "history.jsonl"
    with closing(Recorder(path, "run", HandClock())) as history:
        small = history.add(told).data
    monkeypatch.setattr(base, "LARGE", 0)
    (large,) = read(path).records
    assert as_lists(large.data) == as_lists(small) == as_lists(told)


def as_lists(value: object) -> object:
    """The same with every sequence as a list: a large record has arrays in place of tuples."""
    if isinstance(value, Kind | Part):
        return {key: as_lists(inner) for key, inner in vars(value).items()}
    if isinstance(value, Mapping):
        return {key: as_lists(inner) for key, inner in value.items()}
    if isinstance(value, Sequence | array) and not isinstance(value, str):
        return [as_lists(inner) for inner in value]
    return value


def test_numbers_of_a_large_record_are_held_in_arrays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = tuple((t / 20, t / 20 + 0.001, 0.5, 4096 * t, 19, 2) for t in range(10))
    path = tmp_path / "history.jsonl"
    with closing(Recorder(path, "run", HandClock())) as history:
        history.add(Kernel(rows))
        history.add(LARGE[2])
        history.add(Ledger("drill", True, {"bin_seconds": 0.1, "lags": list(range(100))}))
    monkeypatch.setattr(base, "LARGE", 0)
    found = read(path)
    (kernel,), (machine,), (ledger,) = found.of(Kernel), found.of(Machine), found.of(Ledger)
    held: tuple[object, ...] = (kernel.data.readings, machine.data.readings, ledger.data.view["lags"])
    assert [type(numbers) for numbers in held] == [Table, MachineReadings, array]
    assert (kernel.data.readings[-1], kernel.data.readings[2:4]) == (rows[-1], rows[2:4])
    with pytest.raises(IndexError):
        kernel.data.readings[10]


def test_a_text_in_a_large_record_of_the_kernel_is_refused_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.jsonl"
    with closing(Recorder(path, "run", HandClock())) as history:
        history.add(Kernel(((0.05, 0.051, 0.5, 4096, 19, 2),)))
    path.write_text(path.read_text().replace("4096", '"4096"'))
    monkeypatch.setattr(base, "LARGE", 0)
    with pytest.raises(InputError, match=r"data\.readings\.0\.3: Input should be a valid integer"):
        read(path)


def test_a_device_that_comes_and_goes_is_in_the_readings_that_had_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices: list[dict[str, tuple[int, ...]]] = [
        {"a": (1, 2)},
        {"b": (3,)},
        {},
        {"b": (4,), "a": (5, 6)},
        {"a": (7, 8)},
    ]
    machine = Machine(tuple(looked(number, each) for number, each in enumerate(devices)), 7.0)
    path = tmp_path / "history.jsonl"
    with closing(Recorder(path, "run", HandClock())) as history:
        history.add(machine)
    monkeypatch.setattr(base, "LARGE", 0)
    (found,) = read(path).of(Machine)
    assert [dict(reading.disks) for reading in found.data.readings] == devices
    assert found.data == machine
    assert machine == found.data


def test_a_number_of_a_large_record_is_kept_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "history.jsonl"
    with closing(Recorder(path, "run", HandClock())) as history:
        history.add(LARGE[1])
    monkeypatch.setattr(base, "LARGE", 0)
    (ledger,) = read(path).of(Ledger)
    first, second = ledger.data.view["lags"]
    assert first is second


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("4000,1]", '"4000",1]', "data.rows.0.1.0.2.0: Input should be a valid integer"),
        ("[1.5,", "[true,", "data.rows.0.0: Input should be a valid number"),
        ('"rows":', '"row":', "data.rows: Field required"),
        ("}]]]]}}", "}]]]]}", "EOF"),
    ],
)
def test_a_broken_large_record_is_refused_as_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str
) -> None:
    path = tmp_path / "history.jsonl"
    with closing(Recorder(path, "run", HandClock())) as history:
        history.add(Latencies("drill", ((1.5, (("GET", "/a", (4000, 1), {}),)),)))
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    for large in (base.LARGE, 0):
        monkeypatch.setattr(base, "LARGE", large)
        with pytest.raises(InputError, match=says):
            read(path)


def test_a_tear_within_a_sign_is_no_broken_text(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with closing(Recorder(path, "run", HandClock())) as history:
        history.add(Trouble("1"))
    path.write_bytes(path.read_bytes() + '{"n": 1, "kind": "ü'.encode()[:-1])
    assert len(read(path).records) == 1
