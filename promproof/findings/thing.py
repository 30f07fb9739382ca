"""What was read from a part of a file: it knows its place, and the file's name on a command line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from shlex import quote

from promproof.findings.finding import Place
from promproof.findings.part import STREAM, Part, written
from promproof.findings.sorts import holds_rules

_PLAIN = re.compile(r"[\w.-]+")
_PIPES = "/dev/fd/"
"""Where a shell has the pipe of `<(command)`; nobody finds it there once the command has ended."""
_DEVICE = "/dev/stdin"
"""Where a program reads what is piped to it: promtool and amtool take no `-`."""


@dataclass(frozen=True, eq=False)
class Thing:
    """Something that was read from a part of a file."""

    part: Part = field(repr=False)

    def at(self, *key: str | int) -> Place:
        """The place of a key in it, or its own."""
        return self.part.at(*key)

    @property
    def file(self) -> str:
        """The file it stands in, as it is shown."""
        return self.part.document.file

    @property
    def argument(self) -> str:
        """That file for a command line; what stands inside of a resource is taken out of it."""
        return argument_of(self.part)


def argument_of(part: Part) -> str:
    """The file of a part for a command line; what stands inside of a resource is taken out of it.

    The queries of yq are those that both programs of that name understand, but for files in a resource.
    """
    document = part.document
    file = argument(document.file)
    if document.entry:
        return f"<(yq '.. | select(key == \"{document.entry}\")' {file})"
    above = part.key[: part.key.index("spec")] if "spec" in part.key else ()
    if not holds_rules(Part(document).part(*above).data):
        return file
    spec = f"{'.' * bool(above)}{written(above)}.spec"
    name = Part(document).part("metadata").text("name")
    is_one_of_several = re.search(r"^---", document.text.lstrip("-\n "), re.MULTILINE) is not None
    if is_one_of_several and _PLAIN.fullmatch(name):
        return f"<(yq 'select(.metadata.name == \"{name}\") | {spec}' {file})"
    return f"<(yq {quote(spec)} {file})"


def argument(file: str) -> str:
    """The name of a file for a command line; what was read from a pipe is piped again."""
    return _DEVICE if file == STREAM or file.startswith(_PIPES) else quote(file)


def piped(command: str) -> str:
    """A command that reads the standard input says so: `... | promtool check rules /dev/stdin`."""
    return f"... | {command}" if _DEVICE in command else command
