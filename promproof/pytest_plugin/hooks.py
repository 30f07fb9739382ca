"""The hooks of a pytest run that verifies a contract, and the fixtures of suites that a user writes."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from promproof import plugins
from promproof.checks import claims
from promproof.contract.model import Contract
from promproof.crash import tell
from promproof.errors import InputError, meant
from promproof.interrupts import hold
from promproof.pytest_plugin import ending
from promproof.pytest_plugin.driving import result_of, verdict_of
from promproof.pytest_plugin.items import (
    asks,
    collect_contract_alone,
    collect_contract_too,
    not_chosen,
    pytest_collect_file,
)
from promproof.pytest_plugin.state import (
    BAD_INPUT,
    BROKEN,
    DROPPED,
    FOLDER,
    LEFT_OUT,
    OWN_FAILED,
    PREPARED,
    broke,
    claim_ids,
    values,
    wanted,
)
from promproof.run import spare
from promproof.run.frame import Result
from promproof.run.options import from_values
from promproof.run.prepare import check_target, prepare
from promproof.verdict import Outcome, Verdict

__all__ = ["pytest_collect_file"]


class InternalErrors:
    """Of pytest's own crash, or of one in a hook, one line is said and the traceback is in a file."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = False

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        self._started = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # of a session that has started the status is set at its end; 2 would have pytest look for a Ctrl-C
        line = broke(self._config, "pytest ran", excinfo.value)
        pytest.exit(line, returncode=None if self._started else 2)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    hold()
    config.addinivalue_line("markers", "claim: one promise of the documentation")
    # An engine that goes away leaves ends of connections in its client, which are no error of a claim.
    config.addinivalue_line("filterwarnings", "ignore:unclosed:ResourceWarning")
    given = values(config)
    folder = Path(given["reports"]) / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    config.stash[FOLDER] = folder
    config.pluginmanager.register(InternalErrors(config))
    try:
        _check_one_process(config)
        _check_no_drills(given)
        plugins.use(given["plugins"])
        prepared = prepare(from_values(given), spare.given)
        _check_claims(config, prepared.contract)
        if not config.getoption("collectonly"):
            check_target(prepared)
        config.stash[PREPARED] = prepared
    except InputError as error:
        config.stash[BAD_INPUT] = error
        return
    except Exception as error:
        broke(config, "reading what was given", error)
        return
    collect_contract_alone(config)
    if not config.getoption("xmlpath", None) and not config.getoption("collectonly"):
        config.option.xmlpath = str(folder / "junit.xml")


def _check_one_process(config: pytest.Config) -> None:
    """Refuse pytest-xdist's processes: each would drive a run of its own, all at the same target."""
    if hasattr(config, "workerinput") or config.getoption("dist", "no") not in (None, "no"):
        raise InputError(
            what="the claims of a contract are judged by one run, which several processes can't share",
            where="-n, --dist (pytest-xdist)",
            expected="one process",
            todo="leave the option out, or add -n 0",
        )


def _check_no_drills(given: Mapping[str, Any]) -> None:
    """Drills are runs of their own, which pytest does not start."""
    if given.get("drill") is not None:
        raise InputError(
            what="pytest drives the main job alone",
            where="--promproof-drill",
            expected="promproof verify --drill all",
            todo="leave the option out, or use promproof",
        )


def _check_claims(config: pytest.Config, contract: Contract) -> None:
    """Refuse a --claim that selects nothing: whoever mistypes it would be told that nothing was judged."""
    known = [claim.id for _, claim in claims(contract)]
    for asked in wanted(config):
        if not any(claim.startswith(asked) for claim in known):
            kinds = ", ".join(dict.fromkeys(f"{claim.partition('/')[0]}/" for claim in known))
            raise InputError(
                what=f"no claim's id starts with {asked!r}{meant(asked, _beginnings(known))}",
                where="--claim",
                expected=f"the beginning of an id, {kinds or 'of which the contract has none'}",
                todo="correct it; `promproof verify -- --collect-only` lists all ids"
                if known
                else "name another --contract",
            )


def _beginnings(claims: Sequence[str]) -> Iterator[str]:
    """The ids, and their parts up to each slash: `metric/`, `metric/requests_total/`."""
    for claim in claims:
        parts = claim.split("/")
        yield from (f"{'/'.join(parts[:count])}/" for count in range(1, len(parts)))
        yield claim


def pytest_sessionstart(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    if hasattr(reporter, "_report_keyboardinterrupt"):  # pytest's own, which may change
        ending.tell_plainly(reporter)
    error = session.config.stash.get(BAD_INPUT, None)
    if error is not None:
        tell(str(error))
        raise pytest.UsageError  # without a text: pytest would put its own ERROR: before it
    broken = session.config.stash.get(BROKEN, None)
    if broken is not None:
        pytest.exit(broken, returncode=2)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, items: list[pytest.Item]) -> None:
    if PREPARED in session.config.stash:
        collect_contract_too(session, items)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    for item in items:
        item.config.stash.setdefault(DROPPED, []).append(item)


def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    if PREPARED not in config.stash or config.getoption("collectonly"):
        return
    dropped = config.stash.setdefault(DROPPED, [])
    config.stash[LEFT_OUT] = not_chosen(config, session.items, dropped)
    if not any(asks(item) for item in session.items):
        ending.leave_out_unasked_report(config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and call.when == "call" and not asks(item):
        item.config.stash[OWN_FAILED] = True
    return report


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test of a suite the claims of the suite's kinds, `KIND = ("metric",)` in its module."""
    kinds = getattr(metafunc.module, "KIND", None)
    if "claim" in metafunc.fixturenames and kinds is not None:
        mine = [claim for claim in claim_ids(metafunc.config) if claim.partition("/")[0] in kinds]
        metafunc.parametrize("claim", mine, ids=mine)


@pytest.fixture(scope="session")
def result(request: pytest.FixtureRequest) -> Result:
    """The run, driven once."""
    return result_of(request.config)


@pytest.fixture
def verdict(claim: str, request: pytest.FixtureRequest) -> Verdict:
    """The verdict of one claim."""
    return verdict_of(request.config, claim)


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count unknown and not verified claims by these names, and not as skipped tests."""
    if report.skipped and isinstance(report.longrepr, tuple):
        reason = str(report.longrepr[2]).removeprefix("Skipped: ")
        for outcome in (Outcome.UNKNOWN, Outcome.NOT_VERIFIED):
            if reason.startswith(f"{outcome}: "):
                return str(outcome), str(outcome)[0], str(outcome).upper()
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.ensure_newline()
    ending.show_verdicts(config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Judge the session, then let pytest report."""
    with ending.trouble_told(session):
        ending.set_status(session)
    try:
        with ending.trouble_told(session):
            yield
    finally:
        ending.show_verdicts(
            session.config
        )  # unless that was done: a report that failed may have been before it
        ending.mask(session.config)
