"""Finds Prometheus, Alertmanager, Node Exporter and their tools: option, PATH, cache, else fetches them.

A file counts only if its `--version` answers as that program: distributions name them differently, and other
programs have the same names. Programs of another major version of Prometheus lie in a folder of their own in the cache.
"""

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from promproof.errors import InputError
from promproof.promql.versions import major_of
from promproof.stack import debian
from promproof.stack.journal import cache_dir, locked

NAMES = {
    "prometheus": ("prometheus",),
    "promtool": ("promtool",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    "amtool": ("amtool",),
    "node_exporter": ("node_exporter", "prometheus-node-exporter"),
}
"""The programs, and the names under which they are looked for: upstream's and Debian's."""

_VERSION_SECONDS = 30
_TODO = (
    "install Prometheus, Alertmanager and Node Exporter from your system's packages or from "
    "https://prometheus.io/download, and have them on PATH or name them with --binary NAME=PATH"
)
Fetch = Callable[[Path, Callable[[str], None], Collection[str]], None]
"""Into this folder, telling what it does, the programs that are missing."""
OF_PROMETHEUS = ("prometheus", "promtool")
"""The programs that have Prometheus' own version."""


@dataclass(frozen=True)
class Binary:
    """A program that answered: its file, its version, and where it was found (option, PATH, cache)."""

    path: Path
    version: str
    source: str


@dataclass(frozen=True)
class Binaries:
    """The programs of the `processes` backend."""

    prometheus: Binary
    promtool: Binary
    alertmanager: Binary
    amtool: Binary
    node_exporter: Binary

    def __str__(self) -> str:
        found = {name: getattr(self, name) for name in NAMES}
        return "\n".join(f"{name} {b.version} ({b.source}: {b.path})" for name, b in found.items())


def find_binaries(
    options: Mapping[str, Path] | None = None,
    *,
    path: str | None = None,
    cache: Path | None = None,
    fetch: Fetch | None = debian.fetch,
    say: Callable[[str], None] | None = None,
    major: int | None = None,
) -> Binaries:
    """Find every program, and fetch what is missing.

    options: a file, or a folder that holds it, for programs of NAMES; such a choice never falls back.
    path: where to look instead of $PATH. cache: the folder of fetched programs. fetch: None fetches nothing.
    major: of Prometheus; where those that are here have another one, all programs are taken from a folder of their own,
    and fetched into it; None: whichever is found. It never falls back either.
    Two runs do not fetch at the same time: the second waits and finds what the first has fetched.

    Raises:
        InputError: a program is missing; which, where it was looked for, how to get it.
    """
    return Binaries(**_found(tuple(NAMES), options, path, cache, fetch, say, major))


def find_binary(
    program: str,
    options: Mapping[str, Path] | None = None,
    *,
    path: str | None = None,
    cache: Path | None = None,
    fetch: Fetch | None = debian.fetch,
    say: Callable[[str], None] | None = None,
    major: int | None = None,
) -> Binary:
    """Find one of the programs as `find_binaries` does, and fetch no other one.

    Raises:
        InputError: it is missing, or an option names a program that is none of NAMES.
    """
    # the tools that come with a version have others: which they belong to is what promtool says
    wanted = (program,) if major is None or program in OF_PROMETHEUS else ("promtool", program)
    return _found(wanted, options, path, cache, fetch, say, major)[program]


def _found(
    programs: Collection[str],
    options: Mapping[str, Path] | None,
    path: str | None,
    cache: Path | None,
    fetch: Fetch | None,
    say: Callable[[str], None] | None,
    major: int | None,
) -> dict[str, Binary]:
    cache = cache or cache_dir() / "programs"
    path = os.environ.get("PATH", os.defpath) if path is None else path
    search = _Search(programs, options or {}, path, cache)
    if major is not None and search.other_than(major):
        path, cache = "", cache.with_name(f"{cache.name}-{major}")
        fetch = debian.of_testing(major) if fetch is debian.fetch else fetch
        search = _Search(programs, options or {}, path, cache)
    if search.missing() and fetch is not None:
        with locked(cache.parent / "fetch.lock"):
            search = _Search(programs, options or {}, path, cache)
            if search.missing():
                try:
                    fetch(cache, say or logging.getLogger(__name__).info, search.missing())
                except InputError as error:
                    search.notes.append(f"the package manager: {error.what}")
                    raise search.error() from error
                search = _Search(programs, options or {}, path, cache)
    if search.missing():
        raise search.error()
    if major is not None and (others := search.other_than(major)):
        raise InputError(
            what=f"{others[0]} is {search.found[others[0]].version}, and Prometheus {major} is asked for",
            where=f"{search.found[others[0]].source}: {search.found[others[0]].path}",
            expected=f"Prometheus {major} and the tools that come with it",
            todo=f"name it with --binary {others[0]}=PATH, or leave --prometheus-version out",
        )
    return search.found


class _Search:
    """One look in all places; notes tell what was seen there."""

    def __init__(self, wanted: Collection[str], options: Mapping[str, Path], path: str, cache: Path) -> None:
        self.wanted = wanted
        self.notes = [f"PATH {path}"] * bool(path) + [f"the cache {cache}"]
        self.found: dict[str, Binary] = {}
        if unknown := sorted(set(options) - set(NAMES)):
            raise InputError(
                what=f"no program is called {unknown[0]}",
                where="--binary",
                expected=f"one of {', '.join(NAMES)}",
            )
        for program in wanted:
            names = NAMES[program]
            if program in options:
                self.found[program] = _chosen(program, options[program])
                continue
            places = [("PATH", Path(folder)) for folder in path.split(os.pathsep) if folder]
            for source, folder in (*places, ("cache", cache)):
                binary = self._look(program, names, source, folder)
                if binary is not None:
                    self.found[program] = binary
                    break

    def _look(self, program: str, names: tuple[str, ...], source: str, folder: Path) -> Binary | None:
        for name in names:
            file = shutil.which(name, path=str(folder))
            if file is None:
                continue
            version = version_of(program, Path(file))
            if version is not None:
                return Binary(Path(file).absolute(), version, source)
            self.notes.append(f"{file}, which does not answer as {program}")
        return None

    def other_than(self, major: int) -> list[str]:
        """Of the programs of Prometheus those that are not here, or are of another major version."""
        return [
            name
            for name in self.wanted
            if name in OF_PROMETHEUS
            and (name not in self.found or major_of(self.found[name].version) != major)
        ]

    def missing(self) -> list[str]:
        return [program for program in self.wanted if program not in self.found]

    def error(self) -> InputError:
        names = "; ".join(f"{program} ({' or '.join(NAMES[program])})" for program in self.missing())
        return InputError(what=f"not found: {names}", where=", ".join(self.notes), todo=_TODO)


def version_of(program: str, file: Path) -> str | None:
    """The version of a file that answers `--version` as this program, else None."""
    try:
        answer = subprocess.run(
            [file, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(rf"{program}, version (\S+)", answer.stdout.decode(errors="replace").lstrip())
    return match.group(1) if match else None


def _chosen(program: str, choice: Path) -> Binary:
    files = [choice / name for name in NAMES[program]] if choice.is_dir() else [choice]
    for file in files:
        version = version_of(program, file.absolute())  # a name without a folder is looked for on PATH
        if version is not None:
            return Binary(file.absolute(), version, "option")
    raise InputError(
        what=f"{choice} does not answer `--version` as {program}",
        where=f"--binary {program}={choice}",
        expected=f"the {program} program, or the folder that holds it",
        todo="correct the path, or leave the option out to have it looked for",
    )
