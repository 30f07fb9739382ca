"""docs/history.md against the classes of records. `python -m tests.evidence.test_reference` writes it anew."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields
from itertools import groupby

import pytest

from promproof.evidence.history import VERSION
from promproof.evidence.records.base import Kind, Part, kinds
from promproof.places import REPOSITORY

pytestmark = pytest.mark.unit
PAGE = REPOSITORY / "docs" / "history.md"
MARK = "<!-- What follows is written by `python -m tests.evidence.test_reference` from the classes. -->\n"


def reference() -> str:
    """The generated part of the page."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    for place, group in groupby(sorted(kinds(), key=_place), key=_place):
        module = sys.modules[place]
        yield f"\n## {place.rpartition('.')[2].capitalize()}"
        yield f"\n{inspect.getdoc(module)}"
        for cls in group:
            yield f"\n### {cls.kind}"
            yield from _described(cls)
        for name, cls in sorted(vars(module).items()):
            if inspect.isclass(cls) and cls.__module__ == place and _is_part(cls):
                yield f"\n### of these: {name}"
                yield from _described(cls)


def _described(cls: type[Part]) -> Iterator[str]:
    yield f"\n{' '.join((inspect.getdoc(cls) or '').split())}"
    rows = list(_rows(cls))
    if rows:
        yield "\n| field | type | |\n|---|---|---|"
        yield from rows


def _rows(cls: type[Part]) -> Iterator[str]:
    texts = {name: text for base in reversed(cls.__mro__) for name, text in _texts(base).items()}
    for field in fields(cls):  # type: ignore[arg-type]  # each is a dataclass
        needed = field.default is MISSING and field.default_factory is MISSING
        kind = str(field.type).replace("|", "\\|")
        text = texts.get(field.name, "").replace("|", "\\|")
        yield f"| `{field.name}` | `{kind}`{'' if needed else ', may be left out'} | {text} |"


def _texts(cls: type) -> dict[str, str]:
    """What stands below each field of a class."""
    if not issubclass(cls, Part) or cls in (Part, Kind):
        return {}
    [tree] = ast.parse(inspect.cleandoc(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _is_part(cls: type) -> bool:
    return issubclass(cls, Part) and not issubclass(cls, Kind)


def _place(cls: type[Kind]) -> str:
    return cls.__module__


def test_the_page_describes_every_kind_and_field() -> None:
    head, mark, rest = PAGE.read_text(encoding="utf-8").partition(MARK)
    assert mark
    assert rest == reference()
    assert f"version {VERSION}" in head
    for cls in kinds():
        assert f"\n### {cls.kind}\n" in rest
        assert inspect.getdoc(cls), cls


def test_every_field_of_every_record_has_a_sentence() -> None:
    parts = {
        *kinds(),
        *(cls for kind in kinds() for cls in vars(sys.modules[_place(kind)]).values() if _is_class(cls)),
    }
    rows = [(cls.__name__, row) for cls in parts for row in _rows(cls)]
    assert len(rows) > 200
    assert [(name, row) for name, row in rows if row.endswith("|  |")] == []


def _is_class(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, Part) and value not in (Part, Kind)


if __name__ == "__main__":
    head = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(head + MARK + reference(), encoding="utf-8")
