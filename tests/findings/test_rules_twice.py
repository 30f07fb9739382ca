"""Rules that can't be told apart, and links to runbooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.findings.ruletexts import found, ids

pytestmark = pytest.mark.unit

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
def test_two_alerts_that_differ_or_exclude_each_other_are_no_duplicates(
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
        ("runbook_url", "docs/run.md#API--is-down_1"),
        ("runbook_url", "https://github.com/shop/api/blob/main/docs/gone.md#x"),
        ("runbook_url", "docs/{{ $labels.job }}.md"),
        ("runbook_url", "/docs/run.md#gone"),
        ("runbook_url", "docs/run#gone"),
        ("description", "see run.md"),
    ],
)
def test_a_link_that_works_or_may_not_be_local_is_no_finding(name: str, link: str, tmp_path: Path) -> None:
    assert ids(tmp_path, RUNBOOK.replace("NAME", name).replace("LINK", link)) == []


def test_the_address_of_a_file_in_the_own_repository_is_local(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text('[remote "origin"]\n\turl = git@github.com:shop/api.git\n')
    text = RUNBOOK.replace("NAME", "runbook")
    address = "https://github.com/shop/api/blob/release/1.0/docs/run.md"
    assert ids(tmp_path, text.replace("LINK", f"{address}#api-is-down")) == []
    assert ids(tmp_path, text.replace("LINK", f"{address}#gone")) == ["rule/runbook-lost"]
    assert ids(tmp_path, text.replace("LINK", address.replace("/api/", "/web/") + "#gone")) == []
