"""How labels say a status in words: outcomes of a class, phrases of a status, success or none, in any spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

from promproof.draft.observed import UNMATCHED, Probe

_KNOWN_STATUSES = frozenset(int(status) for status in HTTPStatus)
OUTCOMES = ("", "INFORMATIONAL", "SUCCESS", "REDIRECTION", "CLIENT_ERROR", "SERVER_ERROR")
"""Micrometer's words for the classes of status, by their first digit."""
SUCCESS = tuple(
    {good, bad}
    for good, bad in (
        ("true", "false"),
        ("yes", "no"),
        ("1", "0"),
        ("ok", "error"),
        ("success", "error"),
        ("success", "failure"),
    )
)
"""Words of a label that says whether a request succeeded, or failed."""

SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.lower,
    lambda word: word.lower().replace("_", "-"),
    lambda word: word.lower().replace("_", " "),
    lambda word: word.title().replace("_", ""),
    lambda word: word[:1].lower() + word.title().replace("_", "")[1:],
)
"""Ways to write them: SERVER_ERROR, server_error, server-error, server error, ServerError, serverError."""


def outcome(status: int) -> str:
    """Micrometer's word for a status; empty where it has none: odd services answer 999."""
    return OUTCOMES[status // 100] if status // 100 < len(OUTCOMES) else ""


def says_status(value: str, status: int) -> bool:
    """Whether a value is a status in words: `404 Not Found`, `Not Found` alone, `not_found` or `NotFound`."""
    phrase = HTTPStatus(status).phrase.lower() if status in _KNOWN_STATUSES else str(status)
    spelt = re.sub(r"[_-]", " ", value.lower())
    return re.match(rf"{status}\b", value) is not None or spelt in (phrase, phrase.replace(" ", ""))


def plain(word: str) -> str:
    """A word without what only its spelling adds: `CLIENT_ERROR`, `client-error` and `clientError` are the same."""
    return re.sub(r"[ _-]", "", word.lower())


def spelling(value: str) -> Callable[[str], str] | None:
    """How a value spells the outcome that it is, so that the others can be spelt alike; None where it is none."""
    said = next((word for word in OUTCOMES if word and plain(word) == plain(value)), "")
    return next((spelt for spelt in SPELLINGS if said and spelt(said) == value), None)


def says_success(values: Mapping[Probe, str]) -> bool:
    """Whether a value says of each class of status that it is a success or none: `ok="true"`, `success="no"`.

    A path that no route matched does not tell that: the value may say whether a route did.
    """
    told = {(probe.status // 100, value.lower()) for probe, value in values.items()}
    matched = {value.lower() for probe, value in values.items() if probe.route != UNMATCHED}
    return len(told) == len({digit for digit, _ in told}) and matched in SUCCESS
