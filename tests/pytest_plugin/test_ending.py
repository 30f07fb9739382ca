"""How a session that ends early says so."""

from __future__ import annotations

import io

import pytest

from promproof.pytest_plugin.ending import tell_plainly

pytestmark = pytest.mark.unit


def said(error: BaseException, config: pytest.Config) -> str:
    """What pytest's reporter writes of what ended a session."""
    file = io.StringIO()
    reporter = pytest.TerminalReporter(config, file)
    tell_plainly(reporter)
    try:
        raise error
    except BaseException:
        reporter.pytest_keyboard_interrupt(pytest.ExceptionInfo.from_current())
    reporter.pytest_unconfigure()
    return file.getvalue()


def test_what_ends_a_session_is_told_without_a_banner(pytestconfig: pytest.Config) -> None:
    told = said(pytest.exit.Exception("http://a:1: nothing answers\n  to do: start it"), pytestconfig)
    assert told == "http://a:1: nothing answers\n  to do: start it\n"


def test_an_interruption_by_hand_is_told_by_pytest_itself(pytestconfig: pytest.Config) -> None:
    assert "! KeyboardInterrupt !" in said(KeyboardInterrupt(), pytestconfig)
