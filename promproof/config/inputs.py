"""The one reader for YAML and JSON that users write: bounded, strict, and with the place of every mistake.

yamltext and jsontext know the line of every key, pydantic the key of every error; this module joins the two into one
message: file, line, key, found, expected. The bounds are in usertext.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from promproof.config import jsontext, usertext, yamltext
from promproof.config.usertext import Mistake
from promproof.config.yamltext import Key
from promproof.errors import InputError, meant

if TYPE_CHECKING:  # most that read a file need no pydantic, which takes a fifth of a second to import
    from pydantic import BaseModel, ValidationError
    from pydantic_core import ErrorDetails

ModelT = TypeVar("ModelT", bound="BaseModel")

# pydantic names the class of a model here, which is no word of the file.
_KINDS = {
    **dict.fromkeys(("model_type", "dict_type", "model_attributes_type"), "expected keys and values"),
    **dict.fromkeys(("list_type", "tuple_type"), "expected a list"),
    "string_type": "expected text",
}


@dataclass(frozen=True)
class Note:
    """Something in a file that is read, and that its reader drops without a word: the line, and what."""

    line: int
    text: str


@dataclass(frozen=True)
class Document:
    """A parsed file: its data, the line of every key and item, and what is dropped of it."""

    path: Path
    data: Any
    lines: dict[Key, int]
    notes: tuple[Note, ...] = ()

    def where(self, key: Sequence[str | int] = ()) -> str:
        """`file:line` of a key, or of the nearest parent that is there."""
        place = tuple(key)
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path}:{self.lines.get(place, 1)}"


def read_text(path: Path, what: str) -> str:
    """The text of a file that a user wrote, without a byte order mark.

    Raises:
        InputError: it can't be read, is too large, or is no text; with its line.
    """
    try:
        return usertext.read(path).removeprefix(usertext.BYTE_ORDER_MARK)
    except Mistake as mistake:
        raise _refusal(path, mistake, what) from mistake


def load_document(
    path: Path,
    what: str = "a YAML file",
    *,
    scalar: yamltext.Scalar | None = None,
    key_text: yamltext.KeyText | None = None,
    first_of_several: bool = False,
) -> Document:
    """Parse one YAML file. scalar, key_text: what scalars and keys become; see yamltext.

    first_of_several: take the first of several documents, as Prometheus and Alertmanager do, with a note.

    Raises:
        InputError: the file can't be read, is not YAML, breaks a bound, or has a key twice.
    """
    try:
        parsed = yamltext.parse(usertext.read(path), scalar, key_text)
    except Mistake as mistake:
        raise _refusal(path, mistake, what) from mistake
    notes: tuple[Note, ...] = ()
    if parsed.second is not None:
        if not first_of_several:
            again = Mistake(parsed.second, "not YAML: but found another document")
            raise _refusal(path, again, f"{what}, one document")
        notes = (Note(parsed.second, "a second YAML document begins here: only the first one is loaded"),)
    return Document(path, parsed.data, parsed.lines, notes)


def load_json(path: Path, what: str) -> Document:
    """Parse one JSON file. A key that is there twice is a note: the last one counts, as it does for Grafana.

    Raises:
        InputError: the file can't be read, is not JSON, or breaks a bound.
    """
    try:
        return parse_json(usertext.read(path), path, what)
    except Mistake as mistake:
        raise _refusal(path, mistake, what) from mistake


def parse_json(text: str, path: Path, what: str) -> Document:
    """Parse the text of a JSON file; `path` is for messages.

    Raises:
        InputError: it is not JSON, or breaks a bound.
    """
    try:
        parsed = jsontext.parse(text)
    except Mistake as mistake:
        raise _refusal(path, mistake, what) from mistake
    notes = tuple(
        Note(line, f"{'.'.join(map(str, key))} is there twice: the last one counts")
        for key, line in parsed.twice
    )
    return Document(path, parsed.data, parsed.lines, notes)


def _refusal(path: Path, mistake: Mistake, what: str) -> InputError:
    where = f"{path}:{mistake.line}" if mistake.line else str(path)
    todo = "correct the syntax" if mistake.line else "check the path"
    return InputError(what=mistake.text, where=where, expected=what, todo=todo)


def load_model(
    path: Path, model: type[ModelT], what: str, hint: Callable[[Key], str] = lambda key: ""
) -> ModelT:
    """Parse and validate one YAML file. hint: what may have been meant by a key that is unknown.

    Raises:
        InputError: with one line for each mistake: file, line, key, found and expected.
    """
    from pydantic import ValidationError  # see above

    document = load_document(path, what)
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise describe(document, error, what, hint=hint) from error


def _joined(key: Key) -> str:
    return ".".join(str(part) for part in key)


def describe(
    document: Document,
    error: ValidationError,
    what: str,
    show: Callable[[Key], str] = _joined,
    hint: Callable[[Key], str] = lambda key: "",
) -> InputError:
    """The user's message for a validation error: the first mistake leads, the others follow.

    show: how a key is written. hint: what is added to one that is unknown, by its location
    with the words of kinds.
    """
    rows = []
    mistakes = error.errors()
    for mistake in mistakes:
        if mistake["type"] == "too_short" and any(
            _is_inside(other["loc"], mistake["loc"]) for other in mistakes
        ):
            continue  # pydantic leaves out what is wrong, and then finds too little
        key = _real(document, mistake["loc"])
        shown = show(key) or "the file"
        if mistake["type"] == "missing":
            text = f"{shown}: missing"
        elif mistake["type"] == "extra_forbidden":
            text = f"{shown}: unknown key{hint(mistake['loc'])}"
        else:
            wanted = _KINDS.get(mistake["type"], mistake["msg"].removeprefix("Value error, "))
            if mistake["type"] == "literal_error":
                wanted = f"expected {mistake['ctx']['expected']}"
            text = f"{shown}: {wanted}, found {_short(mistake['input'])}"
            text = _of_a_choice(shown, mistake) or text
        rows.append((document.where(key), text))
    where, first = rows[0]
    others = "".join(f"\n{place}: {text}" for place, text in rows[1:])
    return InputError(
        what=first + others,
        where=where,
        expected=what,
        todo="correct the key; the field names are in the documentation",
    )


def _of_a_choice(shown: str, mistake: ErrorDetails) -> str:
    """What is said of a value that is none of those that are possible; empty for any other mistake."""
    context = mistake.get("ctx", {})
    if mistake["type"] == "union_tag_invalid":
        word, choice = str(context["tag"]), str(context["expected_tags"])
        shown += "." + str(context["discriminator"]).strip("'")
    elif mistake["type"] == "literal_error" and isinstance(mistake["input"], str):
        word, choice = mistake["input"], str(context["expected"])
    else:
        return ""
    known = re.findall(r"'([^']*)'", choice)
    return f"{shown}: {_short(word)} is none of {', '.join(known)}{meant(word, known)}"


def _is_inside(location: Sequence[str | int], outer: Sequence[str | int]) -> bool:
    return len(location) > len(outer) and tuple(location[: len(outer)]) == tuple(outer)


def _real(document: Document, location: Sequence[str | int], key: Key = ()) -> Key:
    """The parts of a pydantic location that are keys of the file; the names of union members are left out.

    A member's name may also be a key there, so both readings are tried and the deeper one is taken. A last part that
    is not in the file is a key that is missing.
    """
    if not location:
        return key
    first, *rest = location
    left_out = _real(document, rest, key) if rest else key
    if (*key, first) in document.lines or not rest:
        taken = _real(document, rest, (*key, first))
        return taken if len(taken) >= len(left_out) else left_out
    return left_out


def _short(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
