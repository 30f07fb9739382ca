"""One fault of each fate, with a judge that reads a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.catalogue.folder import SetUp
from promproof.catalogue.judging import Red
from promproof.catalogue.model import HARMLESS, Catalogue, Family, Fault, catalogue
from promproof.catalogue.scoring import Fate, fresh, score
from promproof.catalogue.telling import WIDTH, data, text
from promproof.cli.faults import chosen, status
from promproof.errors import InputError
from promproof.report.lines import fitted

pytestmark = pytest.mark.unit
ROUTE = "route:\n  receiver: pager\n  group_wait: 30s\n  repeat_interval: 4h\n"


def fault(name: str, family: str = "alertmanager", **change: Any) -> Fault:
    return Fault.model_validate(
        {
            "id": name,
            "story": "Somebody sleeps.",
            "in": "alertmanager",
            "change": change,
            "fits": ["setting/*"],
            "says": "group_wait",
            "family": family,
        }
    )


FAULTS = (
    fault("wait", at="route.group_wait", times=2),
    fault("receiver", at="route.receiver", set="nobody"),
    fault("repeat", at="route.repeat_interval", times=2),
    fault("interval", at="route.group_interval", times=2),
    fault("broken", at="route.receiver", set="crash"),
    fault("comment", HARMLESS, find=r"\A", put="# read\n"),
    fault("quotes", HARMLESS, find="pager", put='"pager"'),
)


def judge(setup: SetUp) -> list[Red]:
    """Reads `group_wait` and `receiver`; a quoted receiver is taken for another one, which is a false alarm."""
    written = setup.files["alertmanager"][0].read_text(encoding="utf-8")
    if "crash" in written:
        raise ValueError("no answer")
    red = [Red("setting/route", "group_wait is not 30s")] if "group_wait: 30s" not in written else []
    red += [Red("alert/A/receivers", "goes elsewhere")] if "receiver: pager" not in written else []
    return [*red, Red("config/clean", "was red before")]


@pytest.fixture
def setup(tmp_path: Path) -> SetUp:
    file = tmp_path / "monitoring" / "alertmanager.yml"
    file.parent.mkdir()
    file.write_text(ROUTE, encoding="utf-8")
    return SetUp(tmp_path, file.parent, file.parent / "contract.yaml", {"alertmanager": (file,), "page": ()})


def test_each_fault_has_its_fate(setup: SetUp) -> None:
    results = score(FAULTS, setup, judge)
    assert {each.fault.id: each.fate for each in results} == {
        "wait": Fate.CAUGHT,
        "receiver": Fate.LUCK,
        "repeat": Fate.MISSED,
        "interval": Fate.NO_PLACE,
        "broken": Fate.UNKNOWN,
        "comment": Fate.QUIET,
        "quotes": Fate.ALARM,
    }
    assert results[0].red == (Red("setting/route", "group_wait is not 30s"),)
    assert results[0].diff == "-  group_wait: 30s\n+  group_wait: 60s"
    assert setup.files["alertmanager"][0].read_text(encoding="utf-8") == ROUTE


def test_what_was_red_before_is_no_new_finding() -> None:
    baseline = [Red("config/clean", "one file"), Red("rule/x", "a.yml: old", is_claim=False)]
    red = [
        Red("config/clean", "two files"),
        Red("rule/x", "a.yml: old", is_claim=False),
        Red("rule/x", "a.yml: new", is_claim=False),
    ]
    assert fresh(red, baseline) == [Red("rule/x", "a.yml: new", is_claim=False)]


def test_the_table_tells_what_was_missed_and_fits_the_terminal(setup: SetUp) -> None:
    results = score(FAULTS, setup, judge)
    known = Catalogue(
        {
            "alertmanager": Family(title="Alertmanager", about="", faults=FAULTS[:5]),
            HARMLESS: Family(title="harmless changes", about="", faults=FAULTS[5:]),
        }
    )
    shown = text(results, known, is_verbose=True)
    assert "alertmanager/repeat: Somebody sleeps." in shown
    assert "harmless changes: 2, false alarms: 1" in shown
    assert "+ group_wait: 60s" in shown
    assert max(map(len, fitted(shown, WIDTH).splitlines())) <= WIDTH
    told = json.loads(json.dumps(data(results, known)))
    assert told["score"] == pytest.approx(100 / 3)
    assert told["faults"][0]["fate"] == "caught"


def test_the_exit_status_knows_the_score_and_false_alarms(setup: SetUp) -> None:
    caught, missed = score(FAULTS[:1], setup, judge), score(FAULTS[2:3], setup, judge)
    alarm = score(FAULTS[6:], setup, judge)
    assert status(caught, 100) == 0
    assert status([*caught, *missed], 51) == 1
    assert status([*caught, *missed], 50) == 0
    assert status([*caught, *alarm], None) == 1
    assert status(score(FAULTS[3:4], setup, judge), None) == 2


def test_faults_are_chosen_by_class_name_and_pattern() -> None:
    known = catalogue()
    assert {fault.family for fault in chosen(known, ["page"])} == {"page"}
    assert [fault.name for fault in chosen(known, ["alerts/for-doubled"])] == ["alerts/for-doubled"]
    assert len(chosen(known, ["alerts/for-*"])) == 2
    with pytest.raises(InputError, match="no fault is called 'texst'"):
        chosen(known, ["texst"])
