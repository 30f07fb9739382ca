"""The suites as ordinary pytest: options, one run for all of them, claims as tests, and the exit status.

The run is driven once, by the first test that needs a verdict; each test then is one claim, and its id is the claim's.
"""

from __future__ import annotations

import difflib
import shutil
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import bin_xml_escape, xml_key
from rich.console import Console

from promproof import crash, plugins
from promproof.checks import claims
from promproof.contract.model import Contract
from promproof.errors import EvidenceError, InputError
from promproof.interrupts import hold, only_note, terminate_as_interrupt
from promproof.optiontable import PREFIX, Option, options
from promproof.report.files import write_json
from promproof.report.panels import draw
from promproof.report.terminal import show
from promproof.run.clock import SystemClock
from promproof.run.ending import doubt
from promproof.run.housekeeping import run_folder
from promproof.run.main import Result, run
from promproof.run.options import Options, from_values
from promproof.run.prepare import Prepared, prepare
from promproof.run.secrecy import STORES
from promproof.stack.children import take_precedence
from promproof.verdict import Outcome, Verdict, exit_status

PREPARED: pytest.StashKey[Prepared] = pytest.StashKey()
FOLDER: pytest.StashKey[Path] = pytest.StashKey()
RESULT: pytest.StashKey[Result] = pytest.StashKey()
BAD_INPUT: pytest.StashKey[InputError] = pytest.StashKey()
SHOWN: pytest.StashKey[bool] = pytest.StashKey()
BROKEN: pytest.StashKey[str] = pytest.StashKey()
"""An exception that nobody expected, in one line."""
_JUNIT_BYTES = 1_000_000


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("promproof", "claims of a contract (promproof verify --help)")
    for option in options("verify"):
        group.addoption(f"--{PREFIX}{option.name}", dest=_place(option), **_argument(option))


def _place(option: Option) -> str:
    return f"promproof_{option.key}"


def _argument(option: Option) -> dict[str, Any]:
    """What pytest's parser is told of it."""
    said: dict[str, Any] = {"help": option.described("verify").replace("%", "%%")}
    if option.kind == "flag":
        return {**said, "action": "store_true"}
    if option.repeatable:
        said |= {"action": "append"}
    types = {"text": str, "path": Path, "number": float}
    shown = {"choices": option.choices} if option.choices else {"metavar": option.metavar}
    return {**said, **shown, "type": types[option.kind], "default": option.default_of("verify")}


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
        line = _broke(self._config, "pytest ran", excinfo.value)
        pytest.exit(line, returncode=None if self._started else 2)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    hold()
    config.addinivalue_line("markers", "claim: one promise of the documentation")
    # An engine that goes away leaves ends of connections in its client, which are no error of a claim.
    config.addinivalue_line("filterwarnings", "ignore:unclosed:ResourceWarning")
    folder = Path(config.getoption("promproof_reports")) / datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    config.stash[FOLDER] = folder
    config.pluginmanager.register(InternalErrors(config))
    try:
        plugins.use(config.getoption("promproof_plugins"))
        prepared = prepare(_options(config))
        _check_claims(config, prepared.contract)
        config.stash[PREPARED] = prepared
    except InputError as error:
        config.stash[BAD_INPUT] = error
        return
    except Exception as error:
        _broke(config, "reading what was given", error)
        return
    if not config.getoption("xmlpath", None) and not config.getoption("collectonly"):
        config.option.xmlpath = str(folder / "junit.xml")


def _options(config: pytest.Config) -> Options:
    return from_values({option.key: config.getoption(_place(option)) for option in options("verify")})


def _check_claims(config: pytest.Config, contract: Contract) -> None:
    """Refuse a --claim that selects nothing: whoever mistypes it would be told that nothing was judged."""
    known = [claim.id for _, claim in claims(contract)]
    for wanted in config.getoption("promproof_claim"):
        if not any(name.startswith(wanted) for name in known):
            near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.0)
            kinds = ", ".join(dict.fromkeys(f"{name.partition('/')[0]}/" for name in known))
            raise InputError(
                f"no claim's id starts with {wanted!r}",
                "--claim",
                f"the beginning of an id, {kinds or 'of which the contract has none'}",
                f"correct it; the most similar one is {near[0]}" if near else "name another --contract",
            )


def _broke(config: pytest.Config, what: str, error: BaseException) -> str:
    """Take down an exception that nobody expected; the line that says it."""
    folder = config.stash[FOLDER]
    trace = crash.write(error, folder if folder.is_dir() else folder.parent)
    config.stash[BROKEN] = f"internal error while {what}: {crash.describe(error)}; {trace}"
    return config.stash[BROKEN]


def pytest_sessionstart(session: pytest.Session) -> None:
    error = session.config.stash.get(BAD_INPUT, None)
    if error is not None:
        raise pytest.UsageError(str(error))
    broken = session.config.stash.get(BROKEN, None)
    if broken is not None:
        pytest.exit(broken, returncode=2)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "claim" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("promproof_claim")
        kind = metafunc.module.KIND
        ids = [claim.id for _, claim in claims(metafunc.config.stash[PREPARED].contract)]
        mine = [
            one for one in ids if one.split("/")[0] in kind and (not wanted or one.startswith(tuple(wanted)))
        ]
        metafunc.parametrize("claim", mine, ids=mine)


@pytest.fixture(scope="session")
def result(request: pytest.FixtureRequest) -> Result:
    """The run, driven once."""
    config = request.config
    folder = config.stash[FOLDER]
    manager = config.pluginmanager.getplugin("capturemanager")
    clock = SystemClock()
    started = clock.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"[{clock.monotonic() - started:6.1f} s] {text}\n")
        sys.stdout.flush()

    interrupted = ""
    done = None
    try:
        take_precedence()
        with run_folder(folder), manager.global_and_fixture_disabled(), terminate_as_interrupt():
            say(f"run {folder}")
            done = run(config.stash[PREPARED], folder, clock, say, draw)
    except KeyboardInterrupt as signalled:
        interrupted = f"interrupted{f' by {signalled}' if str(signalled) else ''}"
    except InputError as error:
        config.stash[BAD_INPUT] = error
        _no_junit(config)  # it would create the folder again
        pytest.exit(str(error), returncode=4)
    except EvidenceError as error:
        pytest.exit(str(error), returncode=2)
    except OSError as error:
        pytest.exit(
            f"the run broke off: {error}\n  to do: look at the space and the rights of {folder}", returncode=2
        )
    except Exception as error:
        pytest.exit(_broke(config, "the run was driven", error), returncode=2)
    if done is None:
        # not within `except`: pytest would describe the interrupted line as well, and a few have no number (3.11)
        pytest.exit(interrupted, returncode=EvidenceError.exit_status)
    only_note()  # what is judged is reported
    config.stash[RESULT] = done
    _leave_out_junit(config)
    return done


@pytest.fixture
def verdict(claim: str, result: Result) -> Verdict:
    """The verdict of one claim."""
    return next(one for one in result.verdicts if one.claim == claim)


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
    _show_verdicts(config)


def _show_verdicts(config: pytest.Config) -> None:
    """Print the table, once."""
    result = config.stash.get(RESULT, None)
    if result is None or SHOWN in config.stash:
        return
    config.stash[SHOWN] = True
    verdicts = _selected(config, result)
    show(Console(file=sys.stdout, width=max(140, Console().width)), verdicts, result.ending)
    if result.ending.crashes:
        sys.stdout.write(f"tracebacks of the harness: {result.folder / 'tracebacks.txt'}\n")
    sys.stdout.write(f"reports: {result.folder}\n")


def _selected(config: pytest.Config, result: Result) -> list[Verdict]:
    wanted = tuple(config.getoption("promproof_claim"))
    return [one for one in result.verdicts if not wanted or one.claim.startswith(wanted)]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Judge the session; a report that can't be written is trouble (2), never a traceback or a failed claim (1)."""
    with _trouble_told(session):
        _set_status(session)
    try:
        with _trouble_told(session):
            yield
    finally:
        _show_verdicts(session.config)  # unless that was done: a report that failed may have been before it
        _mask(session.config)


@contextmanager
def _trouble_told(session: pytest.Session) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        sys.stdout.write(f"\na report could not be written: {error}\n")
        session.exitstatus = 2
    except Exception as error:
        sys.stdout.write(f"\n{_broke(session.config, 'the reports were written', error)}\n")
        session.exitstatus = 2


def _mask(config: pytest.Config) -> None:
    """The reports were written after the run; they quote errors of pytest and of programs."""
    prepared = config.stash.get(PREPARED, None)
    if prepared is None:
        return
    with suppress(OSError):
        prepared.masker.sweep(config.stash[FOLDER], STORES)
        prepared.masker.file(Path(str(config.getoption("xmlpath", None) or "")))


def _leave_out_junit(config: pytest.Config) -> None:
    """On a full disk: what can't be written must not cost the table of verdicts, which is printed later."""
    path = Path(str(config.getoption("xmlpath", None) or ""))
    full = path.parent.is_dir() and shutil.disk_usage(path.parent).free < _JUNIT_BYTES
    if full and _no_junit(config):
        sys.stdout.write(f"\n{path} is not written: the disk is full\n")


def _no_junit(config: pytest.Config) -> bool:
    """Whether the file would have been written."""
    plugin = config.stash.get(xml_key, None)
    if plugin is None:
        return False
    del config.stash[xml_key]
    config.pluginmanager.unregister(plugin)
    return True


def _set_status(session: pytest.Session) -> None:
    told, config = session.exitstatus, session.config
    result = config.stash.get(RESULT, None)
    if config.getoption("collectonly") and BAD_INPUT not in config.stash:
        session.exitstatus = told if told in (0, 2, 4) else 2
        return
    if config.stash.get(BAD_INPUT, None) is not None:
        session.exitstatus = 4
        return
    if result is None:
        # Nothing was judged: interrupted, an internal error, or no claim selected.
        session.exitstatus = 4 if told == pytest.ExitCode.USAGE_ERROR else 2
        return
    strict = config.getoption("promproof_strict")
    verdicts = _selected(config, result)
    status = exit_status(verdicts, strict=strict, incomplete=result.ending.incomplete)
    # trouble of pytest itself, with no verdict that speaks of it: not a failed claim, but no proof either
    if told != pytest.ExitCode.OK:
        status = status or 2
    session.exitstatus = status
    _report(config, result, verdicts, status)


def _report(config: pytest.Config, result: Result, verdicts: list[Verdict], status: int) -> None:
    """Write report.json; and into the JUnit file the one error of a run that proves less than it should."""
    strict = config.getoption("promproof_strict")
    run = {"id": result.folder.name}
    why = doubt(verdicts, result.ending, strict=strict)
    junit = config.stash.get(xml_key, None)
    if junit is not None and why is not None:
        row = junit.node_reporter("run")
        row.attrs.update({"classname": "verification", "name": "run"})
        error = ElementTree.Element("error", message=bin_xml_escape(why))
        error.text = bin_xml_escape(result.ending.trouble or why)
        row.append(error)
        rows = junit.node_reporters_ordered
        rows.insert(0, rows.pop())
    write_json(result.folder / "report.json", verdicts, result.ending, strict=strict, status=status, run=run)
