"""JSON as Grafana reads it (Go's encoding/json), with the line of every key, and with the bounds of all user files.

Go takes the last of two equal keys, half a surrogate pair as U+FFFD, and neither NaN nor a byte order mark: so does
this. A key that is there twice is told, since one of the two is lost.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from promproof.config.usertext import BYTE_ORDER_MARK, MAX_DEPTH, MAX_VALUES, Mistake
from promproof.config.yamltext import Key

_TOKEN = re.compile(r'[{}\[\],:\n]|"(?:[^"\\\n]|\\.)*"|[^\s{}\[\],:"]+')
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""How a half of a surrogate pair is written."""
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass
class Parsed:
    """The data of a text, the line of every key and item, and each key that is there again, with its line."""

    data: Any
    lines: dict[Key, int]
    twice: list[tuple[Key, int]] = field(default_factory=list)


def parse(text: str) -> Parsed:
    """The value in a text.

    Raises:
        Mistake: it is not JSON, or breaks a bound.
    """
    if text.startswith(BYTE_ORDER_MARK):
        raise Mistake(1, "begins with a byte order mark, which JSON does not allow")
    parsed = _index(text)
    parsed.data = _loaded(text)
    return parsed


def value(text: str) -> Any:
    """The value in a text without the lines of its keys, in a tenth of the time: for files whose places are JSON paths.

    Raises:
        Mistake: it is not JSON, or breaks a bound.
    """
    if text.startswith(BYTE_ORDER_MARK):
        raise Mistake(1, "begins with a byte order mark, which JSON does not allow")
    found = _loaded(text)
    level, values = [found], 1
    for _ in range(MAX_DEPTH + 1):
        level = [
            item
            for holder in level
            for item in (
                holder.values() if isinstance(holder, dict) else holder if isinstance(holder, list) else ()
            )
        ]
        values += len(level)
        if values > MAX_VALUES:
            raise Mistake(0, f"over {MAX_VALUES:,} values")
        if not level:
            return found
    raise Mistake(0, f"nested in over {MAX_DEPTH} levels")


def _loaded(text: str) -> Any:
    try:
        data = json.loads(text, parse_constant=_refuse, parse_float=_number)
    except RecursionError:
        raise Mistake(0, f"nested in over {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise Mistake(error.lineno, f"not JSON: {error.msg} at column {error.colno}") from error
    except ValueError as error:  # a number that is none, or has more digits than Python reads
        raise Mistake(1, f"not JSON: {error}") from error
    return _whole(data) if _HALF.search(text) else data


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is too large for a number")
    return value


def _index(text: str) -> Parsed:
    """Lines, and the bounds, before anything is built; a text that is no JSON is the parser's to refuse."""
    found = Parsed(None, {(): 1})
    stack: list[list[Any]] = []  # [is it an object, the key at hand, whether a key comes next]
    path: list[str | int] = []
    line = 1
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token == "\n":
            line += 1
        elif token in "}]":
            if stack:
                stack.pop()
                path.pop()
        elif token == ",":
            if stack:
                _next(stack[-1])
        elif token == ":":
            if stack:
                stack[-1][2] = False
        elif stack and stack[-1][0] and stack[-1][2]:
            path[-1] = _text(token)
            _note(found, (*path,), line)
        else:
            if stack and not stack[-1][0]:
                path[-1] = stack[-1][1]
                _note(found, (*path,), line)
            if token in "{[":
                if len(stack) >= MAX_DEPTH:
                    raise Mistake(line, f"{_shown(path)}nested in over {MAX_DEPTH} levels")
                stack.append([token == "{", 0, token == "{"])
                path.append(0)
        if len(found.lines) > MAX_VALUES:
            raise Mistake(line, f"over {MAX_VALUES:,} values")
    return found


def _next(frame: list[Any]) -> None:
    if frame[0]:
        frame[2] = True
    else:
        frame[1] += 1


def _note(found: Parsed, key: Key, line: int) -> None:
    if key in found.lines and isinstance(key[-1], str):
        found.twice.append((key, line))
    found.lines[key] = line


def _text(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def _whole(value: Any) -> Any:
    """The value with halves of surrogate pairs replaced, as Go's decoder does; the depth is bounded."""
    if isinstance(value, str):
        return _SURROGATE.sub("�", value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return value


def _shown(path: list[str | int]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path[:8]) + ": "
