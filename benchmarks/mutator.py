"""Broken, odd and hostile variants of a file that a user writes, from a seed: the same seed gives the same variant.

A variant is changed in its structure (types, keys, depth, sizes), in its text (encodings, line ends, aliases), or it
is no file at all. Nothing here reads or writes files.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import yaml

Syntax = Literal["yaml", "json", "lines", "page"]
Place = Literal["file", "folder", "loop", "link", "missing", "pipe"]


@dataclass(frozen=True)
class Mutant:
    """A variant: what was done to it, its content, and what stands in its place."""

    what: str
    content: bytes
    place: Place = "file"


class Raw(str):
    """A scalar that stands in the file as it is, whatever YAML or JSON make of it."""

    __slots__ = ()


TEXTS = (
    "", " ", "x", "0", "-1", "1", "1.5", "1e309", "NaN", "1 minute", "1m", "5m", "1h", "0s", "-5m", "300y", "5s1m",
    "99999999999999999999s", "a" * 3000, "\U0001f600", "größe", "\u202eabc", "e\u0301", "\ufeff", "\u2028", "\x85",
    "a\nb", "\t", "'", '"', "\\", "`", "{{", "}}", "{{ $value }}", "{x}", "{duration:x}", "{duration:1m}",
    "{workdir}", "${X}", "$", "$x", "%s", "%(x)s", "{}", "[", "(", "*", "(?i)a", "a(?i)b", "[[:digit:]]", r"\pL",
    r"\1", "(?P<percent>x)", "a{9999999}", "../../..", "/etc/passwd", "/dev/zero", "/", ".", "~", "a/b", "a b",
    "a#b", "*.yml", "**", "[a", "http://", "http://[", "http://x:99999", "http://localhost:9090/x",
    "localhost:9090", ":9090", "localhost:abc", "up", "up ==", "up == 0", "rate(x[5m])", "rate(x[1ms])",
    "sum by (", "vector(1)", "x[5m:1m] offset 5m", "absent(up)", "1 + 1", "q / 0", "q * 1e308 * 1e308", "q ** 9",
    "(" * 200 + "q" + ")" * 200, "select 1", "yes", "null", "true", "2024-99-99", "2024-01-02", "1:30", "0x1F",
    "0o7", "!", "&a", "<<", "=", "---", "group_by", "__proto__", "__address__", "severity", "...", "__name__",
)  # fmt: skip  # a table: one case, one row
SCALARS: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 65536, 10**12, 2**63, 10**400, 0.5, -0.0, 1e308, float("inf"),
    float("-inf"), float("nan"), Raw("2024-99-99"), Raw("2024-01-02"), Raw("!!int abc"), Raw("!!float x"),
    Raw("!!binary x"), Raw("!!python/object:os.system {}"), Raw("!own tag"), Raw("*nowhere"), Raw("1_000"),
    Raw('"\\ud800"'), Raw('"\\0"'), Raw("1e999"), Raw("yes"), Raw("~"), Raw("NaN"), Raw("-"), Raw("1:99"),
)  # fmt: skip  # a table: one case, one row


def mutants(syntax: Syntax, text: str, seed: int, count: int) -> Iterator[Mutant]:
    """So many variants of a text."""
    for number in range(count):
        yield mutant(syntax, text, seed * 1_000_003 + number)


def mutant(syntax: Syntax, text: str, seed: int) -> Mutant:
    """The variant of one seed."""
    chance = random.Random(seed)
    kind = chance.choices(("structure", "text", "place"), (70, 26, 4))[0]
    if kind == "place":
        places: tuple[Place, ...] = ("folder", "loop", "link", "missing", "pipe")
        place = chance.choice(places)
        return Mutant(f"a {place} in place of the file", text.encode(), place)
    if kind == "structure" and syntax != "page":
        told, content = _structure(syntax, text, chance)
        return Mutant(told, content)
    change = chance.choice(_TEXT_CHANGES)
    return Mutant(change.__name__.strip("_").replace("_", " "), change(text, syntax, chance))


# structure


def _structure(syntax: Syntax, text: str, chance: random.Random) -> tuple[str, bytes]:
    rows = text.splitlines() if syntax == "lines" else [text]
    row = chance.randrange(len(rows))
    data = (
        yaml.load(rows[row], getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        if syntax == "yaml"
        else json.loads(rows[row])
    )
    told = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        change = chance.choice(_CHANGES)
        data, where = change(data, chance)
        told.append(f"{change.__name__.strip('_')} at {where}")
    rows[row] = _yaml(data) if syntax == "yaml" else _json(data)
    return "; ".join(told), "\n".join(rows).encode("utf-8", "surrogatepass")


def _paths(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if len(path) > 12:
        return
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _paths(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _paths(value, (*path, index))


def _some(data: Any, chance: random.Random) -> tuple[Any, ...]:
    """A path; each depth is as likely as another, so that the leaves don't take all."""
    paths = list(_paths(data))
    depth = chance.choice(sorted({len(path) for path in paths}))
    return chance.choice([path for path in paths if len(path) == depth])


def _get(data: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def _put(data: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    _get(data, path[:-1])[path[-1]] = value
    return data


def _scalar(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    return _put(data, path, chance.choice(SCALARS)), path


def _text(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    return _put(data, path, chance.choice(TEXTS)), path


def _leaf(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    leaves = [path for path in _paths(data) if not isinstance(_get(data, path), dict | list)]
    path = chance.choice(leaves or [()])
    return _put(data, path, chance.choice((*TEXTS, *SCALARS))), path


def _wrapped(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    value = _get(data, path)
    wrapped: Any = chance.choice(([value], {"a": value}, [[value, None]], [value, value], {"": value}))
    return _put(data, path, wrapped), path


def _unwrapped(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    value = _get(data, path)
    if isinstance(value, dict) and value:
        value = chance.choice((next(iter(value.values())), list(value), next(iter(value))))
    elif isinstance(value, list):
        value = value[0] if value else {}
    return _put(data, path, value), path


def _emptied(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    return _put(data, path, chance.choice(([], {}, None, "", [None], {"a": None}))), path


def _removed(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    if path:
        del _get(data, path[:-1])[path[-1]]
    return data, path


def _added(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    parent = _get(data, path)
    value = chance.choice((*SCALARS, "x", [], {}))
    if isinstance(parent, dict):
        parent[chance.choice((*TEXTS, 1, True, None, 1.5))] = value
    elif isinstance(parent, list):
        parent.insert(chance.randrange(len(parent) + 1), value)
    return data, path


def _renamed(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    if path and isinstance(path[-1], str):
        parent = _get(data, path[:-1])
        parent[chance.choice((path[-1].upper(), path[-1] + " ", "x", *TEXTS[:20]))] = parent.pop(path[-1])
    return data, path


def _repeated(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    parent = _get(data, path)
    if isinstance(parent, list) and parent:
        parent += copy.deepcopy(parent[:1]) * chance.choice((1, 2, 30))
    return data, path


def _swapped(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path, other = _some(data, chance), _some(data, chance)
    return _put(data, path, copy.deepcopy(_get(data, other))), path


def _nested(data: Any, chance: random.Random) -> tuple[Any, tuple[Any, ...]]:
    path = _some(data, chance)
    value = _get(data, path)
    for _ in range(chance.choice((5, 22, 60, 90))):
        value = [value] if chance.random() < 0.5 else {"a": value}
    return _put(data, path, value), path


_CHANGES: tuple[Callable[[Any, random.Random], tuple[Any, tuple[Any, ...]]], ...] = (
    _scalar, _text, _leaf, _leaf, _leaf, _leaf, _wrapped, _unwrapped, _emptied, _removed, _removed, _added, _renamed,
    _repeated, _swapped, _swapped, _nested,
)  # fmt: skip  # a table: one case, one row


# libyaml's takes a tenth of the time, which is half of all for a long file
_Base: type[yaml.SafeDumper] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[valid-type,misc]  # chosen when it runs
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(data: Any) -> str:
    """YAML of the data; what is raw is put into its place afterwards."""
    raws: list[str] = []

    def represent(dumper: _Dumper, value: Raw) -> yaml.ScalarNode:
        raws.append(str(value))
        node: yaml.ScalarNode = dumper.represent_scalar("tag:yaml.org,2002:str", f"RAW{len(raws) - 1}RAW")
        return node

    dumper = type("Dumper", (_Dumper,), {})
    dumper.add_representer(Raw, represent)  # type: ignore[attr-defined]  # made by type()
    text = str(yaml.dump(data, Dumper=dumper, sort_keys=False, allow_unicode=True))
    for number, raw in enumerate(raws):
        text = text.replace(f"RAW{number}RAW", raw)
    return text


def _json(data: Any) -> str:
    return json.dumps(data, default=str)


# text


def _bom(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    return ("\ufeff" + text).encode()


def _crlf(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    return text.replace("\n", "\r\n").encode()


def _carriage_returns(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    return text.replace("\n", "\r").encode()


def _tabs(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    rows = text.split("\n")
    row = chance.randrange(len(rows))
    rows[row] = rows[row].replace("  ", "\t").replace(": ", ":\t")
    return "\n".join(rows).encode()


def _character(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    at = chance.randrange(len(text) + 1)
    char = chance.choice(
        (
            "\0",
            "\x1b",
            "\x7f",
            "\x85",
            "\ufeff",
            "\u2028",
            "\uffff",
            "{",
            "[",
            '"',
            "'",
            ":",
            "-",
            "&",
            "*",
            "|",
            "%",
            "@",
            "`",
        )
    )
    return (text[:at] + char + text[at:]).encode()


def _latin_1(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    raw = text.encode()
    at = chance.randrange(len(raw) + 1)
    return raw[:at] + chance.choice((b"\xe4", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80")) + raw[at:]


def _utf_16(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    return text.encode(chance.choice(("utf-16", "utf-16-le", "utf-32")))


def _cut_short(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    return text[: chance.randrange(len(text) + 1)].encode()


def _line_twice(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    rows = text.split("\n")
    row = chance.randrange(len(rows))
    return "\n".join([*rows[: row + 1], *rows[row:]]).encode()


def _lines_swapped(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    rows = text.split("\n")
    row, other = chance.randrange(len(rows)), chance.randrange(len(rows))
    rows[row], rows[other] = rows[other], rows[row]
    return "\n".join(rows).encode()


def _line_gone(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    rows = text.split("\n")
    del rows[chance.randrange(len(rows))]
    return "\n".join(rows).encode()


def _blank_value(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    rows = text.split("\n")
    row = chance.choice([number for number, line in enumerate(rows) if ": " in line] or [0])
    rows[row] = rows[row].partition(": ")[0] + ":"
    return "\n".join(rows).encode()


def _aliases(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    bomb = "zz0: &z0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"zz{n}: &z{n} [{', '.join([f'*z{n - 1}'] * 9)}]\n" for n in range(1, chance.choice((3, 5, 9)))
    )
    merges = "zz: &z {a: 1}\nzy: {<<: *z, b: 2}\nzx: {<<: [*z, {c: 3}]}\n"
    added = chance.choice(
        (bomb, merges, "zz: &z [*z]\n", "zz: &z {<<: *z}\n", "zz: {<<: 3}\n", "<<: {zz: 1}\n")
    )
    return (added + text if chance.random() < 0.5 else text.rstrip("\n") + "\n" + added).encode()


def _anchored(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    rows = text.split("\n")
    places = [number for number, line in enumerate(rows) if ": " in line] or [0]
    first, second = sorted((chance.choice(places), chance.choice(places)))
    rows[first] = rows[first].replace(": ", ": &here ", 1)
    rows[second] = rows[second].partition(": ")[0] + ": *here"
    return "\n".join(rows).encode()


def _second_document(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    return (text + chance.choice(("\n---\na: 1\n", "\n---\n", "\n...\n", "\n---\n[\n", "\n--- x\n"))).encode()


def _only(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    return chance.choice(
        ("", "\n", "null", "[]", "{}", "x", "1", '"', "---", "[" * 100_000, "{" * 22 + "}" * 22, "- " * 400, "a: " * 50,
         "".join(" " * level + "a:\n" for level in range(400)), "&a [*a]", "!!map []", "%YAML 9.9\n---\na: 1",
         "? a\n: b", "? [a]\n: b", "a: |\n  b\n c", "x: [" + "1," * 5000 + "]", "# only\n", "\ufeff")
    ).encode()  # fmt: skip  # a table: one case, one row


def _cell(text: str, syntax: Syntax, chance: random.Random) -> bytes:
    """A table's cell, or a value, replaced by one of the texts."""
    mark = "|" if syntax == "page" else ": "
    rows = text.split("\n")
    row = chance.choice([number for number, line in enumerate(rows) if mark in line] or [0])
    parts = rows[row].split(mark)
    parts[chance.randrange(len(parts))] = f" {chance.choice(TEXTS)} "
    rows[row] = mark.join(parts)
    return "\n".join(rows).encode("utf-8", "surrogatepass")


_TEXT_CHANGES: tuple[Callable[[str, Syntax, random.Random], bytes], ...] = (
    _bom, _crlf, _carriage_returns, _tabs, _character, _character, _latin_1, _utf_16, _cut_short, _line_twice,
    _lines_swapped, _line_gone, _blank_value, _blank_value, _aliases, _aliases, _anchored, _anchored, _second_document,
    _only, _only, _cell, _cell, _cell,
)  # fmt: skip  # a table: one case, one row
