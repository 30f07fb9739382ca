"""Regular expressions of dashboards, which a browser reads, as Python has them."""

from __future__ import annotations

import re


def browser_regex(text: str) -> re.Pattern[str]:
    """A regular expression of the browser, `/.../flags` or bare, as Python has it.

    Raises:
        ValueError: Python cannot read it.
    """
    inside, _, flags = text.removeprefix("/").rpartition("/") if text.startswith("/") else (text, "", "")
    try:
        return re.compile(
            re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", inside), re.IGNORECASE if "i" in flags else re.NOFLAG
        )
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"the regular expression {text[:60]!r} cannot be read here: {error}") from error
