"""What the program answers, word for word: a story is a text file of commands, each with its output and exit status.

    $ promproof verfy
    promproof: there is no command verfy; did you mean verify?
      to do: promproof --help
    [4]

`python -m tests.cli.test_stories` writes what the program answers now into the files, to be read before it is kept.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.cli.commands import COMMANDS
from tests.stories import answered, write_anew

pytestmark = pytest.mark.unit
STORIES = sorted((Path(__file__).parent / "stories").glob("*.txt"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_the_program_answers_as_the_story_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    story = path.read_text(encoding="utf-8")
    assert answered(story) == story


def test_a_story_with_another_answer_is_found() -> None:
    assert answered("$ promproof verfy\nall is well\n") != "$ promproof verfy\nall is well\n"


def test_the_help_of_every_command_is_in_a_story() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in STORIES)
    lacking = [command.name for command in COMMANDS if f"\n$ promproof {command.name} --help\n" not in text]
    assert not lacking


def test_every_help_fits_on_a_screen_of_60_lines_and_80_columns() -> None:
    text = next(path for path in STORIES if path.stem == "help").read_text(encoding="utf-8")
    for screen in text.split("\n$ ")[1:]:
        lines = screen.splitlines()[1:]
        assert len(lines) <= 60, screen
        assert max(map(len, lines)) <= 80, screen


if __name__ == "__main__":
    write_anew(STORIES)
