"""Every kind of change on a small file: what differs is what was meant, and nothing else."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from promproof.catalogue.changing import changed, times
from promproof.catalogue.model import Change
from promproof.catalogue.planting import difference

pytestmark = pytest.mark.unit
RULES = """\
    groups:
      - name: http  # requests
        rules:
          - alert: Errors
            expr: |
              errors > 0.05
            for: 5m
            labels: {severity: critical, team: api}
          - record: job:errors
            expr: sum(errors)
    """


def lines(change: dict[str, Any], text: str = RULES, number: int = 0, *, is_harmless: bool = False) -> str:
    """What differs at the change's place of this number."""
    text = dedent(text)
    ways = list(changed(text, Change.model_validate(change), is_harmless=is_harmless))
    return dedent(difference(text, ways[number], "file")) if ways else "no place"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"at": "**.for", "times": 2}, "-        for: 5m\n+        for: 10m"),
        ({"at": "**.for", "drop": True}, "-        for: 5m"),
        ({"at": "**.for", "set": "1h"}, '-        for: 5m\n+        for: "1h"'),
        (
            {"at": "groups.*.rules.*[alert].expr", "find": r">\s*(\S+)", "times": 1.01},
            "-          errors > 0.05\n+          errors > 0.0505",
        ),
        (
            {"at": "groups.*.rules.*[alert].expr", "find": ">", "put": "<"},
            "-          errors > 0.05\n+          errors < 0.05",
        ),
        (
            {"at": "**.labels[severity=critical].severity", "set": "warning"},
            '-        labels: {severity: critical, team: api}\n+        labels: {severity: "warning", team: api}',
        ),
        (
            {"at": "**.labels.severity", "drop": True},
            "-        labels: {severity: critical, team: api}\n+        labels: {team: api}",
        ),
        (
            {"at": "**.labels.team", "drop": True},
            "-        labels: {severity: critical, team: api}\n+        labels: {severity: critical}",
        ),
        (
            {"at": "groups.*.rules.*[!alert]", "drop": True},
            "-      - record: job:errors\n-        expr: sum(errors)",
        ),
        (
            {"at": "groups.*.rules.*[alert!=Errors]", "twice": True},
            "+      - record: job:errors\n+        expr: sum(errors)",
        ),
        (
            {"at": "groups.*[!interval]", "add": {"interval": "1m"}},
            '-  - name: http  # requests\n+  - interval: "1m"\n+    name: http  # requests',
        ),
        (
            {"at": "**.labels", "add": {"page": True}},
            "-        labels: {severity: critical, team: api}\n"
            "+        labels: {page: true, severity: critical, team: api}",
        ),
        ({"find": r"\A", "put": "# read\n"}, "+# read"),
    ],
    ids=[
        "times",
        "drop",
        "set",
        "times within",
        "put",
        "set in a flow",
        "drop first",
        "drop last",
        "drop an entry",
        "twice",
        "add",
        "add in a flow",
        "whole text",
    ],
)
def test_a_change_does_what_it_says(change: dict[str, Any], expected: str) -> None:
    assert lines(change) == dedent(expected)


def test_two_entries_change_their_places() -> None:
    text = "routes:\n  - a: 1\n    b: 2\n  # the last\n  - c: 3\n"
    ways = list(changed(text, Change(at="routes.*", next=True)))
    assert ways == ["routes:\n  - c: 3\n  # the last\n  - a: 1\n    b: 2\n"]


def test_a_record_changes_its_place_with_what_reads_it_alone() -> None:
    text = "rules:\n  - record: a:b\n    expr: c\n  - record: d:e\n    expr: f\n  - alert: G\n    expr: d:e > 1\n"
    ways = list(changed(text, Change(at="rules.*[record]", next=True)))
    assert ways == [
        "rules:\n  - record: a:b\n    expr: c\n  - alert: G\n    expr: d:e > 1\n  - record: d:e\n    expr: f\n"
    ]


def test_json_keeps_its_quotes() -> None:
    text = '{"panels": [{"title": "CPU", "targets": [{"expr": "rate(a[5m])"}]}]}'
    assert list(changed(text, Change.model_validate({"at": "panels.*", "add": {"timeShift": "1d"}}))) == [
        '{"panels": [{"timeShift": "1d", "title": "CPU", "targets": [{"expr": "rate(a[5m])"}]}]}'
    ]
    put = Change(at="**.targets.*.expr", find="rate", put="irate")
    assert list(changed(text, put)) == [text.replace("rate(", "irate(")]


def test_each_place_is_a_change_of_its_own() -> None:
    text = "a: {for: 1m}\nb: {for: 2m}\n"
    assert list(changed(text, Change(at="*.for", times=2))) == [
        "a: {for: 2m}\nb: {for: 2m}\n",
        "a: {for: 1m}\nb: {for: 4m}\n",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"at": "**.for", "set": "5m"},
        {"at": "**.for", "times": 1},
        {"at": "**.absent", "drop": True},
        {"at": "**.labels", "add": {"severity": "info"}},
        {"at": "**.expr", "find": "errors", "put": "{errors: ["},
    ],
    ids=["the same value", "factor 1", "no such key", "a key that is there", "another file than before"],
)
def test_what_changes_nothing_is_refused(change: dict[str, Any]) -> None:
    found = lines(change)
    assert found == "no place" or "errors" in found


def test_another_order_is_a_change_only_where_harm_is_not_meant() -> None:
    change = {"at": "**.for", "next": True}
    assert lines(change) == "no place"
    assert lines(change, is_harmless=True) != "no place"


@pytest.mark.parametrize(
    ("written", "factor", "expected"),
    [
        ("5m", 2, "10m"),
        ("5m", 0.5, "2m30s"),
        ("0.05", 1.01, "0.0505"),
        ("8GB", 2, "16GB"),
        ("1", 1000, "1000"),
    ],
)
def test_a_number_keeps_its_unit(written: str, factor: float, expected: str) -> None:
    assert times(written, factor) == expected


def test_a_change_is_shown_without_the_password_of_a_url() -> None:
    before = "- url: http://ada:s3cr3tOfAda7@hooks:8080/a\n"
    assert difference(before, before.replace("8080", "8081"), "file").splitlines() == [
        "-- url: http://ada:<secret>@hooks:8080/a",
        "+- url: http://ada:<secret>@hooks:8081/a",
    ]
