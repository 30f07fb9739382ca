"""Every option of the commands, declared once: what `promproof`, the pytest plugin and the web UI make theirs from.

`promproof verify --contract FILE` and `pytest --promproof-contract FILE` are the same row. A row has one meaning in
every command that takes it; only its default may differ. Nothing but the standard library and the places is imported,
since a `--help` reads this table.
"""

from __future__ import annotations

from collections.abc import Iterator

from promproof.optiontable import judging, loading, running, subject
from promproof.optiontable.option import GROUPS, PREFIX, PROGRAMS, Option

__all__ = ["GROUPS", "OPTIONS", "PREFIX", "PROGRAMS", "Option", "named", "options"]

OPTIONS = (*subject.OPTIONS, *running.OPTIONS, *loading.OPTIONS, *judging.OPTIONS)


def options(command: str) -> Iterator[Option]:
    """The options of a command, group by group."""
    mine = [option for option in OPTIONS if command in option.commands]
    return iter(sorted(mine, key=lambda option: GROUPS.index(option.group)))


def named(name: str) -> Option:
    """The option of that name."""
    return next(option for option in OPTIONS if option.name == name)
