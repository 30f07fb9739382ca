"""The one reader of YAML and JSON: whatever a file holds, it is data or a mistake with its line, and cheap."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml

from promproof.config import jsontext, usertext, yamltext
from promproof.config.inputs import load_document, load_json, parse_json
from promproof.config.usertext import Mistake
from promproof.errors import InputError

pytestmark = pytest.mark.unit

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
REFUSED = {
    "itself": ("x: &x [*x]\n", 1, "x.0: *x holds itself"),
    "itself by merge": ("x: &x\n  <<: *x\n", 2, "x.<<: *x holds itself"),
    "400 lists": ("[" * 400 + "]" * 400, 1, "nested in over 64 levels"),
    "400 mappings": ("".join(" " * level + "a:\n" for level in range(400)), 65, "nested in over 64 levels"),
    "100,000 brackets": ("[" * 100_000, 1, "nested in over 64 levels"),
    "levels by aliases": (
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 80)),
        64,
        "nested in over 64 levels, aliases expanded",
    ),
    "alias bomb": (BOMB, 5, "over 50,000 values, aliases expanded"),
    "alias bomb of merges": (
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40)),
        10,
        "over 50,000 values",
    ),
    "22 nested maps as keys": ("{" * 22 + "a: b" + "}: x" * 21 + "}", 1, "found a collection for a key"),
    "no such day": ("when: 2024-99-99\n", 1, "when: '2024-99-99' is no timestamp"),
    "no such number": ("a:\n  - !!int abc\n", 2, "a.0: 'abc' is no int"),
    "nothing for a number": ('a: !!int ""\n', 1, "a: '' is no int"),
    "no boolean": ("a: !!bool perhaps\n", 1, "a: 'perhaps' is no bool"),
    "a number of 5,000 digits": (f"a: {'9' * 5000}\n", 1, "is no int"),
    "half a surrogate pair": ('a: 1\nb: "\\ud83d"\n', 2, ""),
    "NUL": ("a: 1\nb: \x00\n", 2, "holds the control character U+0000 at column 4"),
    "escape character": ("a: \x1b[0m\n", 1, "holds the control character U+001B"),
    "tab for spaces": ("a:\n\tb: 1\n", 2, "not YAML"),
    "no anchor": ("a: *b\n", 1, "found undefined alias"),
    "merge of a number": ("a: {<<: 3}\n", 1, "a.<<: found no mapping to merge"),
    "key twice": ("a: {b: 1,\n b: 2}\n", 2, "a.b: named twice, first in line 1"),
    "a set": ("a: !!set {x}\n", 1, "a: could not determine a constructor for the tag !!set"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_text_that_is_no_yaml_is_a_mistake_with_its_line(name: str) -> None:
    text, line, words = REFUSED[name]
    with pytest.raises(Mistake) as caught:
        yamltext.parse(text)
    assert (caught.value.line, words in caught.value.text) == (line, True), caught.value.text


@pytest.mark.parametrize("name", REFUSED)
def test_a_machine_without_libyaml_refuses_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamltext, "_PARSER", yaml.SafeLoader)
    test_text_that_is_no_yaml_is_a_mistake_with_its_line(name)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("\ufeffa: 1\r\nb: [x]\r\n", {"a": 1, "b": ["x"]}),
        ("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", {"a": {"x": 1, "y": 2}, "b": {"y": 3, "x": 1}}),
        ("a: &a {x: 1}\nb: {<<: [*a, {x: 2, z: 3}]}\n", {"a": {"x": 1}, "b": {"x": 1, "z": 3}}),
        ("&k a: 1\nb: *k\n*k : 2\n", None),
        ("1: a\nyes: b\n~: c\n", {"1": "a", "yes": "b", "~": "c"}),
        ("a: =\nb: <<\nc: !mine x\n", {"a": "=", "b": "<<", "c": "x"}),
        ('a: "\\ud83d\\ude00"\n', None),
        ("", None),
        ("--- # nothing\n...\n", None),
    ],
    ids=[
        "BOM and CRLF",
        "merge",
        "merges",
        "key by alias twice",
        "keys",
        "tags",
        "surrogates",
        "empty",
        "end",
    ],
)
def test_yaml_is_read_as_its_writer_meant_it(text: str, data: object) -> None:
    if data is None and text and "a:" in text:
        with pytest.raises(Mistake):
            yamltext.parse(text)
    else:
        assert yamltext.parse(text).data == data


def test_an_alias_has_the_lines_of_its_anchor_and_no_object_in_common() -> None:
    parsed = yamltext.parse("a: &a\n  x: [1]\nb: *a\nc:\n  <<: *a\n")
    assert [parsed.lines[key] for key in (("b", "x"), ("b",), ("c", "x"))] == [2, 3, 2]
    parsed.data["a"]["x"].append(2)
    assert (parsed.data["b"], parsed.data["c"]) == ({"x": [1]}, {"x": [1]})


@pytest.mark.parametrize(
    ("text", "second"),
    [("a: 1\n---\nb: 2\n", 2), ("a: 1\n--- {\n", 2), ("a: 1\n---\n", None), ("a: 1\n...\n# end\n", None)],
    ids=["another", "broken", "empty", "end"],
)
def test_a_second_document_is_reported_unless_it_is_empty(text: str, second: int | None) -> None:
    assert (yamltext.parse(text).data, yamltext.parse(text).second) == ({"a": 1}, second)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"a": 1,\n "b": NaN}', 1, "NaN is no number of JSON"),
        ('{"a": 1e999}', 1, "too large"),
        (f'{{"a": {"1" * 5000}}}', 1, "not JSON"),
        ("[" * 400 + "]" * 400, 1, "nested in over 64 levels"),
        ("[" + "1," * 100_000 + "1]", 1, "over 50,000 values"),
        ("\ufeff{}", 1, "byte order mark"),
        ('{"a": 1,\n}', 1 if sys.version_info >= (3, 13) else 2, "not JSON"),  # 3.13 points at the comma
        ('{"a": "\x01"}', 1, "not JSON"),
        ("", 1, "not JSON"),
        ("}}]]", 1, "not JSON"),
    ],
    ids=["NaN", "infinite", "digits", "deep", "many", "BOM", "comma", "control", "empty", "closing"],
)
def test_text_that_is_no_json_is_a_mistake_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(Mistake) as caught:
        jsontext.parse(text)
    assert (caught.value.line, words in caught.value.text) == (line, True), caught.value.text


def test_json_has_lines_and_tells_a_key_that_is_there_twice() -> None:
    document = parse_json('{"a": [1, {"b": 2,\n"c": "\\ud800", "b": 3}]}', Path("x.json"), "a dashboard")
    assert document.data == {"a": [1, {"b": 3, "c": "�"}]}
    assert document.where(("a", 1, "c")) == "x.json:2"
    assert [(note.line, note.text) for note in document.notes] == [
        (2, "a.1.b is there twice: the last one counts")
    ]


def test_a_file_that_is_no_readable_text_is_a_mistake_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "large").write_bytes(b"#" * (usertext.MAX_BYTES + 1))
    for name, words in (
        (".", "Is a directory"),
        ("link", "Is a directory"),
        ("loop", "symbolic link"),
        ("pipe", "no regular file"),
        ("large", "over 4096 KiB"),
        ("nul\0", "embedded null byte"),
        ("x" * 400, "name too long"),
    ):
        for load in (load_document, load_json):
            with pytest.raises(InputError) as caught:
                load(tmp_path / name, "a file")
            assert words in str(caught.value)


def test_latin_1_is_reported_with_its_line_and_utf_16_with_its_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file.yml"
    path.write_bytes(b"a: 1\nb: Gr\xfc\xdfe\n")
    with pytest.raises(InputError, match=r"file.yml:2: it is not UTF-8 text: byte 0xfc at column 6"):
        load_document(path)
    path.write_bytes("a: Grüße\n".encode("utf-16"))
    assert load_document(path).data == {"a": "Grüße"}
