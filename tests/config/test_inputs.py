"""Reading YAML that people write: every mistake with its file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from promproof.config.durations import parse_short
from promproof.config.inputs import load_document, load_model
from promproof.errors import InputError
from promproof.load.notation import parse_rate

pytestmark = pytest.mark.unit


class Cat(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["dog"]
    cat: str  # a key that has the name of another member of the union


class House(BaseModel):
    model_config = ConfigDict(extra="forbid")
    pets: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []
    rooms: int | str | None = None
    version: Literal[1] = 1


def mistake(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_model(path, House, "a house")
    assert caught.value.exit_status == 4
    return str(caught.value).replace(str(path), "FILE")


END = "\n  expected: a house\n  to do: correct the key; the field names are in the documentation"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "pets:\n  - kind: cat\n    lives: many\n",
            "FILE:3: pets.0.lives: Input should be a valid integer, unable to parse string as an integer, found 'many'",
        ),
        ("pets:\n  - kind: cat\n", "FILE:2: pets.0.lives: missing"),
        (
            "pets:\n  - kind: cot\n    lives: 9\n",
            "FILE:2: pets.0.kind: 'cot' is none of cat, dog; did you mean cat?",
        ),
        ("pets:\n  - kind: dog\n    cat: 1\n", "FILE:3: pets.0.cat: expected text, found 1"),
        ("pets:\n\n  - kind: cat\n    lives: 9\n    colour: red\n", "FILE:5: pets.0.colour: unknown key"),
        ("room: 1\npet: 2\n", "FILE:1: room: unknown key\nFILE:2: pet: unknown key"),
        ("version: 9\n", "FILE:1: version: expected 1, found 9"),
        ("- 1\n", "FILE:1: the file: expected keys and values, found [1]"),
        ("", "FILE:1: the file: expected keys and values, found nothing"),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_key(tmp_path: Path, text: str, message: str) -> None:
    assert mistake(tmp_path / "house.yaml", text) == message + END


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("rooms: 1\nrooms: 2\n", "FILE:2: rooms: named twice, first in line 1"),
        ("rooms: [1\n", "FILE:2: not YAML: "),
        ("rooms: 1\n---\nrooms: 2\n", "FILE:2: not YAML: "),
        ("rooms: !!python/object:os.system {}\n", "FILE:1: rooms: could not determine a constructor"),
        ("rooms: \x00\n", "FILE:1: holds the control character U+0000"),
    ],
    ids=["twice", "syntax", "two documents", "object", "control character"],
)
def test_a_file_that_is_no_document_is_reported_with_its_line(tmp_path: Path, text: str, start: str) -> None:
    assert mistake(tmp_path / "house.yaml", text).startswith(start)


def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        load_document(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9\n")
    with pytest.raises(InputError, match="it is not UTF-8 text: byte 0xe9 at column 4"):
        load_document(tmp_path / "latin.yaml")


def test_a_right_file_is_read_and_its_places_are_known(tmp_path: Path) -> None:
    path = tmp_path / "house.yaml"
    path.write_text("rooms: 2\npets:\n  - {kind: dog, cat: no}\n".replace("no", "'no'"), encoding="utf-8")
    assert load_model(path, House, "a house").rooms == 2
    document = load_document(path)
    assert document.where(("pets", 0, "kind")) == f"{path}:3"
    assert document.where(("pets", 5)) == f"{path}:2"


def test_a_message_has_no_empty_lines() -> None:
    assert str(InputError("wrong")) == "wrong"
    assert str(InputError("wrong", "--x", "right", "correct it")) == (
        "--x: wrong\n  expected: right\n  to do: correct it"
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("300ms", 0.3), ("1.5s", 1.5), ("2m", 120.0), ("1h", 3600.0), ("0s", 0.0)]
)
def test_a_short_duration_has_its_length(text: str, seconds: float) -> None:
    assert parse_short(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["5", "s", "-1s", "1 s", "1d", "1e3s", "", 5, None, True, "1s\n"])
def test_something_that_is_no_short_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="expected a duration such as 300ms"):
        parse_short(text)


def test_a_rate_is_read_and_must_be_above_zero() -> None:
    assert [parse_rate(text) for text in ("130/s", "30/m", "36/h")] == pytest.approx([130.0, 0.5, 0.01])
    for text in ("0/s", "130", "-1/s", "130/d", 130, "1/s\n"):
        with pytest.raises(ValueError, match="expected a rate above 0"):
            parse_rate(text)
