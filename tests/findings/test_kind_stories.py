"""Every kind of finding in a story: files, the command, and word for word what it says; and a harmless neighbour."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.findings.discover import discover
from promproof.findings.judging import families
from promproof.findings.kind import KINDS
from tests.findings.drafting import STORIES, draft, is_whole, path_of
from tests.stories import answered, scenes

pytestmark = pytest.mark.unit
PATHS = {str(path.relative_to(STORIES).with_suffix("")): path for path in sorted(STORIES.rglob("*.txt"))}


@pytest.mark.parametrize("name", PATHS)
def test_a_finding_reads_as_its_story_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    story = PATHS[name].read_text(encoding="utf-8")
    assert answered(story) == story, "python -m tests.findings.drafting --answers"


@pytest.mark.parametrize("name", PATHS)
def test_the_files_of_a_story_ask_for_the_family_of_its_kind(name: str, tmp_path: Path) -> None:
    first = next(scenes(PATHS[name].read_text(encoding="utf-8")))
    for file, text in first.files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8", newline="")
    assert name.partition("/")[0] in families(discover([tmp_path], tmp_path))


def test_every_kind_has_a_story_with_a_harmless_neighbour() -> None:
    names = set(KINDS.names())
    whole = {name for name, path in PATHS.items() if is_whole(name, path.read_text(encoding="utf-8"))}
    assert set(PATHS) <= names, "a story of a kind that is not there"
    assert names == whole, "python -m tests.findings.drafting"


def test_a_story_without_a_finding_or_a_neighbour_is_not_whole() -> None:
    kind = KINDS.get("rule/irate-in-alert")
    story = path_of(kind.id).read_text(encoding="utf-8")
    assert is_whole(kind.id, story)
    assert not is_whole("rule/irate", story)
    assert not is_whole(kind.id, story.replace("no findings\n", ""))
    assert not is_whole(kind.id, story.replace("info rule/irate", "rule/irate"))


def test_a_draft_of_a_kind_is_a_whole_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert is_whole("rule/irate-in-alert", draft(KINDS.get("rule/irate-in-alert")))
