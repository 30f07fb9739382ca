"""Go's printf in a template against what it is given: `%d` of a number with decimals prints `%!d(float64=12.3)`.

`$value` is a float64, a label a string, and what `humanize` makes of a number is a string. What else a template hands
to printf is not known, and nothing is said of it. Source: Go's package fmt, "Printing".
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

from promproof.promql.templates import actions

_TOKEN = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|`[^`]*`|\)(?:\.\w+)+|[()|]|[^\s()|\"`]+")
_BEFORE = re.compile(r"(?:(?:if|else if|with|else with|range)\s+)?(?:\$\w+(?:\s*,\s*\$\w+)?\s*:?=\s*)?")
_VERB = re.compile(r"%([-+# 0]*\d*(?:\.\d*)?)([a-zA-Z%])")
_TAKEN = {"float64": "veEfFgGbxXT", "string": "vsqxXT", "int": "vbcdoOqxXUT"}
"""The verbs that a type takes."""
_MAKES = {
    "value": "float64",
    "len": "int",
    **dict.fromkeys(("humanize", "humanize1024", "humanizeDuration", "humanizePercentage"), "string"),
    **dict.fromkeys(
        ("label", "toUpper", "toLower", "title", "reReplaceAll", "stripPort", "stripDomain"), "string"
    ),
    **dict.fromkeys(("print", "println", "printf", "graphLink", "tableLink", "externalURL"), "string"),
}
"""What a function hands on."""
_UNKNOWN = "?"


def misprinted(template: str) -> Iterator[str]:
    """What each wrong printf of a template prints."""
    for action in actions(template):
        body = action.body[len(match[0]) :] if (match := _BEFORE.match(action.body)) else action.body
        found: list[str] = []
        _pipeline(deque(_TOKEN.findall(body)), found)
        yield from found


_DECIMALS = re.compile(
    r"printf [\"`][^\"`%]*%\.(?P<digits>\d)f[^\"`%]*[\"`]\s*\$value$"
    r"|^\$value \| printf [\"`][^\"`%]*%\.(?P<piped>\d)f[^\"`%]*[\"`]$"
)


def rounded_away(body: str, least: float) -> str:
    """What is printed of the least value of an alert when it reads 0; empty when it does not."""
    match = _DECIMALS.search(body)
    if match is None or least <= 0:
        return ""
    said = f"{least:.{int(match['digits'] or match['piped'])}f}"
    return said if float(said) == 0 else ""


def _pipeline(tokens: deque[str], found: list[str]) -> str:
    """The type of what a pipeline hands on, up to the bracket that closes it."""
    carried: str | None = None
    segment: list[tuple[str, str]] = []
    while tokens:
        token = tokens.popleft()
        if token == "(":
            segment.append(("", _pipeline(tokens, found)))
        elif token[0] in ")|":
            carried, segment = _result(segment, carried, found), []
            if token[0] == ")":
                return carried if token == ")" else _UNKNOWN
        else:
            segment.append((token, _type(token)))
    return _result(segment, carried, found)


def _result(segment: list[tuple[str, str]], carried: str | None, found: list[str]) -> str:
    if not segment:
        return _UNKNOWN
    name = segment[0][0]
    given = [kind for _, kind in segment[1:]] + ([carried] if carried is not None else [])
    if name == "printf":
        found += _printf(segment[1][0] if segment[1:] else "", given)
    if name in _MAKES:
        return _MAKES[name]
    return segment[0][1] if not given else _UNKNOWN


def _type(token: str) -> str:
    if token in ("$value", ".Value", "$.Value"):
        return "float64"
    if token[0] in '"`' or re.fullmatch(
        r"(?:\$(?:labels|externalLabels)|\$?\.(?:Labels|ExternalLabels))\.\w+", token
    ):
        return "string"
    return "int" if re.fullmatch(r"-?\d+", token) else _UNKNOWN


def _printf(format_text: str, given: list[str]) -> Iterator[str]:
    """given: the types of the format and of what follows it."""
    if given[:1] == ["float64"]:
        yield "an error: printf wants a format first"
        return
    if format_text[:1] not in ('"', "`") or not format_text:
        return
    rest = _VERB.sub("", format_text)
    verbs = [(match[0], match[2]) for match in _VERB.finditer(format_text) if match[2] != "%"]
    if "%" in rest:  # a width or an index that is given, say
        return
    for (written, verb), kind in zip(verbs, given[1:], strict=False):
        if kind in _TAKEN and verb not in _TAKEN[kind]:
            yield f"%!{verb}({kind}=...) for {written}"
    if len(verbs) > len(given) - 1:
        yield f"%!{verbs[-1][1]}(MISSING) for {verbs[-1][0]}"
    elif len(verbs) < len(given) - 1:
        yield "%!(EXTRA ...) for what no verb of the format takes"
