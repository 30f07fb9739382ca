"""Commands of a page: services, files, alerts and words of the command line that they name are there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from promproof.promises.flags import LOADS, refused_load, wrong_flag
from promproof.promises.known import Known, close_to
from promproof.promises.promise import PAST, Promise, listed
from promproof.promises.routed import other_way
from promproof.promises.sheet import Sheet

CLAIM = "page/commands"
SHELLS = ("bash", "sh", "shell", "console", "zsh")
COMPOSE = (
    *(
        "attach",
        "build",
        "commit",
        "config",
        "cp",
        "create",
        "down",
        "events",
        "exec",
        "export",
        "images",
        "kill",
    ),
    *(
        "logs",
        "ls",
        "pause",
        "port",
        "ps",
        "publish",
        "pull",
        "push",
        "restart",
        "rm",
        "run",
        "scale",
        "start",
    ),
    *("stats", "stop", "top", "unpause", "up", "version", "volumes", "wait", "watch"),
)
PROGRAMS: dict[str, dict[str, tuple[str, ...]]] = {
    "promtool": {
        "": ("check", "query", "debug", "push", "test", "tsdb", "promql"),
        "check": ("service-discovery", "config", "web-config", "healthy", "ready", "rules", "metrics"),
        "test": ("rules",),
    },
    "amtool": {
        "": ("alert", "silence", "check-config", "cluster", "config", "template"),
        "config": ("show", "routes"),
        "routes": ("show", "test"),
    },
    "compose": {"": COMPOSE},
}
"""The words of each program: the first one, and those that follow another."""
ON_SERVICES = (
    "logs",
    "restart",
    "kill",
    "up",
    "stop",
    "start",
    "rm",
    "ps",
    "exec",
    "run",
    "pull",
    "build",
    "port",
    "top",
)
_WITH_VALUE = (
    "--signal",
    "-s",
    "-f",
    "--file",
    "-p",
    "--profile",
    "--env-file",
    "--tail",
    "--since",
    "-t",
    "--timeout",
)
_SPLIT = re.compile(r"\s*(?:\|\||&&|\||;)\s*")
_KNOWN = re.compile(r"^\$? ?(?:sudo )?(docker|promtool|amtool|curl|cd|ab|wrk)\b")
_FILE = re.compile(r"`([\w./-]+\.ya?ml)`")
_PATH_FLAG = re.compile(r"--(?:config\.file|config-file|file|env-file)=(\S+)")


@dataclass
class _Place:
    """Where a block of commands stands in the tree of files: it goes down with `cd`.

    named: the files that the page names in its sentences, with each end of their paths.
    """

    folder: str = ""
    named: frozenset[str] = frozenset()


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each command line of a shell's block, and for each that stands as code in a sentence."""
    named = frozenset(_named(sheet))
    for block in sheet.blocks_of(*SHELLS):
        place = _Place(named=named)
        for number, line in enumerate(block.text.splitlines(), start=1):
            if line.strip() and not line.strip().startswith("#"):
                yield from _line(block.line + number, line.strip(), place, known, sheet.is_past(block.line))
    for passage in sheet.passages:
        for code in re.finditer(r"`([^`]+)`", passage.text):
            if _KNOWN.match(code[1]) and " " in code[1]:
                text = " ".join(code[1].split())
                place = _Place(named=named)
                yield from _line(passage.line_at(code.start()), text, place, known, passage.is_past)


def _named(sheet: Sheet) -> Iterator[str]:
    for passage in sheet.passages:
        for code in _FILE.finditer(passage.text):
            parts = code[1].split("/")
            yield from ("/".join(parts[start:]) for start in range(len(parts)))


def _line(number: int, text: str, place: _Place, known: Known, is_past: bool) -> Iterator[Promise]:
    for part in _SPLIT.split(text.removeprefix("$ ")):
        promise = Promise(number, "command", part, CLAIM)
        try:
            words = shlex.split(part, comments=True)
        except ValueError:
            continue
        if not words:
            continue
        words = words[1:] if words[0] == "sudo" else words
        wrong, open_, judged = _command(words, place, known)
        if is_past:
            yield promise.is_open(PAST)
        elif wrong:
            yield promise.fails(wrong)
        elif judged and not open_:
            yield promise.holds("what it names is there")
        else:
            yield promise.is_open(open_ or "nothing in it is known here")


def _command(words: list[str], place: _Place, known: Known) -> tuple[str, str, bool]:
    """What is wrong, what nobody can tell, and whether something was judged."""
    name, rest = words[0], words[1:]
    if name in ("docker-compose", "docker"):
        rest = rest[1:] if name == "docker" and rest[:1] == ["compose"] else rest if name != "docker" else []
        return _compose(rest, known) if rest else ("", "", False)
    if name == "cd" and rest:
        return _enter(rest[0], place, known)
    if name in PROGRAMS:
        return _tool(name, rest, place, known)
    if name in LOADS:
        wrong = refused_load(name, rest)
        return wrong, "", bool(wrong)
    return "", "", False


def _compose(rest: list[str], known: Known) -> tuple[str, str, bool]:
    words = _words(rest)
    if not words:
        return "", "", False
    command, services = words[0], words[1:]
    wrong = _unknown_word(command, PROGRAMS["compose"][""], "docker compose")
    wrong = wrong or wrong_flag("compose", [command], rest)
    if wrong:
        return wrong, "", True
    if command in ("exec", "run"):
        services = services[:1]
    if "-f" in rest or "--file" in rest or command not in ON_SERVICES or not known.services:
        return "", "", not services
    for service in services:
        if service not in known.services:
            meant = close_to(service, list(known.services))
            if meant or known.contract.closed("services"):
                return (
                    f"the compose file has no service {service}{f'; it has {meant}' if meant else ''}",
                    "",
                    True,
                )
            return "", f"the compose file has no service {service}", True
    return "", "", True


def _words(rest: list[str]) -> list[str]:
    """The words that are no flags, and no values of flags."""
    found = []
    skip = False
    for word in rest:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in _WITH_VALUE
        else:
            found.append(word)
    return found


def _unknown_word(word: str, words: tuple[str, ...], program: str) -> str:
    if word in words or not word or not re.fullmatch(r"[a-z-]+", word):
        return ""
    return (
        f"{program} has no command {word}; it has {listed(words)}"
        if len(words) < 12 or close_to(word, words)
        else ""
    )


def _enter(folder: str, place: _Place, known: Known) -> tuple[str, str, bool]:
    path = f"{place.folder}/{folder}".strip("/") if not folder.startswith("/") else folder
    place.folder = path
    return _path(path, known)


def _path(path: str, known: Known) -> tuple[str, str, bool]:
    plain = path.removeprefix("./")
    if known.read.paths.get(plain):
        return "", "", True
    meant = close_to(plain, [other for other, is_there in known.read.paths.items() if is_there])
    if meant:
        return f"there is no {plain}; there is {meant}", "", True
    return "", f"{plain} is not in the repository", True


def _tool(name: str, rest: list[str], place: _Place, known: Known) -> tuple[str, str, bool]:
    words = _words(rest)
    wrong = wrong_flag(name, words[:3], rest)
    if wrong:
        return wrong, "", True
    above = ""
    for word in words:
        below = PROGRAMS[name].get(above)
        if below is None:
            break
        wrong = _unknown_word(word, below, f"{name} {above}".strip())
        if wrong:
            return wrong, "", True
        above = word
    for word in rest:
        alert = word.removeprefix("alertname=")
        if word.startswith("alertname=") and alert not in known.alerts:
            meant = close_to(alert, list(known.alerts))
            if meant or known.contract.closed("alerts"):
                return f"no alert is called {alert}{f'; there is {meant}' if meant else ''}", "", True
    if words[:3] == ["config", "routes", "test"]:
        wrong = other_way(words[3:], known)
        if wrong:
            return wrong, "", True
    files = [word for word in words if word.endswith((".yml", ".yaml"))] + _PATH_FLAG.findall(" ".join(rest))
    for file in files:
        wrong, _, _ = _path(f"{place.folder}/{file}".strip("/"), known)
        wrong = wrong or _misnamed(file, place, known) or _other_sort(name, words, file, known)
        if wrong:
            return wrong, "", True
    return "", "", True


def _misnamed(file: str, place: _Place, known: Known) -> str:
    """A file that neither the repository nor the page has, nearly written like one that the page tells to make."""
    path = f"{place.folder}/{file}".strip("/").removeprefix("./")
    if file in place.named or known.read.paths.get(path):
        return ""
    meant = close_to(file, sorted(place.named))
    return f"the page names no {file}; it names {meant}" if meant else ""


def _other_sort(name: str, words: list[str], file: str, known: Known) -> str:
    """A file of rules that is checked as Prometheus' configuration."""
    patterns = known.read.prometheus.get("rule_files") or ()
    is_rules = any(fnmatchcase(file, str(pattern)) for pattern in patterns)
    if name == "promtool" and words[:2] == ["check", "config"] and is_rules:
        return f"{file} is a file of rules: promtool check rules"
    return ""
