"""`promproof check`: mistakes of the files of any monitoring folder, without a target."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from promproof.errors import InputError, meant
from promproof.findings.checking import check
from promproof.findings.choosing import wanted
from promproof.findings.finding import Severity
from promproof.report.findings.forms import known, rendered, width_of

STREAM = "-"
"""The path that stands for the standard input."""


def run(given: dict[str, Any]) -> int:
    """The exit status: 1 with a finding of that severity or worse, 2 when a judge crashed."""
    form = known(given["format"])
    least = _severity(given["severity"])
    named = tuple(given["paths"]) or (".",)
    paths = tuple(Path(name) for name in named if name != STREAM)
    stream = sys.stdin.read() if STREAM in named else None
    checked = check(paths, least, stream, wanted(given["only"], "--only"))
    if given["output"] is None:
        sys.stdout.write(rendered(checked, form, width_of(sys.stdout)))
    else:
        _write(given["output"], rendered(checked, form))
    return checked.status


def _severity(name: str) -> Severity:
    try:
        return Severity(name)
    except ValueError:
        names = [str(severity) for severity in Severity]
        raise InputError(
            what=f"no severity is called {name!r}{meant(name, names)}",
            where="--severity",
            expected=f"one of {', '.join(names)}",
        ) from None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            what=f"can't be written: {error.strerror}", where=str(file), todo="name another file for --output"
        ) from error
