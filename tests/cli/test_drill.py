"""The command: bad input ends with 4 before anything starts, and names its place."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from promproof.cli import drill, drilllist
from promproof.cli.program import main
from promproof.drills.drill import load_folder
from promproof.errors import InputError
from promproof.places import DEFAULT_MONITORING, DRILLS

pytestmark = pytest.mark.unit
HIGH = "high-error-rate.yaml"


def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    reports = tmp_path / "reports"
    assert main(["drill", *arguments, "--reports", str(reports)]) == 4
    assert not reports.exists()
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def drills(tmp_path: Path, before: str, after: str) -> Path:
    folder = tmp_path / "drills"
    folder.mkdir()
    shutil.copy(DRILLS.parent / "steady.yaml", tmp_path)
    text = (DRILLS / HIGH).read_text(encoding="utf-8")
    assert before in text
    (folder / HIGH).write_text(text.replace(before, after, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Nothing"], "no drill is called 'Nothing'"),
        (["SlowRespones"], "; did you mean SlowResponses?"),
        (["--sideways"], "there is no option --sideways"),
        (["--time-scale", "fast"], "is not a valid float"),
        (["--time-scale", "0.5"], "time scale 0.5 is not possible"),
        (["--time-scale", "1e6"], "time scale"),
        (["--time-scale", "150", "SlowResponses"], "half"),
        (["--stack", "swarm"], "there is no backend 'swarm'"),
        (["--binary", "prometheus"], "names no file"),
        (["--drills", "nowhere"], "no drill is there"),
        (["--monitoring", "nowhere"], "no Prometheus configuration"),
        (["--app", "x", "--target", "http://127.0.0.1:1"], "exclude each other"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert words in refused(tmp_path, capsys, *arguments)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("alert: HighErrorRate", "alert: HighErrorRates", "alert 'HighErrorRates' is not in the contract"),
        ("below: 0.045", "below: 0.051", "do not enclose"),
        ("rate: 140.0", "rate: 14.0", "127 or more"),
        ("below: 0.045", "below: 0.045\nbellow: 1", "unknown key"),
        ("below: 0.045", "below: 0.045\nreceivers: [pager]", "receiver 'pager'"),
        ("may: [", "may: [Nothing, ", "alert 'Nothing'"),
        ("  kind: errors", "  kind: http\n  apply: {url: 'http://127.0.0.1:1/'}", "undo: missing"),
        ("../steady.yaml", "../nowhere.yaml", "cannot be read"),
    ],
)
def test_a_drill_that_cannot_be_is_refused_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], before: str, after: str, words: str
) -> None:
    said = refused(tmp_path, capsys, "--time-scale", "60", "--drills", str(drills(tmp_path, before, after)))
    assert words in said
    assert re.search(r"\.yaml(:\d+)?: ", said)


def test_a_drill_of_an_alert_that_no_rule_has_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "monitoring"
    shutil.copytree(DEFAULT_MONITORING, folder)
    path = folder / "prometheus" / "rules" / "http.yml"
    path.write_text(path.read_text().replace("alert: HighErrorRate", "alert: Other"))
    said = refused(tmp_path, capsys, "HighErrorRate", "--monitoring", str(folder))
    assert "is not in the rule files" in said
    assert re.search(r"high-error-rate\.yaml:\d+", said)


def test_a_name_chooses_the_drill_of_that_name() -> None:
    shipped = load_folder(DRILLS)

    def names(*given: str, every: bool = False) -> list[str]:
        return [chosen.plan.name for chosen in drill.select(shipped, given, every)]

    assert len(names()) == 6
    assert len(names(every=True)) == 27
    assert {drill.plan.name for drill in shipped} - {*names(every=True)} == {
        "DiskWillFill",
        "ErrorBudgetBurn",
        "ErrorBudgetSlowBurn",
    }
    assert names("ErrorBudgetBurn") == ["ErrorBudgetBurn"]
    assert names("ServiceDown") == ["ServiceDown"]
    assert names("ServiceDownHanging", "ServiceDownHanging") == ["ServiceDownHanging"]
    with pytest.raises(InputError):
        names("servicedown")


def test_the_list_names_every_drill(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drill", "--list"]) == 0
    said = capsys.readouterr().out
    assert all(drill.plan.name in said for drill in load_folder(DRILLS))


def test_the_list_says_of_each_drill_what_is_played() -> None:
    played = [
        (drill.plan.name, drill.plan.description, drill.default, drill.plan.by_name)
        for drill in load_folder(DRILLS)
    ]
    assert drilllist.listed(DRILLS) == played


@pytest.mark.parametrize(
    "change",
    [
        ("drill: 1", "drill: 2"),
        ("name: HighCPUUsage", "name: High CPU"),
        ("name: HighCPUUsage", "name: yes"),
        ("fault: {", "fault: [{"),
        ("fault: {kind: cpu, cpus: 16}", "fault: cpu"),
        ("alert:", "alerts:"),
    ],
    ids=["version", "name", "boolean", "yaml", "fault", "alert"],
)
def test_a_file_that_is_no_drill_is_refused_by_the_list(
    change: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (DRILLS / "high-cpu-usage.yaml").read_text(encoding="utf-8")
    (tmp_path / "drill.yaml").write_text(text.replace(*change), encoding="utf-8")
    assert main(["drill", "--list", "--drills", str(tmp_path)]) == 4
    assert "drill.yaml" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["HighErrorRate", "--target", "http://127.0.0.1:1"], "needs the target's fault port"),
        (["ServiceDown", "--app", "server {port}"], "needs the target's fault port"),
        (
            [
                "ServiceDownHanging",
                "--target",
                "http://127.0.0.1:1",
                "--fault-url",
                "http://127.0.0.1:2",
                "--fault-token",
                "t",
            ],
            "this run has not started it",
        ),
        (
            ["HighCPUUsage", "--target", "http://127.0.0.1:1", "--prometheus", "http://127.0.0.1:2"],
            "a stack that the run has started",
        ),
        (
            ["AlertmanagerRestarts", "--target", "http://127.0.0.1:1", "--prometheus", "http://127.0.0.1:2"],
            "a stack that the run has started",
        ),
    ],
)
def test_a_fault_that_this_run_cannot_make_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert words in refused(tmp_path, capsys, *arguments)
