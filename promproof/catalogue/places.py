"""Places of a YAML or JSON text: what a path of keys selects, with where its text stands.

A path is keys with dots between them. `*` is any key or entry, `**` any way down; `[key]`, `[!key]`, `[key=value]` and
`[key!=value]` ask a mapping for what it has: `groups.*.rules.*[alert][!annotations].expr`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import yaml

from promproof.config.yamlfile import TextLoader

LOADER = TextLoader
SEGMENT = re.compile(r"(?P<key>[^.\[\]]+)(?P<asked>(?:\[[^\]]*\])*)(?:\.|$)")


@dataclass(frozen=True)
class Place:
    """A node, and how it is reached: parents from the root on, and its number in the last one."""

    node: yaml.Node
    parents: tuple[yaml.CollectionNode, ...] = ()
    number: int = 0

    @property
    def span(self) -> tuple[int, int]:
        """Where its text begins and ends."""
        return self.node.start_mark.index, self.node.end_mark.index

    @property
    def parent(self) -> yaml.CollectionNode | None:
        """What it is an entry of."""
        return self.parents[-1] if self.parents else None


def composed(text: str) -> yaml.Node | None:
    """The nodes of a text; None for an empty one.

    Raises:
        yaml.YAMLError: it is none.
    """
    node: yaml.Node | None = yaml.compose(text, Loader=LOADER)
    return node


def select(text: str, path: str) -> list[Place]:
    """The places that a path selects, each once, in the order of the text."""
    root = composed(text)
    if root is None:
        return []
    found = {place.span: place for place in _walk(Place(root), _parts(path))}
    return [found[span] for span in sorted(found)]


def _parts(path: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (match["key"], tuple(re.findall(r"\[([^\]]*)\]", match["asked"]))) for match in SEGMENT.finditer(path)
    )


def _walk(place: Place, parts: Sequence[tuple[str, tuple[str, ...]]]) -> Iterator[Place]:
    if not parts:
        yield place
        return
    (key, asked), rest = parts[0], parts[1:]
    if key == "**":
        yield from _walk(place, rest)
        for child, _ in _children(place):
            yield from _walk(child, parts)
        return
    for child, name in _children(place):
        if key in ("*", name) and all(_has(child.node, question) for question in asked):
            yield from _walk(child, rest)


def _children(place: Place) -> Iterator[tuple[Place, str]]:
    node = place.node
    if not isinstance(node, yaml.CollectionNode):
        return
    parents = (*place.parents, node)
    if isinstance(node, yaml.MappingNode):
        for number, (key, value) in enumerate(node.value):
            yield Place(value, parents, number), str(key.value)
    else:
        for number, value in enumerate(node.value):
            yield Place(value, parents, number), str(number)


def _has(node: yaml.Node, question: str) -> bool:
    if not isinstance(node, yaml.MappingNode):
        return False
    key, equals, wanted = question.lstrip("!").partition("=")
    values = [value.value for name, value in node.value if name.value == key.rstrip("!")]
    has = any(value == wanted for value in values) if equals else bool(values)
    return has != (question.startswith("!") or key.endswith("!"))
