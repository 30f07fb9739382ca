"""What its owner leaves out of a check: by a comment, by promproof.yaml, and by a file of known findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from promproof.cli.program import main
from promproof.config import yamlfile
from promproof.findings import comments
from promproof.findings.part import Document

pytestmark = pytest.mark.unit
IRATE = "irate(http_errors_total[5m]) > 5"
FILE = f"""groups:
- name: api
  rules:
  - alert: First
    expr: {IRATE}
  - alert: Second
    expr: |
      {IRATE}
    labels: {{severity: critical}}
- name: database
  rules:
  - alert: Third
    expr: {IRATE}
"""
COMMENT = "# promproof: ignore rule/irate-in-alert - it is watched by hand"
TARGET = {"refId": "A", "expr": "sum(a", "datasource": {"type": "prometheus", "uid": "p"}}
BOARD = {"title": "Board", "panels": [{"type": "stat", "title": "Panel", "targets": [TARGET]}]}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the command."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(capsys: pytest.CaptureFixture[str], *words: str, kind: str = "rule/irate-in-alert") -> Any:
    main(["check", "--format", "json", "--severity", "info", "--only", kind, *words])
    return json.loads(capsys.readouterr().out)


def lines(document: Any) -> list[int]:
    return [finding["line"] for finding in document["findings"]]


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ("", "", [5, 7, 13]),
        (f"    expr: {IRATE}\n  - alert: Sec", f"    expr: {IRATE}  {COMMENT}\n  - alert: Sec", [7, 13]),
        ("  - alert: First", f"  {COMMENT}\n  - alert: First", [8, 14]),
        ("  - alert: First", f"  - alert: First  {COMMENT}", [7, 13]),
        ("    expr: |", f"    expr: |  {COMMENT}", [5, 13]),
        ("    expr: |\n", f"    expr: |\n      {COMMENT}\n", [5, 14]),
        ("  - alert: Second", f"  {COMMENT}\n  # why\n\n  - alert: Second", [5, 16]),
        ("- name: api", f"{COMMENT}\n- name: api", [14]),
        ("groups:", f"groups:  {COMMENT}", []),
        ("groups:", f"{COMMENT}\n---\ngroups:", []),
        ("    labels: {", f"    {COMMENT}\n    labels: {{", [5, 7, 14]),
        ("groups:", f"{COMMENT.replace('ignore', 'ignore-file')}\ngroups:", []),
        ("", f"\n{COMMENT.replace('ignore', 'ignore-file')}", []),
        ("groups:", "groups:  # promproof: ignore rule/le-dropped, rule/irate-in-alert because", []),
        ("groups:", "groups:  # promproof: ignore rule", []),
        ("groups:", "groups:  # promproof: ignore rule/le-dropped", [5, 7, 13]),
    ],
    ids=[
        "no comment",
        "on the line",
        "above a rule",
        "on a rule's first line",
        "on a text's line",
        "in a text",
        "with other comments",
        "above a group",
        "on the top",
        "above the document",
        "above another key",
        "of the file",
        "of the file at its end",
        "with another id",
        "a family",
        "another id alone",
    ],
)
def test_a_comment_covers_what_begins_on_its_line_or_on_the_next(
    before: str, after: str, left: list[int], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = FILE.replace(before, after, 1) if before else FILE + after + "\n"
    (here / "rules.yml").write_text(text, encoding="utf-8")
    document = checked(capsys)
    assert lines(document) == left
    assert document["left_out"] == 3 - len(left)


def test_a_comment_of_one_document_covers_nothing_of_another(here: Path) -> None:
    text = f"a: {{b: 1}}\n---\n{COMMENT}\nc:\n- d\n- e\n---\nf: 1\n"
    documents = [
        Document("x.yml", parsed.data, parsed.lines, number, text)
        for number, parsed in enumerate(yamlfile.documents(text))
    ]
    ((suppression,), wrong) = comments.read(documents)
    assert (suppression.first, suppression.last, wrong) == (4, 7, ())


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# promproof: ignore rule/irate-in-alerts", "did you mean rule/irate-in-alert"),
        ("# promproof: ignore - no id", "no kind of finding is named"),
        ("# promproof: disable rule/irate-in-alert", "'disable' is no word of these comments"),
        ("# promproof: ingore rule/irate-in-alert", "did you mean ignore"),
    ],
    ids=["id", "no id", "word", "typing error"],
)
def test_a_suppression_that_leaves_nothing_out_is_found(
    comment: str, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "rules.yml").write_text(f"{comment}\n{FILE}", encoding="utf-8")
    (finding,) = checked(capsys, kind="file/wrong-suppression")["findings"]
    assert said in finding["message"]
    assert finding["line"] == 1


def test_a_suppression_of_no_use_is_found_and_a_used_one_is_not(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = FILE.replace(
        "- name: api", f"{COMMENT}, rule/le-dropped\n- name: api".replace(" - it is watched by hand", "")
    )
    (here / "rules.yml").write_text(text, encoding="utf-8")
    (finding,) = checked(capsys, kind="file/unused-suppression")["findings"]
    assert finding["message"] == "rule/le-dropped is left out here, and is not found"
    assert finding["line"] == 2


def test_a_comment_that_only_mentions_promproof_is_no_suppression(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "rules.yml").write_text(f"# promproof finds this: ignore it\n{FILE}", encoding="utf-8")
    assert checked(capsys, kind="file/wrong-suppression")["findings"] == []


@pytest.mark.parametrize(
    ("entry", "left"),
    [
        ("{id: rule/irate-in-alert}", 0),
        ("{id: rule}", 0),
        ("{id: rule/irate-in-alert, path: rules.yml}", 0),
        ("{id: rule/irate-in-alert, path: '*.yml', name: First}", 2),
        ("{name: S*, reason: it is slow}", 2),
        ("{name: database}", 2),
        ("{path: ./rules.yml}", 0),
        ("{path: other/*}", 3),
        ("{id: rule/le-dropped}", 3),
    ],
    ids=str,
)
def test_promproof_yaml_leaves_out_by_kind_path_and_name(
    entry: str, left: int, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "rules.yml").write_text(FILE, encoding="utf-8")
    (here / "promproof.yaml").write_text(f"ignore:\n- {entry}\n", encoding="utf-8")
    assert len(checked(capsys)["findings"]) == left
    idle = checked(capsys, kind="file/unused-suppression")["findings"]
    assert [finding["file"] for finding in idle] == (["promproof.yaml"] if left == 3 else [])


def test_a_panel_is_left_out_by_its_title_from_the_folder_that_is_checked(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "boards").mkdir()
    (here / "boards" / "board.json").write_text(json.dumps(BOARD), encoding="utf-8")
    (here / "boards" / "promproof.yaml").write_text("ignore: [{name: Panel}]\n", encoding="utf-8")
    assert checked(capsys, "boards", kind="grafana/unparsable")["findings"] == []
    assert len(checked(capsys, kind="grafana/unparsable")["findings"]) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ignored: []", "promproof.yaml:1: there is no key 'ignored'; did you mean ignore?"),
        ("ignore: {}", "promproof.yaml:1: ignore is no list"),
        ("ignore:\n- rule", "promproof.yaml:2: ignore[0] holds no keys and values"),
        ("ignore:\n- ids: rule", "promproof.yaml:2: there is no key 'ids'; did you mean id?"),
        ("ignore:\n- reason: so", "promproof.yaml:2: ignore[0] names nothing to leave out"),
        ("ignore:\n- path: a\n  name:", "promproof.yaml:3: name is no text"),
        ("ignore:\n- id: rule/irate", "promproof.yaml:2: no kind of finding is called 'rule/irate'"),
        ("- ignore", "promproof.yaml:1: holds no keys and values"),
        ("", "promproof.yaml: is empty"),
        ("ignore: [", "promproof.yaml:"),
        ("ignore: []\n---\nignore: []", "promproof.yaml: has several documents"),
    ],
    ids=[
        "key",
        "no list",
        "no entry",
        "key of an entry",
        "nothing",
        "no text",
        "id",
        "list",
        "empty",
        "no YAML",
        "two",
    ],
)
def test_promproof_yaml_is_read_strictly(
    text: str, said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "rules.yml").write_text(FILE, encoding="utf-8")
    (here / "promproof.yaml").write_text(text, encoding="utf-8")
    assert main(["check"]) == 4
    assert said in capsys.readouterr().err


def test_known_findings_are_not_told_again_wherever_they_move(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = here / "rules.yml"
    rules.write_text(FILE, encoding="utf-8")
    known = ["--baseline", "known.json"]
    assert main(["check", "--severity", "info", *known, "--write-baseline"]) == 0
    assert "findings are known now: known.json" in capsys.readouterr().out
    first = (here / "known.json").read_text(encoding="utf-8")
    new = f"- name: new\n  rules:\n  - alert: New\n    expr: {IRATE}\n"
    rules.write_text(FILE.replace("groups:\n", f"# a comment\ngroups:\n{new}"), encoding="utf-8")
    document = checked(capsys, *known)
    assert lines(document) == [6]
    assert document["known"] == 3
    rules.write_text(FILE.replace("Second", "Other").replace("irate", "rate", 1), encoding="utf-8")
    document = checked(capsys, *known)
    assert lines(document) == [7]
    assert document["gone"] == 2
    rules.write_text(FILE, encoding="utf-8")
    main(["check", "--severity", "info", *known, "--write-baseline"])
    assert (here / "known.json").read_text(encoding="utf-8") == first


def test_a_second_finding_like_a_known_one_is_reported(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = f"  - alert: First\n    expr: {IRATE}\n"
    rules = here / "rules.yml"
    rules.write_text(FILE, encoding="utf-8")
    main(["check", "--severity", "info", "--baseline", "known.json", "--write-baseline"])
    capsys.readouterr()
    rules.write_text(FILE.replace(rule, rule + rule), encoding="utf-8")
    assert lines(checked(capsys, "--baseline", "known.json")) == [7]


def test_a_file_whose_name_is_no_utf8_can_be_known(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "\udcff.yml").write_text(FILE, encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(here / "summary.md"))
    words = ["check", "--severity", "info", "--only", "rule/irate-in-alert", "--baseline", "known.json"]
    assert main([*words, "--write-baseline"]) == 0
    assert main(words) == 0
    (here / "known.json").write_text('{"version": 1, "findings": []}', encoding="utf-8")
    assert main(words) == 1
    assert "dcff.yml:5" in (here / "summary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (None, [], "known.json: cannot be read: No such file or directory"),
        ("[]", [], "known.json:1: is no file of known findings: it is no object"),
        ('{"version": 2, "findings": []}', [], "its version is 2"),
        ('{"version": 1, "findings": [{}]}', [], "is no file of known findings: 'fingerprint'"),
        (None, ["--write-baseline"], "--write-baseline: there is no file to write to"),
    ],
    ids=["not there", "a list", "version", "entry", "no name"],
)
def test_a_wrong_file_of_known_findings_is_refused(
    text: str | None, words: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "rules.yml").write_text(FILE, encoding="utf-8")
    if text is not None:
        (here / "known.json").write_text(text, encoding="utf-8")
    assert main(["check", *(words or ["--baseline", "known.json"])]) == 4
    assert said in capsys.readouterr().err
