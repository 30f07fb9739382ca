"""What was read from a part of a file: it knows its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from promproof.findings.finding import Place
from promproof.findings.part import Part
from promproof.findings.sorts import holds_rules


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
        document = self.part.document
        if document.entry:
            return f"<(yq '.. | select(key == \"{document.entry}\")' {document.file})"
        is_resource = holds_rules(document.data)
        return f"<(yq .spec {document.file})" if is_resource else document.file
