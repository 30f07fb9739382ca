"""Recording rules by name, and which of them an expression reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from promproof.proofs.shapes import Recorded
from promproof.proofs.tree import Node, NotCovered, Selector, parse, walk

KNOWN = ("alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations")
"""The keys of a rule that promtool 2.42 knows."""


@dataclass(frozen=True)
class Recordings:
    """The recording rules as they stand in their files."""

    given: Sequence[Mapping[str, Any]]

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = {}
        for data in self.given:
            found.setdefault(str(data["record"]), []).append(data)
        return found

    @cached_property
    def trees(self) -> Recorded:
        """Their expressions; those that can't be read are left out, and so is what reads them."""
        found: dict[str, list[tuple[Node, Mapping[str, str]]]] = {}
        for data in self.given:
            try:
                tree = parse(str(data["expr"]))
            except NotCovered:
                continue
            labels = {str(k): str(v) for k, v in (data.get("labels") or {}).items()}
            found.setdefault(str(data["record"]), []).append((tree, labels))
        return found

    def needed(self, root: Node) -> list[dict[str, Any]]:
        """The rules that an expression reads, each after those that it reads itself."""
        made: dict[str, list[dict[str, Any]]] = {}
        order: list[str] = []

        def visit(node: Node) -> None:
            for part in walk(node):
                if not isinstance(part, Selector) or not part.name or part.name in made:
                    continue
                if found := self.trees.get(part.name):
                    made[part.name] = [stripped(data) for data in self.by_name[part.name]]
                    for tree, _ in found:
                        visit(tree)
                    order.append(part.name)

        visit(root)
        return [rule for name in order for rule in made[name]]


def stripped(data: Mapping[str, Any], *, without: Sequence[str] = ("annotations",)) -> dict[str, Any]:
    """A rule with the keys that promtool knows."""
    return {key: value for key, value in data.items() if key in KNOWN and key not in without}
