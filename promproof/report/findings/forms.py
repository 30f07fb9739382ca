"""The formats of `promproof check` by name. A new one is a module with `text`, and a row here."""

from __future__ import annotations

from importlib import import_module

from promproof.errors import InputError, meant
from promproof.findings.checking import Checked

FORMS = {
    "text": "promproof.report.findings.text",
    "json": "promproof.report.findings.jsonform",
    "github": "promproof.report.findings.github",
    "sarif": "promproof.report.findings.sarif",
    "junit": "promproof.report.findings.junitform",
    "html": "promproof.report.findings.htmlform",
}


def known(form: str) -> str:
    """The name of a format.

    Raises:
        InputError: there is none of that name.
    """
    if form not in FORMS:
        raise InputError(
            what=f"no format is called {form!r}{meant(form, FORMS)}",
            where="--format",
            expected=f"one of {', '.join(FORMS)}",
        )
    return form


def rendered(checked: Checked, form: str, width: int | None = None) -> str:
    """What was checked, in a format. width: columns to wrap at, for people's."""
    written: str = import_module(FORMS[known(form)]).text(checked, width)
    # A file's name may have bytes that are no UTF-8; JSON takes them in this form, and so do people.
    return written.encode(errors="backslashreplace").decode()
