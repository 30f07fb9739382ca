"""`promproof verify`: pytest within this process, with the plugin and nothing else of the machine's or the folder's.

No test file is needed: the plugin collects the claims from the contract. The folder's own `conftest.py`, `pytest.ini`
and tests are about something else, and so are plugins that are installed for them.
"""

from __future__ import annotations

import gc
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from promproof.cli import everydrill
from promproof.optiontable import PREFIX, options
from promproof.places import REPOSITORY
from promproof.report.lines import tell
from promproof.stack.journal import cache_dir

PLAIN = ("--no-header", "--tb=no", "-rN")
"""No list of failed tests: it would stand last, and say the symptoms after their cause."""
ALONE = (
    "--config-file",
    os.devnull,
    "--noconftest",
    "--disable-plugin-autoload",
    "-p",
    "promproof.pytest_plugin",
)


def run(given: dict[str, Any]) -> int:
    """The exit status, as the plugin sets it; with --drill, that of the drills as well."""
    if given["drill"] is not None:
        everydrill.check(given)
    status = _main_job(given)
    if given["drill"] is not None:
        return everydrill.after(given, status)
    if status in (0, 1) and not given["claim"]:
        for line in everydrill.not_driven(given):
            tell(line)
    return status


def _main_job(given: dict[str, Any]) -> int:
    os.environ.pop("PYTEST_ADDOPTS", None)  # meant for the tests of whoever set it
    memory = cache_dir() / "pytest" / hashlib.sha256(bytes(REPOSITORY)).hexdigest()[:12]
    here = (f"--rootdir={REPOSITORY}", "-o", f"cache_dir={memory}")
    words = [*_quiet(given["rest"]), *PLAIN, *ALONE, *here, *prefixed(given), *given["rest"]]
    return int(pytest.main(words, plugins=[_AtTheEnd()]))


class _AtTheEnd:
    """pytest collects garbage five times before it ends, which takes a second with a run in memory."""

    def pytest_unconfigure(self) -> None:
        gc.freeze()


def _quiet(rest: Sequence[str]) -> list[str]:
    """pytest's -q, unless somebody says how much is told: a second one has --collect-only count and name nothing."""
    told = any(word in ("--quiet", "--verbose") or re.fullmatch(r"-(q+|v+)", word) for word in rest)
    return [] if told else ["-q"]


def prefixed(given: dict[str, Any]) -> Iterator[str]:
    """The options as pytest knows them."""
    for option in options("verify"):
        if option.name == "drill":
            continue  # those are runs of their own
        value, name = given[option.key], f"--{PREFIX}{option.name}"
        if option.kind == "flag":
            yield from [name] if value else []
        elif option.repeatable:
            yield from (f"{name}={entry}" for entry in value)
        elif value is not None:
            yield f"{name}={value}"
