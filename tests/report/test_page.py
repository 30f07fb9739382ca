"""The page of a run: everything that was judged is on it, whatever the texts are; the same run gives the same bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promproof.cli.report import run as report_again
from promproof.cli.report import subject_of
from promproof.errors import InputError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History, Record
from promproof.evidence.records import Delivery
from promproof.report.files import write as write_json_file
from promproof.report.index import link, write
from promproof.report.output import Report
from promproof.report.page import earlier
from promproof.report.page.causes import causes
from promproof.report.page.claims import BARE
from promproof.report.page.document import command, page
from promproof.report.page.earlier import Past
from promproof.report.page.moved import moved
from promproof.report.page.subject import Subject, duration
from promproof.run.ending import Ending
from promproof.verdict import Outcome, Verdict
from tests.report.stored import Reader, copy, subject

pytestmark = pytest.mark.unit
HOSTILE = "</script><script>document.title='taken'</script>]]><img src=x onerror=alert(1)> & \"quoted\" 'so'"


def verdict(
    claim: str = "metric/up/exact", outcome: Outcome = Outcome.PASS, reason: str = "equal"
) -> Verdict:
    return Verdict(claim, outcome, reason, "the promise", "what was seen", "exact", (3, 4))


def read(made: Subject) -> Reader:
    found = Reader(page(made))
    assert not found.wrong
    assert not found.open
    return found


def test_an_option_of_a_command_is_whole_and_nothing_else_is_kept_from_breaking() -> None:
    assert command("promproof verify --claim alert/a-b/ -v <x>") == (
        "promproof verify <span>--claim</span> alert/a-b/ <span>-v</span> &lt;x&gt;"
    )
    assert command("sed -n 4,+12p r-1.yml") == "sed <span>-n</span> 4,+12p r-1.yml"


@pytest.mark.parametrize("name", ["green", "red", "drill"])
def test_every_claim_of_a_run_is_on_its_page_with_all_that_it_says(name: str) -> None:
    made = subject(name)
    found = read(made)
    rows = found.of_class("claim")
    assert {row["id"] for row in rows} == {claim.claim for claim in made.verdicts}
    assert len(rows) == len(made.verdicts)
    for claim in made.verdicts:
        for said in (claim.reason, claim.expected, claim.tolerance):
            assert " ".join(said.split()) in found.text


def test_what_failed_stands_on_top_and_leads_to_its_claim() -> None:
    made = subject("red")
    text = page(made)
    top = text[: text.index("<main>")]
    for claim in made.verdicts:
        assert (f'href="#{claim.claim}"' in top) == (claim.outcome is Outcome.FAIL)
    assert ">fail</span> <bdi>shop</bdi></h1>" in top
    claims = read(made).of_class("claim")
    assert ["open" in row for row in claims[:3]] == [True, True, False]


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = copy("red", tmp_path)
    for _ in range(2):
        assert (
            report_again({"folder": str(folder), "against": None, "serve_metrics": None, "plugins": []}) == 0
        )
        text = (folder / "index.html").read_bytes()
        assert text == page(subject("red")).encode()


def test_a_page_asks_no_network_for_anything() -> None:
    found = Reader(page(subject("red")))
    for tag, attributes in found.elements:
        assert tag not in ("link", "img", "iframe"), attributes
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in page(subject("red"))


@pytest.mark.parametrize("text", [HOSTILE, "x" * 5000, "{{ subject }}{% raw %}"])
def test_any_text_is_shown_as_it_is(text: str) -> None:
    rows = [
        verdict(f"metric/{text}/exact", Outcome.FAIL, text),
        Verdict(text, Outcome.UNKNOWN, text, text, text, text),
    ]
    found = read(Subject(text, rows, Ending(trouble=text)))
    assert [row["id"] for row in found.of_class("claim")] == [f"metric/{text}/exact", text]
    assert " ".join(text.split()) in found.text
    assert len([tag for tag, _ in found.elements if tag == "script"]) == 1


def test_what_html_has_no_place_for_is_replaced() -> None:
    found = read(
        Subject("\x00", [verdict("metric/\x00\ud800/exact", Outcome.FAIL)], Ending(trouble="\udfff"))
    )
    assert [row["id"] for row in found.of_class("claim")] == ["metric/\ufffd\ufffd/exact"]


def test_two_thousand_claims_fit_into_two_megabytes() -> None:
    rows = [verdict(f"panel/board/panel-{number}/values", reason="r" * 150) for number in range(2000)]
    text = page(Subject("many", rows))
    assert len(text.encode()) < 2_000_000
    assert len(Reader(text).of_class("claim")) == 2000


def test_a_run_without_claims_says_so_and_is_not_green() -> None:
    found = read(Subject("empty", []))
    assert "Nothing was judged." in found.text
    assert "unknown" in (found.of_class("top")[0]["class"] or "")


def test_a_run_that_broke_off_says_its_cause() -> None:
    ending = Ending(trouble="Prometheus died\n  the last lines")
    found = read(Subject("broken", [verdict()], ending))
    assert "The run broke off. Prometheus died" in found.text
    assert "unknown" in (found.of_class("top")[0]["class"] or "")


def test_a_run_that_was_cut_off_in_the_middle_has_a_page(tmp_path: Path) -> None:
    folder = copy("drill", tmp_path)
    text = (folder / "history.jsonl").read_text(encoding="utf-8")
    (folder / "history.jsonl").write_text(text[: len(text) // 2], encoding="utf-8")
    found = read(subject_of(folder))
    assert "the history has no end: the run was killed" in found.text


def test_a_run_of_an_older_schema_has_the_verdicts_of_its_report(tmp_path: Path) -> None:
    header = {"history": 1, "run": "old", "monotonic": 0.0, "epoch": 0.0}
    (tmp_path / "history.jsonl").write_text(json.dumps(header) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="a history of version 1"):
        subject_of(tmp_path)
    write(Report(tmp_path, [verdict("metric/old/exact", Outcome.FAIL)]))
    document = {"verdicts": [verdict("metric/old/exact", Outcome.FAIL).as_json()]}
    (tmp_path / "report.json").write_text(json.dumps(document), encoding="utf-8")
    assert [row["id"] for row in read(subject_of(tmp_path)).of_class("claim")] == ["metric/old/exact"]


def test_a_history_that_was_edited_changes_the_page(tmp_path: Path) -> None:
    folder = copy("green", tmp_path)
    text = (folder / "history.jsonl").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if '"kind":"boundary"' in line)
    (folder / "history.jsonl").write_text(text.replace(line, line.replace("true", "false")), encoding="utf-8")
    before, after = (page(made).partition("<main>")[0] for made in (subject("green"), subject_of(folder)))
    assert 'href="#alert/ShopErrors/boundary"' not in before
    assert 'href="#alert/ShopErrors/boundary"' in after


def test_claims_that_changed_since_the_run_before_are_told_the_worse_ones_first() -> None:
    rows = [verdict("a/x"), verdict("b/x", Outcome.FAIL), verdict("c/x"), verdict("new/x", Outcome.UNKNOWN)]
    before = Past("drill-1", {"a/x": "fail", "b/x": "pass", "c/x": "pass", "gone/x": "pass"}, 12.0, 1)
    flips = earlier.flips(before, rows)
    assert [(flip.claim, flip.before, flip.now) for flip in flips] == [
        ("b/x", "pass", "fail"),
        ("new/x", "", "unknown"),
        ("a/x", "fail", "pass"),
        ("gone/x", "pass", ""),
    ]
    text = read(Subject("drill-2", rows, earlier=[before])).text
    assert "Changed since drill-1" in text
    assert (
        "No claim changed since same"
        in read(Subject("two", [verdict("a/x")], earlier=[Past("same", {"a/x": "pass"})])).text
    )


def test_a_claim_that_was_not_the_same_in_all_runs_has_its_course() -> None:
    rows = [verdict("a/x"), verdict("b/x"), verdict("c/x"), verdict("new/x", Outcome.FAIL)]
    runs = [
        Past("4", {"a/x": "pass", "b/x": "fail", "c/x": "not verified"}),
        Past("3", {"a/x": "pass", "c/x": "pass"}),
        Past("2", {"a/x": "pass", "b/x": "fail", "c/x": "not verified"}),
        Past("1", {"a/x": "pass", "b/x": "pass"}),
    ]
    assert earlier.unsteady(runs, rows) == [
        earlier.Unsteady("b/x", (("pass", 1), ("fail", 2), ("pass", 1))),
        earlier.Unsteady("c/x", (("not verified", 1), ("pass", 1), ("not verified", 1), ("pass", 1))),
    ]
    assert earlier.unsteady(runs[:1], rows) == []
    text = read(Subject("5", rows, earlier=runs)).text
    assert "Not the same in the last 5 runs" in text
    assert "fail ×2" in text


def test_runs_of_the_same_kind_are_found_the_newest_first_and_kept(tmp_path: Path) -> None:
    for name in ("drill-1", "drill-2", "drill-4", "20260101", "load-root-1"):
        write(Report(tmp_path / _made(tmp_path / name), [verdict()]))
        document = {"run": {"seconds": 3.0}, "exit_status": 0, "verdicts": [verdict().as_json()]}
        (tmp_path / name / "report.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "drill-0").mkdir()
    _made(tmp_path / "drill-3")
    write(Report(tmp_path / "drill-3", [verdict()]))
    kept = earlier.kept(tmp_path / "drill-3")
    assert [run.name for run in kept] == ["drill-2", "drill-1"]
    assert kept[0] == Past("drill-2", {"metric/up/exact": "pass"}, 3.0, 0)


def test_latest_leads_to_the_newest_run_and_replaces_no_folder(tmp_path: Path) -> None:
    for name in ("1", "2"):
        link(_made(tmp_path / name))
        assert (tmp_path / "latest").resolve() == tmp_path / name
    (tmp_path / "other" / "latest").mkdir(parents=True)
    link(_made(tmp_path / "other" / "1"))
    assert not (tmp_path / "other" / "latest").is_symlink()


def test_durations_are_those_that_people_read() -> None:
    assert [duration(seconds) for seconds in (0.04, 59.94, 71, 3700)] == [
        "0.0 s",
        "59.9 s",
        "1 min 11 s",
        "1 h 1 min",
    ]


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder


def test_a_comparison_tells_which_thresholds_moved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    green, red = copy("green", tmp_path), copy("red", tmp_path)
    assert report_again({"folder": str(red), "against": green, "serve_metrics": None, "plugins": []}) == 0
    text = Reader((red / "index.html").read_text(encoding="utf-8")).text
    assert "Changed since green" in text
    assert "ShopErrors > 0.2 for 1m > 0.3 for 1m" in text
    assert "alert/ShopErrors/boundary pass fail" in text
    assert capsys.readouterr().out == f"{red / 'index.html'}\n"


def test_times_that_moved_beyond_the_noise_are_told_and_others_are_not() -> None:
    evidence = subject("drill").evidence
    assert evidence is not None
    assert moved(evidence, evidence) == []
    later = History(
        evidence.history.run, 0.0, evidence.history.epoch, list(map(_later, evidence.history.records))
    )
    found = moved(evidence, Evidence(evidence.contract, later))
    assert [change.what for change in found] == ["drill HighMemoryUsage, webhook"]
    assert found[0].now.startswith("7.88 s")


def _later(record: Record[Any]) -> Record[Any]:
    """A record of a run in which the firing alert was delivered two seconds later."""
    if not isinstance(record.data, Delivery) or record.data.body["status"] != "firing":
        return record
    told = record.data.body["alerts"][0]["labels"]["alertname"] == "HighMemoryUsage"
    return Record(record.number, record.t + 2.0 * told, record.data)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("route=\u202emoc.live/", "route=\\u202emoc.live/"),
        ("a\u2066b\u2069c", "a\\u2066b\\u2069c"),
        ('route="/مرحبا بك": 100', 'route="/\u2068مرحبا بك\u2069": 100'),
        ("a שלום <b> 1", "a \u2068שלום\u2069 <b> 1"),
        ("plain ü 漢字", "plain ü 漢字"),
    ],
)
def test_letters_that_go_from_right_to_left_turn_nothing_but_themselves(text: str, shown: str) -> None:
    found = read(Subject("one", [verdict("metric/up/exact", Outcome.FAIL, text)]))
    assert shown in found.text


def test_an_id_keeps_its_letters_where_its_text_has_them_written_out() -> None:
    found = read(Subject("one", [verdict("metric/\u202eمرحبا/exact", Outcome.FAIL)]))
    assert [row["id"] for row in found.of_class("claim")] == ["metric/\u202eمرحبا/exact"]
    assert "metric/\\u202e\u2068مرحبا\u2069/exact" in found.text


def test_what_a_killed_run_left_open_is_told_once(tmp_path: Path) -> None:
    folder = copy("red", tmp_path)
    text = (folder / "history.jsonl").read_text(encoding="utf-8")
    (folder / "history.jsonl").write_text(text[: len(text) // 2], encoding="utf-8")
    made = subject_of(folder)
    left = [claim for claim in made.verdicts if claim.outcome is Outcome.UNKNOWN]
    assert len(left) > 10
    assert all(claim.symptom for claim in left)
    broken, *others = causes(made)
    assert broken.title == "the history has no end: the run was killed"
    assert {*broken.claims} == {*left}
    assert [block.outcome for block in others] == [Outcome.FAIL]


def test_a_run_that_does_not_say_how_long_it_lasted_did_until_its_last_phase_was_over(tmp_path: Path) -> None:
    phases = [
        {"name": "traffic", "begin": 2.0, "seconds": 40.5},
        {"name": "drill", "begin": 30.0, "seconds": 26.0},
        {"name": "at rest", "begin": 56.0, "seconds": 10.5},
    ]
    document = {"run": {"id": "1"}, "exit_status": 0, "phases": phases, "verdicts": [verdict().as_json()]}
    (tmp_path / "report.json").write_text(json.dumps(document), encoding="utf-8")
    assert [run.seconds for run in earlier.past(tmp_path)] == [66.5]


def test_the_report_of_a_run_says_how_long_it_lasted(tmp_path: Path) -> None:
    made = subject("red")
    write_json_file(Report(tmp_path, made.verdicts, evidence=made.evidence))
    (past,) = earlier.past(tmp_path)
    assert past.seconds == pytest.approx(34.05, abs=0.01)
    document = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert document["run"]["seconds"] == pytest.approx(34.05, abs=0.01)


@pytest.mark.parametrize("name", ["green", "red", "lane"])
def test_every_pass_and_fail_has_its_records_and_one_without_says_so(name: str) -> None:
    made = subject(name)
    assert BARE not in page(made)
    for outcome in (Outcome.PASS, Outcome.FAIL):
        bare = replace(made.verdicts[0], outcome=outcome, evidence=())
        assert BARE in page(replace(made, verdicts=[bare, *made.verdicts[1:]]))
    assert BARE not in page(Subject("of a load session", [replace(made.verdicts[0], evidence=())]))
