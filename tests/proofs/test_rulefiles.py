"""What can't be read of a rule file is a line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.proofs.rulefiles import TEMPLATED, read

pytestmark = pytest.mark.unit


def test_a_group_that_is_none_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text("groups:\n- 5\n- name: g\n  rules: [{alert: A, expr: a > 1}]\n", encoding="utf-8")
    found = read([file])
    assert [alert.name for alert in found.alerts] == ["A"]
    assert found.problems == [f"{file}:2: a group that has no keys"]


@pytest.mark.parametrize(
    ("text", "is_told"), [("{{- range . }}\n- name: {{ . }}\n", True), ("\t- name: a\n", False)]
)
def test_a_file_of_templates_is_to_be_rendered(tmp_path: Path, text: str, is_told: bool) -> None:
    file = tmp_path / "rules.yml"
    file.write_text("groups:\n" + text, encoding="utf-8")
    (problem,) = read([file]).problems
    assert "not YAML" in problem
    assert problem.endswith(TEMPLATED) == is_told
