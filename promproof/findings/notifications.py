"""Texts of notifications as Alertmanager's template engine takes them: what can't be parsed, and what has no value.

Source: alertmanager/template/template.go and Go's text/template. A text is looked at from the outside only: its
actions, its blocks, and whether the dot is still the notification. What that does not settle is no mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from promproof.errors import meant

_ACTION = re.compile(r"\{\{-?(.*?)-?\}\}", re.DOTALL)
_TEXT = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|`[^`]*`|'(?:[^'\\\n]|\\.)*'")
_MOVES_DOT = ("range", "with", "define", "block")
_OF_AN_ALERT = re.compile(
    r"(?<![\w)\].])\$?\.(StartsAt|EndsAt|Labels|Annotations|GeneratorURL|Fingerprint)\b"
)
_OF_THE_DOT = re.compile(r"(?<![\w)\].$])\$?\.([A-Za-z_]\w*)")
_HAS = (
    *("Receiver", "Status", "Alerts", "GroupLabels", "CommonLabels", "CommonAnnotations", "ExternalURL"),
    "GroupKey",
)
"""The fields of a notification, Data of alertmanager/template/template.go, and one that a webhook's body has."""
_WORD = re.compile(r"(?<![\w.$])[A-Za-z]\w*")
# Functions of Prometheus' templates, of Helm and of Sprig that no Alertmanager has.
_ELSEWHERE = frozenset(
    (
        "default",
        "add",
        "sub",
        "mul",
        "div",
        "ternary",
        "upper",
        "lower",
        "indent",
        "nindent",
        "quote",
        "coalesce",
        "humanize",
        "humanize1024",
        "humanizePercentage",
        "hasPrefix",
        "contains",
    )
)


@dataclass(frozen=True)
class Slip:
    """One mistake.

    kind: field (of one alert), unknown (field), function or block; name: of the field or function; text: for the
    reader.
    """

    kind: str
    name: str
    text: str


def slips(text: str, *, is_file: bool = False) -> Iterator[Slip]:
    """The mistakes of a text; is_file: its blocks are called with values that are not known."""
    if "{{`" in text.replace(" ", ""):  # of a text that makes a text
        return
    opened: list[bool] = []
    found: list[Slip] = []
    for action in _ACTION.findall(text):
        plain = _TEXT.sub("", action).strip()
        if action.lstrip().startswith("/*"):
            continue
        if set(plain) & set("\"`'{"):  # a text that holds braces
            return
        word = re.match(r"\w*", plain)
        keyword = word[0] if word else ""
        if not is_file and not any(opened):
            found += _fields(plain)
        found += _functions(plain)
        if keyword == "end":
            if not opened:
                yield Slip("block", "", "an {{ end }} closes nothing")
                return
            opened.pop()
        elif keyword in ("if", *_MOVES_DOT):
            opened.append(keyword in _MOVES_DOT)
    if opened:
        yield Slip("block", "", "an {{ end }} is missing")
        return
    yield from dict.fromkeys(found)


def _fields(action: str) -> Iterator[Slip]:
    for name in _OF_AN_ALERT.findall(action):
        yield Slip("field", name, f".{name} is of one alert, and stands outside of {{{{ range .Alerts }}}}")

    for name in _OF_THE_DOT.findall(action):
        if name in _HAS or _OF_AN_ALERT.fullmatch(f".{name}"):
            continue
        near = meant(name, _HAS)
        if near or re.fullmatch(r"[a-z]\w*|[A-Z0-9]+_[A-Z0-9_]+", name):
            yield Slip("unknown", name, f"a notification has no field {name}{near}")


def _functions(action: str) -> Iterator[Slip]:
    for name in _WORD.findall(action):
        if name in _ELSEWHERE:
            yield Slip("function", name, f"Alertmanager's templates have no function {name}")
