"""Stories: text files of commands, each with its output and exit status, and with the files that it is about.

    # What the story tells.

    -- rules.yml --
    groups: []

    $ promproof check rules.yml
    checked: nothing that could be read
    no findings

A server at http://prometheus:9090 has what the file `exposed.prom` says, and a file that begins with `#!` can be run.
Both streams are in it, in their order; a status of 0 is not written. Files stand before the command that reads them, in
a folder of their own, which is empty again where files follow a command.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from promproof.cli.program import main
from tests.served import prometheus

_FILE = re.compile(r"-- (\S+) --")


EXPOSED = "exposed.prom"
SERVER = "http://prometheus:9090"


@dataclass
class Scene:
    """Files and the commands that are given beside them."""

    files: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)


def scenes(story: str) -> Iterator[Scene]:
    """The scenes of a story; what was answered is left out."""
    scene = Scene()
    name = None
    for line in story.splitlines():
        header = _FILE.fullmatch(line)
        if header is not None:
            if scene.commands:
                yield scene
                scene = Scene()
            name = header[1]
            scene.files[name] = ""
        elif line.startswith("$ "):
            name = None
            scene.commands.append(line[2:])
        elif name is not None:
            scene.files[name] += line + "\n"
    yield scene


def answered(story: str) -> str:
    """The story with what the program answers now. Where it has no files, commands are given in the folder here."""
    return told(_heading(story), scenes(story))


def told(heading: str, acts: Iterator[Scene]) -> str:
    """A story of scenes, with what the program answers now."""
    lines = [*heading.splitlines()]
    for scene in acts:
        with TemporaryDirectory() as folder, chdir(folder if scene.files else "."):
            for name, content in scene.files.items():
                path = Path(name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content.rstrip("\n") + "\n", encoding="utf-8")
                path.chmod(0o755 if content.startswith("#!") else 0o644)
                lines += ["", f"-- {name} --", *content.rstrip("\n").split("\n")]
            with _server(scene.files.get(EXPOSED, "")) as url:
                for command in scene.commands:
                    said = [line.replace(url, SERVER) for line in _answer(command.replace(SERVER, url))]
                    lines += ["", f"$ {command}", *said]
    return "\n".join(lines) + "\n"


@contextmanager
def _server(exposed: str) -> Iterator[str]:
    """The URL of a server that has what is exposed; that of the stories where nothing is."""
    if not exposed:
        yield SERVER
        return
    with prometheus(exposed) as url:
        yield url


def _heading(story: str) -> str:
    lines = []
    for line in story.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line)
    return "\n".join(lines)


def _answer(command: str) -> Iterator[str]:
    program, *words = shlex.split(command)
    assert program == "promproof", command
    before = sys.stdin
    if words[-2:-1] == ["<"]:
        sys.stdin = io.StringIO(Path(words[-1]).read_text(encoding="utf-8"))
        words = words[:-2]
    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            status = main(words)
    finally:
        sys.stdin = before
    yield from said.getvalue().splitlines()
    if status:
        yield f"[{status}]"


def write_anew(paths: list[Path]) -> None:
    """Write what the program answers now into stories, to be read before it is kept."""
    os.environ["COLUMNS"] = "80"
    for path in paths:
        path.write_text(answered(path.read_text(encoding="utf-8")), encoding="utf-8")
