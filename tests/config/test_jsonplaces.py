"""The line of a JSON path is that of its key or item, as jsontext notes them all."""

from __future__ import annotations

import json

import pytest

from promproof.config import jsontext
from promproof.config.jsonplaces import Lines

pytestmark = pytest.mark.unit
VALUE = {
    "a": [1, {"b": [], "c": ']}\\"{', "d": {"e": None}}, "x,y"],
    "f": {},
    "ü": -1.5e3,
    "g": [[True], [False, 2]],
}


@pytest.mark.parametrize("indent", [None, 0, 1, 4])
def test_every_path_has_the_line_of_its_key(indent: int | None) -> None:
    text = json.dumps(VALUE, indent=indent)
    lines = Lines(text)
    for key, line in jsontext.parse(text).lines.items():
        path = "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
        assert lines.line(path) == line


def test_a_path_that_is_not_there_has_the_line_of_its_nearest_parent() -> None:
    lines = Lines('\ufeff{\n "a": [\n  {}\n ]\n}')
    assert [lines.line(path) for path in ("$", "$.a", "$.a[0].b.c", "$.a[7]", "$.z")] == [1, 2, 3, 2, 1]


def test_of_two_equal_keys_the_last_counts() -> None:
    assert Lines('{"a": 1,\n"a": {\n"b": 2}}').line("$.a.b") == 3
