"""YAML of Prometheus: what is read and written again still means the same."""

from pathlib import Path

import pytest
import yaml

from promproof.config.yamlfile import Plain, dump, key_text, load, shown
from promproof.errors import InputError

pytestmark = pytest.mark.unit

# Scalars that PyYAML would turn into something else, and Prometheus reads as text.
SCALARS = """\
yes_plain: yes
yes_quoted: 'yes'
on: off
version: 1.10
octal: 0123
hex: 0x1F
exponent: 1e3
time: 12:30:45
date: 2024-01-01
number: 5
negative: -5
true_plain: true
true_quoted: "true"
nothing:
tilde: ~
digits: "007"
text: |
  two
  lines {{ $labels.x }} 😀
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "file.yml"
    path.write_text(text, encoding="utf-8")
    return path


def as_text(text: str) -> object:
    """What a reader gets that takes every scalar as text and sees whether it was quoted."""
    return [
        (token.value, token.plain)
        for token in yaml.scan(text)
        if isinstance(token, yaml.ScalarToken) and token.value not in ("", "~", "null")
    ]


def test_a_scalar_is_written_as_it_was_read(tmp_path: Path) -> None:
    data = load(written(tmp_path, SCALARS), "a file").data
    assert as_text(dump(data)) == as_text(SCALARS)
    assert load(written(tmp_path, dump(data)), "a file").data == data


def test_a_scalar_is_read_as_its_type(tmp_path: Path) -> None:
    data = load(written(tmp_path, SCALARS), "a file").data
    assert (data["number"], data["true_plain"], data["nothing"], data["tilde"]) == (5, True, None, None)
    assert isinstance(data["version"], Plain)
    assert (data["version"], data["octal"], data["true_quoted"]) == ("1.10", "0123", "true")


def test_a_change_in_one_place_stays_there_in_spite_of_an_anchor(tmp_path: Path) -> None:
    data = load(written(tmp_path, "a: &a {x: [1m]}\nb: *a\nc: {<<: *a, y: 1}\n"), "a file").data
    data["a"]["x"][0] = "2m"
    assert (data["b"], data["c"]) == ({"x": ["1m"]}, {"x": ["1m"], "y": 1})


def test_a_long_text_is_not_broken_into_lines() -> None:
    text = "word " * 100 + "end"
    assert dump({"a": text}) == f"a: {text}\n"
    assert "\n" not in shown({"a": text, "b": ["x\ny"]})


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    assert load(written(tmp_path, "# nothing yet\n"), "a rule file").data == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\nb: 2\n", "file.yml:2: not YAML"),
        ("a: 1\nb: 2\na: 3\n", "file.yml:3: a: named twice"),
        ("- a\n", "file.yml:1: found a list at the top"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(written(tmp_path, text), "a rule file")
    assert message in str(caught.value)
    assert "expected: " in str(caught.value)


def test_a_key_is_shown_by_the_names_of_its_items() -> None:
    data = {"groups": [{"name": "g", "rules": [{"alert": "A"}, {"record": "r"}, {}]}]}
    assert key_text(data, ("groups", 0, "rules", 0, "expr")) == "groups[g].rules[A].expr"
    assert key_text(data, ("groups", 0, "rules", 1)) == "groups[g].rules[r]"
    assert key_text(data, ("groups", 0, "rules", 2)) == "groups[g].rules[2]"
    assert key_text(data, ("groups", 5, "rules")) == "groups[5].rules"
