"""Small set-ups from real trouble with rules: each says what it should, and those that only look odd say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.findings.discover import discover
from promproof.findings.judging import judge

pytestmark = pytest.mark.unit
CASES = Path(__file__).parent / "cases"
RULES = "kiosk.rules.yml"
EXPECTED = {
    "alert-window-one-scrape": ["rule/window-too-short:5"],
    "alert-without-le": ["rule/le-dropped:10"],
    "anchors-and-merge": [],
    "alert-with-traffic-guard": [],
    "by-nothing": [],
    "first-failure-born-late": ["rule/first-event-unseen:5"],
    "for-is-bad": ["rule/refused-duration:6"],
    "for-left-blank": [],
    "group-null-rules": [],
    "keep-firing": [],
    "labels-is-list": ["rule/refused-shape:7"],
    "many-to-many": ["rule/many-to-many:5"],
    "native-histogram": [],
    "only-in-office-hours": [],
    "quantile-of-recording-rule": [],
    "recording-rule-in-later-group": ["rule/recorded-in-later-group:5"],
    "rule-is-text": ["rule/refused-shape:9"],
    "rule-with-null-labels": [],
    "rules-list-of-text": ["rule/refused-shape:9"],
    "rules-mounted-by-compose": [],
    "rules-without-for-key": [],
    "two-documents": ["file/second-document:10"],
    "typo-in-undocumented-alert": [
        "rule/le-dropped:10",
        "rule/quantile-range:10",
        "rule/window-too-short:10",
    ],
}


def said(folder: Path) -> list[str]:
    judged = judge(discover([folder], folder), lambda rule: rule.startswith(("rule/", "file/")))
    assert not judged.unjudged
    return [f"{finding.rule}:{finding.line}" for finding in judged.findings]


@pytest.mark.parametrize("name", EXPECTED)
def test_each_case_has_exactly_its_findings(name: str) -> None:
    assert said(CASES / name) == EXPECTED[name]


def test_every_case_is_judged() -> None:
    assert {path.name for path in CASES.iterdir()} == set(EXPECTED)


def test_rules_that_a_compose_file_mounts_are_known_to_be_loaded() -> None:
    setup = discover([CASES / "rules-mounted-by-compose"])
    assert all(group.prometheuses for group in setup.groups)


@pytest.mark.parametrize(
    ("name", "expected"), [("alert-without-le", ["rule/le-dropped:10"]), ("rules-without-for-key", [])]
)
def test_files_of_a_windows_editor_have_the_same_findings(
    name: str, expected: list[str], tmp_path: Path
) -> None:
    for file in (CASES / name).iterdir():
        text = file.read_bytes().replace(b"\n", b"\r\n")
        (tmp_path / file.name).write_bytes(b"\xef\xbb\xbf" + text)
    assert said(tmp_path) == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"Too many refusals", "zurückgewiesen".encode("latin-1")), (b"      - alert", b"\t- alert")],
)
def test_a_file_that_prometheus_can_not_read_is_the_only_finding(
    old: bytes, new: bytes, tmp_path: Path
) -> None:
    text = (CASES / "alert-without-le" / RULES).read_bytes()
    (tmp_path / RULES).write_bytes(text.replace(old, new))
    (finding,) = said(tmp_path)
    assert finding.startswith("file/unreadable:")
