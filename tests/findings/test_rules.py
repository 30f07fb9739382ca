"""Every kind of finding about rules is seen in its example, and is silent about what its page says to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promproof.findings.discover import discover
from promproof.findings.finding import Finding, Severity
from promproof.findings.judging import judge
from promproof.findings.kind import KINDS

pytestmark = pytest.mark.unit
NAMES = [name for name in KINDS.names() if name.startswith("rule/")]
_FILE = re.compile(r"^# (\S+\.(?:ya?ml|md))\n", re.MULTILINE)


def files_of(text: str) -> dict[str, str]:
    """The files of an example: an expression, some rules, a rule file, or several files, each under its name."""
    if _FILE.match(text):
        parts = _FILE.split(text)[1:]
        return dict(zip(parts[::2], parts[1::2], strict=True))
    if text.startswith("groups:"):
        return {"rules.yml": text}
    rules = text if text.startswith("- ") else f"- alert: Example\n  expr: |-\n    {text}"
    return {
        "rules.yml": "groups:\n- name: example\n  rules:\n"
        + "".join(f"  {line}\n" for line in rules.splitlines())
    }


def found(folder: Path, text: str) -> list[Finding]:
    for name, content in files_of(text).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    judged = judge(discover([folder], folder), lambda rule: rule.startswith(("rule/", "file/")))
    assert not judged.unjudged
    return list(judged.findings)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_found(name: str, tmp_path: Path) -> None:
    (finding,) = [finding for finding in found(tmp_path, KINDS.get(name).example) if finding.rule == name]
    assert finding.line
    assert all((finding.message, finding.effect, finding.todo, finding.see))


@pytest.mark.parametrize("name", NAMES)
def test_what_its_page_says_to_write_has_no_finding(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, KINDS.get(name).instead) == []


def alert(expression: str, *lines: str) -> str:
    return "\n".join((f"- alert: A\n  expr: |-\n    {expression}", *(f"  {line}" for line in lines)))


def ids(folder: Path, text: str) -> list[str]:
    return [finding.rule for finding in found(folder, text)]


SERVER = "# prometheus.yml\nglobal: {scrape_interval: 1m}\nrule_files: [r.yml]\n"
JOBS = "scrape_configs: [{job_name: slow}, {job_name: fast, scrape_interval: 10s}]\n"


def loaded(expression: str, jobs: str = JOBS, interval: str = "1m") -> str:
    group = f"groups:\n- name: a\n  interval: {interval}\n  rules:\n  - alert: A\n    expr: {expression}\n"
    return f"{SERVER}{jobs}# r.yml\n{group}"


@pytest.mark.parametrize(
    "expression",
    ["rate(a_total{job='slow'}[1m]) > 1", "delta(a{job=~'sl.*'}[90s]) > 1", "changes(a{job='slow'}[1m]) > 1"],
)
def test_a_window_is_judged_by_the_job_that_the_selector_names(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, loaded(expression)) == ["rule/window-too-short"]


@pytest.mark.parametrize(
    ("expression", "jobs"),
    [
        ("rate(a_total[1m]) > 1", JOBS),
        ("rate(a_total{job='fast'}[1m]) > 1", JOBS),
        ("rate(a_total{job='other'}[20s]) > 1", JOBS),
        ("max_over_time(a{job='slow'}[1m]) > 1", JOBS),
        ("rate(a_total{job='slow'}[1m]) > 1", JOBS.replace("10s", "10s, honor_labels: true")),
        (
            "rate(a_total{job='slow'}[1m]) > 1",
            JOBS.replace(
                "slow", "slow, relabel_configs: [{target_label: __scrape_interval__, replacement: 5s}]"
            ),
        ),
        ("rate(a_total[1m]) > 1", "scrape_configs: [{job_name: slow}]\nscrape_config_files: [more/*.yml]\n"),
        ("rate(a_total[1m]) > 1", ""),
    ],
)
def test_a_window_is_not_judged_where_a_faster_scrape_is_possible(
    expression: str, jobs: str, tmp_path: Path
) -> None:
    assert ids(tmp_path, loaded(expression, jobs)) == []


def test_a_window_that_holds_two_scrapes_now_and_then_is_a_warning(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, loaded("rate(a_total{job='slow'}[90s]) > 1"))
    assert finding.severity is Severity.WARNING
    assert "often holds one" in finding.message


def test_what_is_recorded_below_and_read_over_a_window_is_there_already(tmp_path: Path) -> None:
    record = "  - record: job:up:sum\n    expr: sum by (job) (up)\n"
    for expression in ("max_over_time(job:up:sum[1h]) == 0", "job:up:sum offset 5m == 0"):
        assert (
            ids(tmp_path, f"groups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expression}\n{record}")
            == []
        )


def test_a_metric_with_a_colon_may_come_from_another_server(tmp_path: Path) -> None:
    jobs = "scrape_configs: [{job_name: a, metrics_path: /federate}]\n"
    assert ids(tmp_path, loaded("job:up:sum == 0", jobs)) == []
    assert ids(tmp_path, loaded("job:up:sum == 0")) == ["rule/never-recorded"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("groups:\n- name: a\n  rules:\n  - just text\n", 4, "just text where a rule is expected"),
        ("groups:\n- just text\n", 2, "just text where a group is expected"),
        ("groups:\n- rules: []\n", 2, "a group without name"),
        ("groups:\n- name: a\n  rules: {a: b}\n", 3, "where a list of rules is expected"),
        ("- alert: A\n", 4, "the rule A without expr"),
        ("- expr: up\n", 4, "a rule without alert or record"),
        ("- record: a:b\n  alert: A\n  expr: up", 4, "a rule with `alert` and `record`"),
        ("- record: a:b\n  expr: up\n  for: 5m", 6, "`for` in a recording rule"),
        ("- alert: A\n  expr: up\n  labels: {__name__: c}", 6, "the label name '__name__'"),
        ("- alert: A\n  expr: up\n  labels: {a: [b]}", 6, "where a text is expected"),
    ],
)
def test_what_prometheus_refuses_is_said_with_its_line(
    text: str, line: int, said: str, tmp_path: Path
) -> None:
    (finding,) = [finding for finding in found(tmp_path, text) if finding.rule == "rule/refused-shape"]
    assert finding.line == line
    assert said in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "groups:\n- name: a\n  rules:\n- name: b\n",
        "- alert: A\n  expr: up\n  for:\n  labels:\n  annotations:",
        "- alert: A\n  expr: up == 0\n  labels: {a: 1, b: yes, c: 2024-01-02}",
        "groups:\n- name: a\n  partial_response_strategy: warn\n  rules: []\n",
        '- alert: A\n  expr: \'sum(rate({app="a"} |= "error" [5m])) > 1\'',
    ],
)
def test_what_prometheus_or_another_program_takes_is_not(text: str, tmp_path: Path) -> None:
    assert ids(tmp_path, text) == []
