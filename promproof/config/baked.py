"""What a Dockerfile copies from its context into an image, and which image it begins with.

Only what leaves no doubt is read: COPY and ADD of what is here. What a RUN moves later is not followed.
"""

from __future__ import annotations

import glob
import json
import os
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

DOCKERFILES = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile")
MOST_BYTES = 100_000
"""A longer file is none that anybody has written by hand."""
_PROVISIONING = "/etc/grafana/provisioning"
FOLDERS = frozenset(
    (
        *("/", "/etc", "/tmp", "/etc/prometheus", "/etc/alertmanager", "/etc/grafana", _PROVISIONING),
        *(f"{_PROVISIONING}/{kind}" for kind in ("datasources", "dashboards", "alerting", "plugins")),
    )
)
"""Folders that the images have: what is copied to one comes into it, also without a slash at its end."""
_CONTINUED = re.compile(r"\\[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")


@dataclass(frozen=True)
class Image:
    """base: the image of another's that it begins with; copies: (here, in the image), later ones hide earlier ones.

    command: what its container runs where nothing else is said: CMD behind ENTRYPOINT.
    """

    base: str
    copies: tuple[tuple[Path, str], ...] = ()
    entry: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    folder: str = "/"

    @property
    def command(self) -> tuple[str, ...]:
        """ENTRYPOINT and CMD."""
        return (*self.entry, *self.arguments)


@dataclass
class _Read:
    """The stages of a file so far, by name and number, and the defaults of its arguments."""

    context: Path
    stages: dict[str, Image] = field(default_factory=dict)
    now: str = ""
    values: dict[str, str] = field(default_factory=dict)


def built(build: Any, project: Path) -> Image | None:
    """The image that `build` of a compose service makes, whose paths count from a folder; None for none here."""
    told: Mapping[str, Any] = build if isinstance(build, dict) else {"context": build}
    place = str(told.get("context") or ".")
    if "://" in place or place.startswith(("git@", "github.com/")) or "dockerfile_inline" in told:
        return None
    context = Path(os.path.normpath(project / place))
    return image(
        context / str(told.get("dockerfile") or "Dockerfile"), context, str(told.get("target") or "")
    )


def image(dockerfile: Path, context: Path, target: str = "") -> Image | None:
    """The last stage of a Dockerfile, or the one that is named; None where it can't be read."""
    try:
        if not dockerfile.is_file() or dockerfile.stat().st_size > MOST_BYTES:
            return None
        text = dockerfile.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    read = _Read(context)
    for line in _CONTINUED.sub(" ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        _instruction(read, word.upper(), rest.strip())
    return read.stages.get(target.lower() or read.now)


def beside(folder: Path) -> Iterator[Path]:
    """The Dockerfiles of a folder."""
    for name in sorted({name for pattern in DOCKERFILES for name in glob.glob(pattern, root_dir=folder)}):
        yield folder / name


def _instruction(read: _Read, word: str, rest: str) -> None:
    """Take one instruction in; those that copy nothing are passed over."""
    if word in ("ARG", "ENV"):
        for name, value in re.findall(r"(\w+)=(\"[^\"]*\"|\S*)", rest):
            read.values[name] = value.strip('"')
    elif word == "FROM":
        _from(read, rest)
    elif read.now:
        stage = read.stages[read.now]
        if word in ("COPY", "ADD"):
            read.stages[read.now] = replace(stage, copies=(*stage.copies, *_copies(read, stage, rest)))
        elif word == "WORKDIR":
            read.stages[read.now] = replace(stage, folder=posixpath.join(stage.folder, _said(read, rest)))
        elif word == "ENTRYPOINT":  # it takes what the base has as CMD away
            read.stages[read.now] = replace(stage, entry=tuple(_words(rest)), arguments=())
        elif word == "CMD":
            read.stages[read.now] = replace(stage, arguments=tuple(_words(rest)))


def _from(read: _Read, rest: str) -> None:
    """`FROM [--platform=...] IMAGE [AS NAME]`, whose image may be an earlier stage."""
    words = [word for word in _said(read, rest).split() if not word.startswith("--")]
    if not words:
        return
    alias = words[2] if len(words) > 2 and words[1].upper() == "AS" else f"#{len(read.stages)}"
    read.now = alias.lower()
    read.stages[read.now] = read.stages.get(words[0].lower(), Image(words[0]))


def _copies(read: _Read, stage: Image, rest: str) -> Iterator[tuple[Path, str]]:
    """(here, in the image) of what one COPY takes from the context."""
    words = _words(_said(read, rest))
    flags = [word for word in words if word.startswith("--")]
    names = [word for word in words if not word.startswith("--")]
    if len(names) < 2 or any(flag.startswith("--from=") for flag in flags):
        return
    *sources, to = names
    place = posixpath.join(stage.folder, to)
    for name in sources:
        if "://" in name:
            continue
        plain = os.path.normpath(name.lstrip("/") or ".")
        found = sorted(glob.glob(plain, root_dir=read.context)) if re.search(r"[*?\[]", plain) else [plain]
        for path in found:
            source = Path(os.path.normpath(read.context / path))
            is_folder = to.endswith("/") or to in (".", "..") or posixpath.normpath(place) in FOLDERS
            into = (is_folder or len(sources) > 1 or len(found) > 1) and not source.is_dir()
            yield source, posixpath.normpath(posixpath.join(place, source.name) if into else place)


def _words(text: str) -> list[str]:
    """Words in the form of a list or of a shell's line."""
    try:
        given = json.loads(text) if text.startswith("[") else None
        return [str(word) for word in given] if isinstance(given, list) else shlex.split(text)
    except ValueError:
        return []


def _said(read: _Read, text: str) -> str:
    """A text with the defaults of its arguments."""
    return _VARIABLE.sub(
        lambda match: read.values.get(match[1] or match[3], match[2] if match[2] else match[0]), text
    )
