"""The pages of all kinds of findings against the kinds. `python -m tests.findings.test_pages` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from promproof.cli.program import main
from promproof.findings import proofids
from promproof.findings.kind import KINDS, Kind, Severity
from promproof.places import REPOSITORY
from promproof.report.findings import explaining

pytestmark = pytest.mark.unit
PAGES = REPOSITORY / "docs" / "checks"


def pages() -> dict[Path, str]:
    """Every page with its text."""
    kinds = [*KINDS, *proofids.KINDS]
    texts = {PAGES / f"{kind.id}.md": explaining.page(kind) for kind in kinds}
    return {PAGES / "README.md": explaining.index(kinds), **texts}


def write() -> None:
    """Write all pages, and remove those of kinds that are gone."""
    wanted = pages()
    for path in PAGES.rglob("*.md"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_every_kind_has_its_page_as_it_is_written_from_the_kind() -> None:
    wanted = pages()
    assert {path.relative_to(PAGES) for path in PAGES.rglob("*.md")} == {
        path.relative_to(PAGES) for path in wanted
    }, explaining.COMMAND
    differing = [path for path, text in wanted.items() if path.read_text(encoding="utf-8") != text]
    assert not differing, explaining.COMMAND


def test_a_page_shows_how_to_leave_its_kind_out() -> None:
    page = (PAGES / "rule/irate-in-alert.md").read_text(encoding="utf-8")
    assert "# promproof: ignore rule/irate-in-alert - the reason" in page
    assert "- id: rule/irate-in-alert\n" in page
    assert "# promproof: ignore" not in (PAGES / "grafana/unparsable.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_on_a_terminal_an_explanation_is_broken_between_words(width: int) -> None:
    for kind in (*KINDS, *proofids.KINDS):
        said = explaining.explained(kind, width).partition("\n\nFound:")[0]
        told = f"{kind.id} ({kind.severity}): {kind.title} {kind.why}"
        assert said.split() == told.split()
        assert all(len(line) <= width for line in said.splitlines())


def test_every_family_says_what_it_is_about() -> None:
    assert {explaining.family(kind) for kind in (*KINDS, *proofids.KINDS)} <= set(explaining.FAMILIES)


def test_a_page_keeps_promql_as_it_is() -> None:
    kind = Kind("rule/x", Severity.HINT, "x", "a_b<c> and `d_e<f>`", "sum(a)", "sum(b)", needs="promtool")
    text = explaining.page(kind)
    assert r"a\_b\<c\> and `d_e<f>`" in text
    assert "```promql\nsum(a)\n```" in text
    assert "shown with `--severity hint`" in text
    assert "It needs promtool" in text


def test_explain_shows_a_kind(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["explain", "rule/irate-in-alert"]) == 0
    said = capsys.readouterr().out
    kind = KINDS.get("rule/irate-in-alert")
    assert said.startswith("rule/irate-in-alert (info): ")
    assert f"    {kind.example}\n" in said
    assert f"    {kind.instead}\n" in said


def test_explain_lists_all_kinds_or_those_of_a_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    listed = re.findall(r"^  (\S+) ", capsys.readouterr().out, re.MULTILINE)
    assert sorted(listed) == sorted([*KINDS.names(), *proofids.TITLES])
    assert main(["explain", "file"]) == 0
    listed = re.findall(r"^  (\S+) ", capsys.readouterr().out, re.MULTILINE)
    assert sorted(listed) == sorted(name for name in KINDS.names() if name.startswith("file/"))


def test_explain_shows_what_a_proof_finds_as_it_shows_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "proof/dead"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("proof/dead (error): an alert that can't fire\n")
    assert "# promproof: ignore proof/dead - the reason" in said
    assert main(["explain", "proof"]) == 0
    assert "  proof/contradicted  error " in capsys.readouterr().out


def test_explain_suggests_the_kind_that_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "irate-in-alert"]) == 4
    assert "did you mean rule/irate-in-alert?" in capsys.readouterr().err


if __name__ == "__main__":
    write()
