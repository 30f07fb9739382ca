"""What Locust loads: options, the scenario and its run, and the ways in which a run ends.

    python -m locust -f loadtests/locustfile.py --headless --host URL --scenario steady --ledger FILE

Exit status: 0 the run went as planned and its ledger is whole; 1 answers that the scenario does not expect
(--exit-code-on-error changes it); 2 incomplete evidence (missed arrivals, requests of unknown fate at the
end, a ledger that could not be written, a setup that failed); 4 bad options or a bad scenario, nothing sent.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import gevent
from locust import events

from loadtests.files import LedgerWriter
from loadtests.inputs import InputError
from loadtests.ledger import Ledger
from loadtests.models import Scenario
from loadtests.run import LoadRun
from loadtests.scenario import load, override, resolve
from loadtests.units import parse_duration, parse_rate
from loadtests.users import ScenarioUser, count_plain_requests

__all__ = ["ScenarioUser"]

DEFAULT_BIN_SECONDS = 0.1


def add_options(parser: Any, **_: object) -> None:
    """The options of a scenario run, beside Locust's own."""
    _refuse_forks()
    group = parser.add_argument_group("Scenario", "Traffic as data, and the ledger of what was sent")
    group.add_argument("--scenario", help="a scenario's file, or the name of one in scenarios/")
    group.add_argument("--ledger", help="new file for the ledger; without it nothing is kept")
    group.add_argument(
        "--ledger-bin",
        default=str(DEFAULT_BIN_SECONDS),
        help="width of the ledger's time bins in seconds (0.1)",
    )
    group.add_argument("--rate", help="arrivals, instead of the scenario's: 130/s, or a number per second")
    group.add_argument("--duration", help="of the arrivals, instead of the scenario's: 20s")
    group.add_argument("--max-requests", help="instead of the scenario's")
    group.add_argument("--closed-users", help="users of a closed scenario, instead of the scenario's")
    group.add_argument(
        "--start-file", help="send nothing before this file is there, since Locust takes seconds to start"
    )


def start(environment: Any, runner: Any, **_: object) -> None:
    """Build the run from the options; a user's mistake ends the process with 4 before anything is sent."""
    options = environment.parsed_options
    try:
        _refuse(options)
        scenario = _scenario(options)
        ledger = Ledger(time.monotonic, _number("--ledger-bin", options.ledger_bin))
        writer = _writer(options, scenario, ledger)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    # a path would otherwise begin with two slashes
    environment.host = options.host.rstrip("/")
    options.num_users, options.spawn_rate, options.run_time = 1, 1, None
    go = None if options.start_file is None else Path(options.start_file)
    environment.load_run = LoadRun(
        scenario, ledger, writer, time.monotonic, runner.quit, ready=lambda: go is None or go.exists()
    )
    count_plain_requests(environment, ledger)
    gevent.signal_handler(signal.SIGINT, environment.load_run.interrupt)


def end(environment: Any, **_: object) -> None:
    """Drain and write the final line, whatever ended the run, and decide the exit status."""
    run: LoadRun = environment.load_run
    first = run.finish()
    if run.setup_failed:
        status = 2
    elif len(run.surprises) and environment.parsed_options.exit_code_on_error:
        status = environment.parsed_options.exit_code_on_error
    else:
        status = 2 if run.problems else 0
    environment.process_exit_code = status
    for row in run.surprises.to_json() if first else ():
        sys.stderr.write(f"unexpected: {row['count']} x {row['method']} {row['endpoint']}: {row['what']}\n")


def _refuse_forks() -> None:
    # Locust forks before it asks anybody, and a worker whose parent has gone looks for it for minutes
    peek = argparse.ArgumentParser(add_help=False)
    peek.add_argument("--processes", default=os.environ.get("LOCUST_PROCESSES"))
    if peek.parse_known_args()[0].processes:
        error = InputError("not possible with a scenario", "--processes", "one process", "leave it out")
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)


def _refuse(options: Any) -> None:
    for name, given in (("--master", options.master), ("--worker", options.worker)):
        if given:
            raise InputError("not possible with a scenario", name, "one process", "leave it out")
    if not options.headless:
        raise InputError("missing", "--headless", "a run without Locust's web UI", "add it")
    if not options.host:
        raise InputError("missing", "--host", "the target's address, http://127.0.0.1:8000 say", "add it")
    if not options.host.startswith(("http://", "https://")):
        raise InputError(
            f"{options.host} is no address", "--host", "http://HOST:PORT or https://HOST:PORT", "correct it"
        )
    if not options.scenario:
        raise InputError("missing", "--scenario", "a scenario's file or name", "add it")


def _scenario(options: Any) -> Scenario:
    scenario = load(resolve(options.scenario))
    try:
        rate = (
            None
            if options.rate is None
            else parse_rate(options.rate if "/" in options.rate else f"{options.rate}/s")
        )
    except ValueError as error:
        raise InputError(f"{options.rate!r}, {error}", "--rate") from error
    try:
        duration = None if options.duration is None else parse_duration(options.duration)
    except ValueError as error:
        raise InputError(f"{options.duration!r}, {error}", "--duration") from error
    most = None if options.max_requests is None else int(_number("--max-requests", options.max_requests))
    users = None if options.closed_users is None else int(_number("--closed-users", options.closed_users))
    return override(scenario, rate, duration, most, users)


def _writer(options: Any, scenario: Scenario, ledger: Ledger) -> LedgerWriter | None:
    if not options.ledger:
        return None
    about = {"scenario": scenario.name, "seed": scenario.seed, "host": options.host}
    return LedgerWriter(Path(options.ledger), ledger, time.monotonic, time.time(), **about)


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise InputError(f"found {text!r}", name, "a number above 0", "correct it")
    return number


events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(start)
events.quitting.add_listener(end)
