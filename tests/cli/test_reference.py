"""docs/commands.md and its page for each command, against the tables of commands and options.

`python -m tests.cli.test_reference` writes them anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path

import pytest

from promproof.cli.commands import COMMANDS, Command
from promproof.optiontable import OPTIONS, Option, options
from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
DOCS = REPOSITORY / "docs"
PAGE, FOLDER = DOCS / "commands.md", DOCS / "commands"
MARK = "<!-- What follows is written by `python -m tests.cli.test_reference` from the tables. -->\n"
EXAMPLES = 6
"""of a command on its page, at most"""
PAGES = {
    "init": ("tutorial",),
    "verify": ("harness", "deployment"),
    "drill": ("drills",),
    "load": ("load",),
    "ui": ("load",),
    "judge": ("history",),
    "report": ("report",),
    "prove": ("prove",),
    "check": ("check",),
    "explain": ("check",),
    "mutate": ("mutate",),
    "demo": ("load",),
    "stack": ("deployment",),
    "images": ("deployment",),
    "scenarios check": ("load",),
    "schema": ("contract",),
}
"""The pages that explain a command to its users."""
WHOLE = ("verify", "drill", "load", "ui", "judge", "report", "mutate", "check", "stack", "images")
"""Commands each of whose options is named there."""


def index() -> str:
    """The generated part of the page of all commands."""
    rows = (f"| [`promproof {one.name}`](commands/{name_of(one)}) | {one.summary} |\n" for one in COMMANDS)
    return "\n| command | what it does |\n|---|---|\n" + "".join(rows)


def name_of(command: Command) -> str:
    """The file of a command's page."""
    return f"{command.name.replace(' ', '-')}.md"


def page_of(command: Command) -> str:
    """The page of a command."""
    return "".join(f"{line}\n" for line in _lines(command))


def _lines(command: Command) -> Iterator[str]:
    yield f"# promproof {command.name}"
    yield f"\n{command.summary[0].upper()}{command.summary[1:]}. {' '.join(command.text)}".rstrip()
    yield f"\n    promproof {command.name}{_words(command)}"
    guides = [f"[{title(DOCS / f'{page}.md')}](../{page}.md)" for page in PAGES.get(command.name, ())]
    explained = f"Explained in {' and '.join(guides)}. " if guides else ""
    yield f"\n{explained}[What all commands have in common](../commands.md)."
    mine = list(options(command.name))
    if mine:
        yield "\n## Options\n\n| option | meaning | default |\n|---|---|---|"
    for heading, group in groupby(mine, key=lambda option: option.group):
        yield f"| **{heading}** | | |"
        yield from (_row(option, command.name) for option in group)
    examples = list(islice(examples_of(command), EXAMPLES))
    if examples:
        yield "\n## Examples\n"
        yield from examples


def title(page: Path) -> str:
    """The heading of a page."""
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def examples_of(command: Command) -> Iterator[str]:
    """The command's lines in the code of the pages that explain it, then of all others, each once."""
    first = [DOCS / f"{page}.md" for page in PAGES.get(command.name, ())]
    told = set()
    for page in [*first, *sorted(DOCS.glob("*.md"))]:
        for line, name, _ in commands_of(page):
            words = re.sub(r" +# .*", "", line).rstrip()
            if name == command.name and words not in told and not line.endswith("\\"):
                told.add(words)
                yield line


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
    assert written == index(), "python -m tests.cli.test_reference"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_page_with_each_of_its_options(command: Command) -> None:
    written = (FOLDER / name_of(command)).read_text(encoding="utf-8")
    assert written == page_of(command), "python -m tests.cli.test_reference"
    for option in options(command.name):
        assert f"--{option.name}" in written


def test_no_page_is_of_a_command_that_is_not_there_and_the_site_leads_to_each() -> None:
    names = {name_of(command) for command in COMMANDS}
    assert {path.name for path in FOLDER.iterdir()} == names
    site = (REPOSITORY / "mkdocs.yml").read_text(encoding="utf-8")
    assert {name for name in names if f"commands/{name}" not in site} == set()


def test_a_page_shows_how_its_command_is_used() -> None:
    [load] = [command for command in COMMANDS if command.name == "load"]
    lines = list(examples_of(load))
    assert any(line.startswith("    nox -s load -- steady --pass ") for line in lines)
    assert len(lines) == len(set(lines))


def text_of(pages: tuple[str, ...]) -> str:
    return "".join((DOCS / f"{page}.md").read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("command", WHOLE)
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
    PAGE.write_text(head + MARK + index(), encoding="utf-8")
    FOLDER.mkdir(exist_ok=True)
    for command in COMMANDS:
        (FOLDER / name_of(command)).write_text(page_of(command), encoding="utf-8")
