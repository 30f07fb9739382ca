"""The commands that findings show work as they are, in a shell; the kinds are those of the program."""

from __future__ import annotations

import io
import json
import shlex
from pathlib import Path

import pytest

from promproof.cli.program import main

pytestmark = pytest.mark.unit


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the command."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_command_for_the_standard_input_reads_the_pipe_again(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    resource = "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: first}\nspec:\n"
    rules = "groups:\n- {name: a, rules: [{alert: A, expr: up == 0, for: soon}]}\n"
    text = resource + "".join(f"  {line}\n" for line in rules.splitlines())
    for given, command in (
        (rules, "... | promtool check rules /dev/stdin"),
        (text, "... | promtool check rules <(yq .spec /dev/stdin)"),
        (
            "apiVersion: v1\nkind: List\nitems:\n- "
            + "".join(f"{'  ' * bool(number)}{line}\n" for number, line in enumerate(text.splitlines())),
            "... | promtool check rules <(yq '.items[0].spec' /dev/stdin)",
        ),
        (
            f"{text}---\n{{apiVersion: v1, kind: Service}}\n",
            "... | promtool check rules <(yq 'select(.metadata.name == \"first\") | .spec' /dev/stdin)",
        ),
    ):
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        assert main(["check", "-", "--format", "json"]) == 1
        (finding,) = json.loads(capsys.readouterr().out)["findings"]
        assert finding["see"] == command


def test_a_command_takes_names_and_queries_as_a_shell_needs_them(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = " + ".join(f'rate(requests_{number}_total{{code=~"5.."}}[5m])' for number in range(9))
    (here / "my rules.yml").write_text(
        "groups:\n- name: a\n  rules:\n  - {alert: A, expr: up == 0, for: soon}\n"
        f"  - alert: B\n    expr: |\n      # what fails\n      {long} >= 0\n"
        "  - {alert: C, expr: 'count(up{job=''a'',env=\"b\"}) >= 0'}\n"
    )
    assert main(["check", "my rules.yml", "--format", "json"]) == 1
    seen = [finding["see"] for finding in json.loads(capsys.readouterr().out)["findings"]]
    assert seen[0] == "promtool check rules 'my rules.yml'"
    assert [shlex.split(command)[-1] for command in seen[1:]] == [
        f"{long} >= 0",
        "count(up{job='a',env=\"b\"}) >= 0",
    ]


def test_a_watchdog_may_be_true_whatever_the_data_are(here: Path) -> None:
    for name, status in (("Watchdog", 0), ("DeadMansSwitch", 0), ("Down", 1)):
        (here / "w.yml").write_text(
            f"groups:\n- name: a\n  rules:\n  - {{alert: {name}, expr: count(up) >= 0}}\n"
        )
        assert main(["check", "w.yml"]) == status


def test_a_monitor_is_refused_by_the_operator_not_by_prometheus(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "monitor.yml").write_text(
        "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: app}\n"
        "spec: {selector: {}, endpoints: [{port: http, interval: 1m, scrapeTimeout: 2m}]}\n"
    )
    assert main(["check", "--format", "json"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["effect"] == "the operator leaves the whole resource out"
    assert finding["see"] == "kubectl logs deploy/prometheus-operator | grep app"
