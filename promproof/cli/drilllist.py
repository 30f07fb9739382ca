"""`promproof drill`, as far as nothing is played: its list, and the names that a shell offers, from the files alone.

What plays drills takes a second to import. A file that is not plainly a drill is left to that, which says what is
wrong; the keys that a list doesn't show are checked when the drill is played.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from promproof import plugins
from promproof.config import usertext, yamltext
from promproof.config.usertext import Mistake
from promproof.places import DRILLS
from promproof.report.lines import fitted, width_of

_NAME = re.compile(r"[A-Za-z0-9_-]+")


class Listed(NamedTuple):
    """A drill of a folder. default: whether it is played where none is named; by_name: only where it is."""

    name: str
    description: str
    default: bool
    by_name: bool = False


def run(given: dict[str, Any]) -> int:
    """The exit status."""
    if not given["list"] or given["recover"]:
        from promproof.cli.drill import run as play

        return play(given)
    foreign = given["plugins"] or os.environ.get(plugins.VARIABLE)
    drills = None if foreign else listed(given["drills"])
    for drill in _loaded(given) if drills is None else drills:
        sys.stdout.write(f"{fitted(_line(drill), width_of(sys.stdout))}\n")
    return 0


def _loaded(given: dict[str, Any]) -> list[Listed]:
    """The drills as they are played, with kinds of faults from plugins.

    Raises:
        InputError: a file is wrong.
    """
    from promproof.drills.drill import load_folder

    plugins.use(given["plugins"])
    return [
        Listed(drill.plan.name, drill.plan.description, drill.default, drill.plan.by_name)
        for drill in load_folder(given["drills"])
    ]


def _line(drill: Listed) -> str:
    """A drill as the list shows it; one without a description is its name alone."""
    mark = "" if drill.default else " (with --all or by name)"
    mark = " (by name)" if drill.by_name else mark
    return f"{drill.name}: {drill.description}{mark}" if drill.description else f"{drill.name}{mark}"


def names() -> list[str]:
    """What a shell may offer."""
    return [found.name for found in listed(DRILLS) or ()]


def listed(folder: Path) -> list[Listed] | None:
    """The drills of a folder in the order of `load_folder`; None where a file is not plainly one."""
    files = sorted(folder.glob("*.yaml")) + sorted(folder.glob("*/*.yaml"))
    drills = [_read(path, default=path.parent == folder) for path in files]
    found = [drill for drill in drills if drill is not None]
    names = {drill.name for drill in found}
    return found if found and len(found) == len(drills) == len(names) else None


def _read(path: Path, *, default: bool) -> Listed | None:
    try:
        data = yamltext.parse(usertext.read(path)).data
    except Mistake:
        return None
    if not isinstance(data, dict) or data.get("drill") != 1 or not isinstance(data.get("fault"), dict):
        return None
    name, description = data.get("name"), data.get("description", "")
    if not isinstance(name, str) or not isinstance(description, str) or not _NAME.fullmatch(name):
        return None
    if not isinstance(data.get("alert"), str):
        return None
    return Listed(name, description, default, data.get("by_name") is True)
