"""Every kind of finding about rules is seen in its example, and is silent about what its page says to write instead."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from promproof.findings.discover import discover
from promproof.findings.finding import Finding, Severity
from promproof.findings.judging import judge
from promproof.findings.kind import KINDS
from promproof.findings.setup import Knowledge

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
    types: dict[str, str] = {}
    if text.startswith("# types: "):
        first, text = text.split("\n", 1)
        types = yaml.safe_load(first.removeprefix("# types: "))
    for name, content in files_of(text).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    judged = judge(
        replace(discover([folder], folder), knowledge=Knowledge(types=types)),
        lambda rule: rule.startswith(("rule/", "file/")),
    )
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


@pytest.mark.parametrize(
    "expression",
    [
        "rate(a_total[5m]) / sum(rate(b_total[5m])) > 1",
        "sum by (instance) (a) / b > 1",
        "a > 1 and sum by (job) (b) > 1",
        "a > 1 unless sum by (job) (b) > 1",
        "a{mode='x'} + a{mode='y'} > 1",
        "a / on (job, instance) sum by (job) (b) > 1",
        "sum by (pod) (a{pod!=''}) / ignoring (job) sum by (job) (b) > 1",
    ],
)
def test_sides_that_share_no_label_set_are_found_once(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, alert(expression)) == ["rule/labels-never-match"]


@pytest.mark.parametrize(
    "expression",
    [
        "a / b > 1",
        "a / on (job) group_left () sum by (job) (b) > 1",
        "a / ignoring (instance) group_left () sum without (instance) (b) > 1",
        "job:a:rate5m / sum(b) > 1",
        "sum(a) / scalar(b) > 1",
        "a{mode='x'} + ignoring (mode) a{mode='y'} > 1",
        "a{mode='x'} or a{mode='y'}",
        "a > 1 and on () sum(b) > 1",
        "sum(a) > 1 and vector(1) > 0",
        "label_replace(a, 'instance', '', '', '') / sum by (job) (b) > 1",
        "ALERTS > 0 and sum(a)",
        "absent(a) and sum(b) > 1",
    ],
)
def test_sides_that_may_share_one_are_not(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, alert(expression)) == []


def test_labels_that_only_targets_give_are_a_warning(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, alert("a / sum(b) > 1"))
    assert finding.severity is Severity.WARNING
    (finding,) = found(tmp_path, alert("a{pod='x'} / sum(b) > 1"))
    assert finding.severity is Severity.ERROR


SHARE = "sum(rate(a_errors_total[5m])) / sum(rate(a_requests_total[5m]))"
QUANTILE = "histogram_quantile(0.9, sum by (le) (rate(http_request_seconds_bucket[5m])))"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (f"100 * {SHARE} > 0.05", "over 5% fail"),
        (f"{SHARE} > 5", "over 5 percent fail"),
        (f"{QUANTILE} > 500", "over 500ms"),
        (f"{QUANTILE} > 300", "slow"),
    ],
)
def test_a_threshold_in_another_unit_is_found(expression: str, text: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, alert(expression, f"annotations: {{summary: {text}}}"))
    assert (finding.rule, finding.severity) == ("rule/threshold-unit", Severity.WARNING)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (f"100 * {SHARE} > 0.05", "over 0.05% fail"),
        (f"100 * {SHARE} > 5", "over 5% fail"),
        (f"{SHARE} > 0.05", "over 5% fail"),
        (f"{QUANTILE} > 0.5", "over 500ms"),
        ("histogram_quantile(0.9, rate(backup_seconds_bucket[5m])) > 3600", "slow"),
        ("age_seconds > 86400", "old"),
    ],
)
def test_a_threshold_in_the_unit_of_the_value_is_not(expression: str, text: str, tmp_path: Path) -> None:
    seen = found(tmp_path, alert(expression, f"annotations: {{summary: {text}}}"))
    assert [finding.severity for finding in seen if finding.severity is not Severity.HINT] == []


def test_a_type_that_only_the_name_says_is_a_hint(tmp_path: Path) -> None:
    expression = "a_total > 100"
    assert [finding.severity for finding in found(tmp_path, expression)] == [Severity.HINT]
    (finding,) = found(tmp_path, f"# types: {{a_total: counter}}\n{expression}")
    assert (finding.rule, finding.severity) == ("rule/counter-level", Severity.WARNING)
    assert found(tmp_path, f"# types: {{a_total: gauge}}\n{expression}") == []


PAIR = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: {}\n  - alert: A\n    expr: {}\n"


@pytest.mark.parametrize(
    ("first", "second"),
    [("a > 1", "a > 5"), ("sum by (job) (a) > 1", "5 < sum(a) by (job)"), ("absent(a)", "absent(a)")],
)
def test_two_alerts_with_the_same_labels_are_found(first: str, second: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, PAIR.format(first, second))
    assert (finding.rule, finding.line) == ("rule/alert-twice", 6)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a > 5", "a < 1"),
        ("a > 1", "b > 1"),
        ("a{job='x'} > 1", "a{job='y'} > 5"),
        ("sum by (code) (a{code=~'4..'}) > 1", "sum by (code) (a{code=~'5..'}) > 1"),
    ],
)
def test_two_alerts_that_differ_or_are_never_true_together_are_not(
    first: str, second: str, tmp_path: Path
) -> None:
    assert ids(tmp_path, PAIR.format(first, second)) == []


def test_a_metric_that_is_recorded_in_parts_is_no_duplicate(tmp_path: Path) -> None:
    rule = "- record: job:a:sum\n  expr: sum by (job, code) (rate(a_total{code=~'CODE..'}[5m]))\n"
    assert ids(tmp_path, rule.replace("CODE", "2") + rule.replace("CODE", "5")) == []
    labelled = "- record: job:a:p\n  expr: max by (job) (a)\n  labels: {quantile: 'Q'}\n"
    assert ids(tmp_path, labelled.replace("Q", "0.5") + labelled.replace("Q", "0.9")) == []


def test_copies_of_a_rule_in_files_of_two_environments_are_no_duplicates(tmp_path: Path) -> None:
    rules = "groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n"
    assert ids(tmp_path, f"# dev/r.yml\n{rules}# prod/r.yml\n{rules}") == []


RUNBOOK = (
    "# rules/a.yml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n    annotations: {NAME: 'LINK'}\n"
    '# docs/run.md\n# Run\n## API is down\n<a name="old"></a>\n## API is down\n'
)


@pytest.mark.parametrize("link", ["docs/run.md#api", "docs/runs.md", "../docs/run.md#api-is-down-2"])
def test_a_link_to_no_page_or_no_heading_is_found(link: str, tmp_path: Path) -> None:
    text = RUNBOOK.replace("NAME", "runbook_url").replace("LINK", link)
    assert ids(tmp_path, text) == ["rule/runbook-lost"]


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("runbook_url", "docs/run.md#api-is-down"),
        ("runbook_url", "../docs/run.md#api-is-down-1"),
        ("runbook_url", "docs/run.md#old"),
        ("runbook_url", "https://github.com/shop/api/blob/main/docs/gone.md#x"),
        ("runbook_url", "docs/{{ $labels.job }}.md"),
        ("runbook_url", "/docs/run.md#gone"),
        ("runbook_url", "docs/run#gone"),
        ("description", "see run.md"),
    ],
)
def test_a_link_that_works_or_is_not_surely_local_is_not(name: str, link: str, tmp_path: Path) -> None:
    assert ids(tmp_path, RUNBOOK.replace("NAME", name).replace("LINK", link)) == []


def test_the_address_of_a_file_in_the_own_repository_is_local(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text('[remote "origin"]\n\turl = git@github.com:shop/api.git\n')
    text = RUNBOOK.replace("NAME", "runbook")
    address = "https://github.com/shop/api/blob/release/1.0/docs/run.md"
    assert ids(tmp_path, text.replace("LINK", f"{address}#api-is-down")) == []
    assert ids(tmp_path, text.replace("LINK", f"{address}#gone")) == ["rule/runbook-lost"]
    assert ids(tmp_path, text.replace("LINK", address.replace("/api/", "/web/") + "#gone")) == []
