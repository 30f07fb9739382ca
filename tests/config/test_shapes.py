"""Rule files and configurations: what the programs take is taken, and a wrong type has file, line and key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from promproof.config.folder import read_folder
from promproof.config.rules import read
from promproof.config.yamlfile import load
from promproof.errors import InputError
from promproof.places import DEFAULT_MONITORING
from promproof.run.static import receiver_urls

pytestmark = pytest.mark.unit
RULE = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rules.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "hold", "labels"),
    [
        (RULE + "    for:\n", 0, {}),
        (RULE + "    labels:\n    annotations:\n", 0, {}),
        (
            RULE + "    labels: {a: 1, b: yes, c: 2024-01-02, d: true, e: , f: 1.10}\n",
            0,
            {"a": "1", "b": "yes", "c": "2024-01-02", "d": "true", "f": "1.10"},
        ),
        (RULE + "    for: 1h30m\n- name: empty\n  rules:\n- name: none\n", 5400, {}),
        (RULE + "  labels: {team: x, tier: 1}\n".replace("  l", "    l", 1), 0, {"team": "x", "tier": "1"}),
        (
            RULE.replace("  rules:", "  labels: {team: x, tier: 2}\n  rules:") + "    labels: {tier: 1}\n",
            0,
            {"team": "x", "tier": "1"},
        ),
        ("x: &x {severity: page}\n" + RULE + "    labels: {<<: *x}\n", 0, {"severity": "page"}),
        (RULE + "---\ngroups: 5\n", 0, {}),
    ],
    ids=[
        "for blank",
        "labels blank",
        "types",
        "empty groups",
        "labels",
        "group labels",
        "merge",
        "documents",
    ],
)
def test_a_rule_file_that_prometheus_takes_is_read(
    tmp_path: Path, text: str, hold: float, labels: dict[str, str]
) -> None:
    (rule,) = read([load(written(tmp_path, text), "a rule file")])
    assert (rule.name, rule.hold, rule.labels) == ("A", hold, labels)


@pytest.mark.parametrize("text", ["groups:\n", "", "# nothing\n", "groups: []\n"])
def test_a_rule_file_without_rules_is_no_mistake(tmp_path: Path, text: str) -> None:
    assert read([load(written(tmp_path, text), "a rule file")]) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RULE + "    labels: [severity, page]\n", "6: groups[g].rules[A].labels: expected keys and values"),
        (RULE + "    for: 1 minute\n", "6: groups[g].rules[A].for: '1 minute' is not a duration"),
        (RULE + "    for: 300y\n", "6: groups[g].rules[A].for: '300y' is over 292 years"),
        (RULE + "    labels: {a: {b: c}}\n", "6: groups[g].rules[A].labels.a: expected text, found"),
        (RULE + "  - just text\n", "6: groups[g].rules[1]: expected keys and values, found 'just text'"),
        (RULE + "  -\n", "6: groups[g].rules[1]: expected keys and values, found nothing"),
        (RULE + "- just text\n", "6: groups[1]: expected keys and values, found 'just text'"),
        ("groups:\n- name: g\n  rules: text\n", "3: groups[g].rules: expected a list, found 'text'"),
        ("groups: {a: b}\n", "1: groups: expected a list"),
        ("groups:\n- name: g\n  rules: [{alert: A}]\n", "3: groups[g].rules[A].expr: missing"),
        ("groups:\n- rules: []\n", "2: groups[0].name: missing"),
        ("- a\n", "1: found a list at the top"),
    ],
)
def test_a_wrong_type_is_reported_with_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read([load(path, "a rule file")])
    assert str(caught.value).startswith(f"{path}:{message}")


def test_a_second_document_is_a_finding(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEFAULT_MONITORING, tmp_path / "monitoring"))
    path = folder / "prometheus" / "rules" / "http.yml"
    lines = path.read_text(encoding="utf-8").count("\n")
    path.write_text(path.read_text(encoding="utf-8") + "---\ngroups: []\n", encoding="utf-8")
    (finding,) = [found for found in read_folder(folder).findings if "document" in found.message]
    assert str(finding).startswith(f"prometheus/rules/{path.name}, line {lines + 1}: a second YAML document")


def test_receivers_of_any_spelling_give_their_urls(tmp_path: Path) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(
        "receivers:\n- name: 1\n  webhook_configs:\n- {name: b, webhook_configs: [{url: http://x}, {}]}\n"
    )
    assert receiver_urls(path) == {"1": [], "b": ["http://x", ""]}
    path.write_text("receivers:\n- {name: a, slack_configs: text}\n- {webhook_configs: []}\n")
    with pytest.raises(InputError, match=r"alertmanager.yml:3: receivers\[1\].name: missing"):
        receiver_urls(path)
