"""A file of environment variables as `docker run --env-file` and most tools read it: NAME=VALUE lines."""

from __future__ import annotations

import re
from pathlib import Path

from promproof.config import usertext
from promproof.config.usertext import Mistake
from promproof.errors import InputError

_LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=(?P<value>.*)")


def read(path: Path, where: str) -> dict[str, str]:
    """The variables by name; empty lines and those that begin with # are left out, quotes around a value too.

    where: the key or option that names the file.

    Raises:
        InputError: it can't be read, or a line is none.
    """
    try:
        lines = usertext.given(path).splitlines()
    except Mistake as mistake:
        place = f"{path}:{mistake.line}" if mistake.line else str(path)
        raise InputError(
            what=f"{place}: {mistake.text}", where=where, expected="a file of NAME=VALUE lines"
        ) from mistake
    found = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise InputError(
                what="no NAME=VALUE",
                where=f"{path}:{number}",
                expected="a variable on each line",
                todo="correct it",
            )
        value = match["value"].strip()
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        found[match["name"]] = value[1:-1] if quoted else value
    return found
