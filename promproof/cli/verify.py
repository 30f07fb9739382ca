"""`promproof verify`: pytest within this process, with the plugin and nothing else of the machine's or the folder's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from promproof.optiontable import PREFIX, options
from promproof.places import REPOSITORY

QUIET = ("-q", "--no-header", "--tb=no", "-p", "no:cacheprovider")
SUITES = REPOSITORY / "verification"


def run(given: dict[str, Any]) -> int:
    """The exit status, as the plugin sets it."""
    return int(pytest.main([str(SUITES), *QUIET, *prefixed(given), *given["rest"]]))


def prefixed(given: dict[str, Any]) -> Iterator[str]:
    """The options as pytest knows them."""
    for option in options("verify"):
        value, name = given[option.key], f"--{PREFIX}{option.name}"
        if option.kind == "flag":
            yield from [name] if value else []
        elif option.repeatable:
            yield from (f"{name}={each}" for each in value)
        elif value is not None:
            yield f"{name}={value}"
