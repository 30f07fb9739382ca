"""What a Markdown page says of settings: rows of tables with a default or a value, and the password of Grafana.

Only what is written as a statement counts: a placeholder, a sentence, or a password that the reader is to choose says
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

DEFAULT, VALUE = "default", "value"
_ASSIGNED = re.compile(r"(?:^|[\s`(\"'])([A-Za-z_]\w*)=", re.MULTILINE)
_HEADING = re.compile(r"#{1,6}\s+(.*)")
_NAME = re.compile(r"`?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`?")
_PLAIN = re.compile(r"[\w.:/@%+-]+")
_NOTHING = re.compile(
    r"(?:-+|n/?a|none|null|unset|empty|required|optional|auto\w*|random|generated|see|varies|any|yes|no|tbd|\.+)",
    re.IGNORECASE,
)
_BOTH = re.compile(r"(?<![\w/.:@-])`?admin`?\s?[/:]\s?`?([\w.!@#%+-]*[\w!@#%+])`?(?![\w/:@-])")
_ALONE = re.compile(r"\bpassword\b[*_`]{0,3}\s*[:=|]\s*[*_]{0,2}\s*`([^`\s]+)`", re.IGNORECASE)
_BARE = re.compile(
    r"\bpassword\b[*_`]{0,3}\s*[:=|]\s*[*_]{0,2}\s*([\w.!@#%^&+~-]*[A-Za-z\d!@#%^&+~])"
    r"(?=[*_]{0,2}\s*(?:$|[|,;)<]|\.\s*$|\s(?:[-#(]|and\b)))",
    re.IGNORECASE,
)
"""A password that nothing marks as one word: only what ends there is."""
_MEANT = re.compile(
    r"(?=.*\d).*|.+[.!@#%^&+~_-].*|admin|grafana|monitoring|password|secret|test|demo|root", re.IGNORECASE
)
"""A bare word that is a password: others may be the first of a sentence (`Password: mandatory`)."""
_ELSEWHERE = re.compile(
    r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|.*\.(?:env|md|txt|ya?ml|json)|\.env\b.*|\d+|\d+[-+]\w*"
    r"|\w+-(?:generated|only|protected|based|free|less)|(?:auto|randomly|self|pre|not|user|re)-\w+"
)
"""The name of a variable or of a file that has the password, what it is like, and a mere number."""
_USER = re.compile(r"\b(?:user|user ?name|login)\b[*_`]{0,3}\s*[:=|]\s*[*_`]{0,3}([\w.@-]+)", re.IGNORECASE)
"""Whose password it is: others than the admin's are not compared."""
_LOGIN = re.compile(r"credential|log ?in|sign ?in|password|username", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\(\s*`?admin`?\s?[/:]\s?[^()\s]+\s*\)")
_SEVERAL = re.compile(r"[&,+/]|\band\b|prometheus", re.IGNORECASE)
"""Of a heading about more than Grafana."""
_OTHER = re.compile(
    r"\s*(?:[-*|]\s*)?[*`]*(?!user|pass|login|log in|default|admin|cred|sign|url|open)\w[\w -]*[*`]*\s*[:|]",
    re.IGNORECASE,
)
"""A line that begins with the name of something else: `- Keycloak: admin/admin`."""
_OPEN = re.compile(
    r"[<>{}$*]|your|change|choose|secure|strong|\.\.\.|xxx|viewer|editor|user|role", re.IGNORECASE
)
"""Parts of a placeholder, and of roles (`admin/viewer`)."""


@dataclass(frozen=True)
class PageText:
    """A page: its name as it is shown, and its text."""

    name: str
    text: str


@dataclass(frozen=True)
class Said:
    """A statement of a page. sort: DEFAULT or VALUE, by the column of its table; where: PAGE:LINE."""

    sort: str
    name: str
    value: str
    where: str


def tabled(page: PageText) -> Iterator[Said]:
    """The rows of tables that have a column of names, and one of defaults or values."""
    columns: tuple[str, int] | None = None
    before: list[str] = []
    for number, line in enumerate(page.text.splitlines(), 1):
        if not line.lstrip().startswith("|"):
            columns, before = None, []
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if before and all(re.fullmatch(r":?-+:?", cell) for cell in cells):
            columns = _column(before)
        elif columns is not None and columns[1] < len(cells):
            name, value = _NAME.fullmatch(cells[0]), _value(cells[columns[1]])
            if name is not None and value:
                yield Said(columns[0], name[1], value, f"{page.name}:{number}")
        before = cells


def assigned(page: PageText) -> set[str]:
    """The variables that a page sets, or tells the reader to set: `GRAFANA_PASSWORD=...`."""
    return set(_ASSIGNED.findall(page.text))


def _column(header: list[str]) -> tuple[str, int] | None:
    """Which of a table's columns has defaults or values; None where none or several have."""
    words = [re.sub(r"[*_`]", "", cell).casefold() for cell in header]
    found = [(DEFAULT, index) for index, word in enumerate(words) if re.match(r"defaults?\b", word) and index]
    found += [(VALUE, index) for index, word in enumerate(words) if word in ("value", "setting") and index]
    return found[0] if len(found) == 1 else None


def _value(cell: str) -> str:
    """What a cell says as one word; empty for a sentence or a placeholder."""
    text = cell.strip("*_ ")
    text = text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == "`" else text
    text = text.strip("\"'")
    is_said = _PLAIN.fullmatch(text) and not _NOTHING.fullmatch(text)
    return text if is_said and not _OPEN.search(text) else ""


def passwords(page: PageText) -> Iterator[Said]:
    """The passwords of Grafana's admin, in a line or below a heading that names Grafana."""
    heading = table = user = ""
    for number, line in enumerate(page.text.splitlines(), 1):
        if titled := _HEADING.match(line):
            heading, user = titled[1], ""
            continue
        if named := _USER.search(line):
            user = named[1].casefold()
        is_row = line.lstrip().startswith("|")
        table = (table or line) if is_row else ""
        is_below = "grafana" in heading.casefold() and not _SEVERAL.search(heading)
        if "grafana" not in line.casefold() and (not is_below or _OTHER.match(line)):
            continue
        is_about = is_below and not _OTHER.match(line)
        is_login = any(map(_LOGIN.search, (line, table))) or _IN_BRACKETS.search(line) is not None
        for match in (*(_BOTH.finditer(line) if is_login else ()), *_ALONE.finditer(line), *_bare(line)):
            others = f"{line[: match.start(1)]} {line[match.end(1) :]}".casefold().find("grafana")
            is_named = is_about if others < 0 else others < match.start()
            if not _OPEN.search(match[1]) and is_named and user in ("", "admin"):
                yield Said("password", "password", match[1], f"{page.name}:{number}")


def _bare(line: str) -> Iterator[re.Match[str]]:
    for match in _BARE.finditer(line):
        if _MEANT.fullmatch(match[1]) and not _ELSEWHERE.fullmatch(match[1]):
            yield match
