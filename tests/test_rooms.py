"""Imports of promproof/ go only downwards: a room imports itself and those below it, wherever the import stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
ROOMS = (
    # modules of their own, for everybody
    "errors",
    "verdict",
    "exposition",
    "places",
    "isolated",
    "optiontable",
    "crash",
    "interrupts",
    "http",
    "plugins",
    "registry",
    "demo",
    # folders; what each is for stands in its __init__
    "config",
    "promql",
    "grafana",
    "findings",
    "contract",
    "render",
    "evidence",
    "promises",
    "stack",
    "truth",
    "observe",
    "load",
    "faults",
    "drills",
    "checks",
    "proofs",
    "draft",
    "run",
    "catalogue",
    "report",
    "live",
    "pytest_plugin",
    "cli",
    "__main__",
)
"""From the lowest to the highest."""
NEVER = ("promptpilot", "loadtests", "verification", "tests", "benchmarks")
"""Folders beside the package, which it must work without."""


def imported(path: Path, package: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports: also in a function, also for types only."""
    inside = (package.name, *path.relative_to(package).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(inside[: len(inside) - node.level + 1]) if node.level else []
            origin = [*base, *(node.module.split(".") if node.module else [])]
            yield from ((node.lineno, ".".join([*origin, alias.name])) for alias in node.names)


def offences(package: Path, rooms: tuple[str, ...] = ROOMS) -> list[str]:
    """Imports that go up or out of the package, and rooms that nobody knows, one line each."""
    found = []
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package.parent)
        if path == package / "__init__.py":
            room = ""
        else:
            room = path.relative_to(package).parts[0].removesuffix(".py")
            if room not in rooms:
                found.append(f"{place}: {room} is no room")
                continue
        for line, name in imported(path, package):
            top, _, rest = name.partition(".")
            target = rest.partition(".")[0]
            if top in NEVER:
                found.append(f"{place}:{line}: {name} is outside the package")
            elif top == package.name and target not in rooms:
                found.append(f"{place}:{line}: {name} is in no room")
            elif top == package.name and (not room or rooms.index(target) > rooms.index(room)):
                found.append(f"{place}:{line}: {room or 'the package'} imports {name}, which is above it")
    return found


def test_imports_go_only_downwards() -> None:
    assert not offences(REPOSITORY / "promproof")


def test_every_room_is_there_and_says_what_it_is_for() -> None:
    for room in ROOMS:
        path = REPOSITORY / "promproof" / room
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        assert ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))), room


def test_the_monitored_api_imports_nothing_of_the_library() -> None:
    for path in (REPOSITORY / "promptpilot").rglob("*.py"):
        tops = {name.partition(".")[0] for _, name in imported(path, REPOSITORY / "promptpilot")}
        assert not tops & {"promproof", "loadtests", "verification", "tests"}, path


@pytest.mark.parametrize(
    "source",
    [
        "import house.high.roof",
        "from house.high import roof",
        "from house import high",
        "from ..high import roof",
        "def late():\n    from house.high.roof import tile",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house.high.roof import Tile",
    ],
    ids=["import", "from", "a whole room", "relative", "in a function", "for types only"],
)
def test_an_upward_import_is_found(source: str, tmp_path: Path) -> None:
    found = offences(house(tmp_path, source), ("low", "high"))
    assert len(found) == 1
    assert found[0].startswith("house/low/floor.py:")
    assert "which is above it" in found[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import house.attic.box", "house/low/floor.py:1: house.attic.box is in no room"),
        (
            "from verification.suites import x",
            "house/low/floor.py:1: verification.suites.x is outside the package",
        ),
    ],
    ids=["unknown room", "outside"],
)
def test_an_import_from_no_room_is_found(source: str, said: str, tmp_path: Path) -> None:
    assert offences(house(tmp_path, source), ("low", "high")) == [said]


def test_a_folder_that_is_no_room_is_found(tmp_path: Path) -> None:
    package = house(tmp_path, "")
    (package / "attic").mkdir()
    (package / "attic" / "box.py").write_text("", encoding="utf-8")
    assert offences(package, ("low", "high")) == ["house/attic/box.py: attic is no room"]


def test_imports_downwards_and_within_a_room_are_fine(tmp_path: Path) -> None:
    package = house(tmp_path, "import json\nfrom house.low import wall\nfrom . import wall")
    assert not offences(package, ("low", "high"))


def house(tmp_path: Path, floor: str) -> Path:
    """A small package of two rooms; `floor` is the text of a module of the lower one."""
    package = tmp_path / "house"
    for name, text in {
        "__init__.py": "",
        "low/floor.py": floor,
        "low/wall.py": "",
        "high/roof.py": "from house.low.floor import *\nfrom house.high import tile",
    }.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text, encoding="utf-8")
    return package
