"""What one pytest run over a contract knows: its input, its folder, its result, and what went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof import crash
from promproof.checks import claims
from promproof.errors import InputError
from promproof.optiontable import options
from promproof.pytest_plugin import place
from promproof.run.frame import Result
from promproof.run.prepared import Prepared

PREPARED: pytest.StashKey[Prepared] = pytest.StashKey()
FOLDER: pytest.StashKey[Path] = pytest.StashKey()
RESULT: pytest.StashKey[Result] = pytest.StashKey()
BAD_INPUT: pytest.StashKey[InputError] = pytest.StashKey()
BROKEN: pytest.StashKey[str] = pytest.StashKey()
"""An exception that nobody expected, in one line."""

DROPPED: pytest.StashKey[list[pytest.Item]] = pytest.StashKey()
"""The items that -k, -m, --lf or --deselect drop."""
LEFT_OUT: pytest.StashKey[set[str]] = pytest.StashKey()
"""The claims that nobody wants to hear of in this session."""
OWN_FAILED: pytest.StashKey[bool] = pytest.StashKey()
"""Whether a test failed that asks for no verdict: a user's own, which paths named besides."""


def values(config: pytest.Config) -> dict[str, Any]:
    """The options by their keys, with the default of each that was not given."""
    found = {}
    for option in options("verify"):
        value = config.getoption(place(option))
        found[option.key] = option.default_of("verify") if value is None else value
    return found


def wanted(config: pytest.Config) -> tuple[str, ...]:
    """The beginnings of the ids that are asked for; none for all."""
    return tuple(config.getoption("promproof_claim") or ())


def claim_ids(config: pytest.Config) -> list[str]:
    """The ids of the contract's claims that are asked for, in their order."""
    asked = wanted(config)
    ids = [claim.id for _, claim in claims(config.stash[PREPARED].contract)]
    return [claim for claim in ids if not asked or claim.startswith(asked)]


def broke(config: pytest.Config, what: str, error: BaseException) -> str:
    """Take down an exception that nobody expected; the line that says it."""
    folder = config.stash[FOLDER]
    trace = crash.write(error, folder if folder.is_dir() else folder.parent)
    config.stash[BROKEN] = f"internal error while {what}: {crash.describe(error)}; {trace}"
    return config.stash[BROKEN]
