"""The claims of a contract as pytest items. pytest finds this module by its entry point, in every run on the machine.

So it is small: a run that gives none of its options gets their help and nothing else, no import and no file. What a run
over a contract needs is imported when it is asked for, see `activate`. PYTEST_DONT_REWRITE: there are no assertions.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from promproof.optiontable import PREFIX, Option, options

ACTIVE = "promproof-run"
"""The name, among pytest's plugins, of what verifies."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("promproof", "claims of a contract (promproof verify --help)")
    for option in options("verify"):
        group.addoption(f"--{PREFIX}{option.name}", dest=place(option), **_argument(option))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if any(config.getoption(place(option)) for option in options("verify")):
        activate(config)


def activate(config: pytest.Config) -> None:
    """Have this run verify the contract that its options name, or the default one."""
    if not config.pluginmanager.has_plugin(ACTIVE):
        from promproof.pytest_plugin import hooks

        config.pluginmanager.register(hooks, ACTIVE)


def register(manager: pytest.PytestPluginManager) -> None:
    """Bring in the options where no entry point has done it: in a checkout that is not installed."""
    here = sys.modules[__name__]
    if not manager.is_registered(here):
        manager.register(here, "promproof")


def place(option: Option) -> str:
    """Where pytest keeps the value of an option."""
    return f"promproof_{option.key}"


def _argument(option: Option) -> dict[str, Any]:
    """What pytest's parser is told of it. None is given: the default is filled in when something is verified."""
    said: dict[str, Any] = {"help": option.described("verify").replace("%", "%%")}
    if option.kind == "flag":
        return {**said, "action": "store_true"}
    if option.repeatable:
        said |= {"action": "append"}
    types = {"text": str, "path": Path, "number": float}
    return {**said, "metavar": option.metavar, "type": types[option.kind]}
