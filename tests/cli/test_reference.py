"""docs/commands.md against the tables of commands and options. `python -m tests.cli.test_reference` writes it anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from promproof.cli.commands import COMMANDS, Command
from promproof.optiontable import OPTIONS, Option, options
from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
PAGE = REPOSITORY / "docs" / "commands.md"
MARK = "<!-- What follows is written by `python -m tests.cli.test_reference` from the tables. -->\n"


def reference() -> str:
    """The generated part of the page."""
    return "".join(f"\n{line}\n" if line.startswith("#") else f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    for command in COMMANDS:
        yield f"## promproof {command.name}"
        yield f"\n{command.summary[0].upper()}{command.summary[1:]}. {' '.join(command.text)}".rstrip()
        yield f"\n    promproof {command.name}{_words(command)}"
        mine = list(options(command.name))
        if mine:
            yield "\n| option | meaning | default |\n|---|---|---|"
        for heading, group in groupby(mine, key=lambda option: option.group):
            yield f"| **{heading}** | | |"
            yield from (_row(option, command.name) for option in group)


def _words(command: Command) -> str:
    words = [argument.metavar for argument in command.arguments]
    words += [f"[{'' if command.foreign else '-- '}{command.rest}]"] if command.rest else []
    return "".join(f" {word}" for word in ["[OPTIONS]", *words])


def _row(option: Option, command: str) -> str:
    default = option.default_of(command) or ""
    shown = default.relative_to(REPOSITORY) if isinstance(default, Path) else default
    letter = f"-{option.short}, " if option.short else ""
    name = f"{letter}--{option.name} {option.metavar}".rstrip().replace("|", "\\|")
    variable = f"; the variable `{option.variable}` stands for it" if option.variable else ""
    return f"| `{name}` | {option.help}{variable} | {f'`{shown}`' if shown else ''} |"


def test_the_page_of_the_commands_is_that_of_the_tables() -> None:
    written = PAGE.read_text(encoding="utf-8").partition(MARK)[2]
    assert written == reference(), "python -m tests.cli.test_reference"


PAGES = {
    "verify": ("harness", "deployment"),
    "drill": ("drills",),
    "load": ("load",),
    "ui": ("load",),
    "judge": ("history",),
    "report": ("report",),
    "mutate": ("mutate",),
    "check": ("check",),
    "stack": ("deployment",),
    "images": ("deployment",),
}
"""The pages that explain a command to its users."""
DOCS = REPOSITORY / "docs"


def text_of(pages: tuple[str, ...]) -> str:
    return "".join((DOCS / f"{page}.md").read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("command", PAGES)
def test_the_page_of_a_command_names_each_of_its_options(command: str) -> None:
    written = set(re.findall(r"--([a-z][a-z-]*[a-z])", text_of(PAGES[command])))
    assert {option.name for option in options(command)} - written == set()


def commands_of(page: Path) -> Iterator[tuple[str, str, set[str]]]:
    """The command lines in a page's code: the line, its command, and the options that are ours."""
    for line in page.read_text(encoding="utf-8").splitlines():
        found = re.match(r" {4}(promproof|nox -s) (scenarios \w+|\w+)( .*)?$", line)
        if found is None or found[2] not in {command.name for command in COMMANDS}:
            continue
        words = (found[3] or "").partition("  #")[0]
        words = words.replace(" -- ", " ", 1) if found[1] == "nox -s" else words
        yield (
            line,
            found[2],
            set(re.findall(r"(?<= )--([a-z][a-z-]+)", re.sub(r'"[^"]*"', "", words).partition(" -- ")[0])),
        )


def test_every_command_line_of_the_pages_has_options_that_are_there() -> None:
    pages = [*DOCS.glob("*.md"), REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]
    lines = [found for page in pages for found in commands_of(page)]
    assert len(lines) > 30
    for line, command, given in lines:
        assert given <= {option.name for option in options(command)}, line


def test_a_command_line_with_an_option_that_is_not_there_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        '    nox -s load -- steady --raet 5/s --pass "a --b"  # --c\n    nox -s tests -- --x\n',
        encoding="utf-8",
    )
    [(_, command, given)] = commands_of(page)
    assert (command, given) == ("load", {"raet", "pass"})


def test_every_option_has_a_row_of_its_own() -> None:
    rows = {_row(option, option.commands[0]) for option in OPTIONS}
    assert len(rows) == len(OPTIONS)


if __name__ == "__main__":
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(head + MARK + reference(), encoding="utf-8")
