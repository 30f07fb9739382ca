"""What Locust loads: the scenario and its run, alone or shared among workers, and the ways in which a run ends.

    python -m locust -f loadtests/locustfile.py --headless --host URL --scenario steady --ledger FILE

Exit status: 0 the run went as planned and its ledger is whole; 1 answers that the scenario does not expect
(--exit-code-on-error changes it); 2 incomplete evidence (missed arrivals, a generator beyond its limits, a lost
worker, requests of unknown fate at the end, a ledger that could not be written, a setup that failed); 4 bad
options or a bad scenario, nothing sent. With the web UI each start is a run of its own.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from promproof import isolated

isolated.leave_out_working_folder()

import gevent
from locust import events, runners
from locust.runners import MasterRunner, WorkerRunner

from promproof.errors import InputError
from promproof.evidence.ledgerfile import LedgerWriter, Source
from promproof.load import team, webui
from promproof.load.arguments import add_options, check_host, number, refuse, scenario_of, text_of
from promproof.load.ledger import Ledger
from promproof.load.loadrun import LoadRun
from promproof.load.master import SILENT_SECONDS, Gathered, MasterRun
from promproof.load.models import Scenario
from promproof.load.spread import Spread, SpreadWriter
from promproof.load.users import OneUserEach, ScenarioUser, count_plain_requests, spread_of

__all__ = ["OneUserEach", "ScenarioUser"]

AnyRun = LoadRun | MasterRun

# Locust has no options for these. A worker that waits for its master says every 5 s that it is ready, and all of it
# arrives at once: what comes when the run has begun counts as a further worker, and another one gets no user.
runners.CONNECT_TIMEOUT, runners.CONNECT_RETRY_COUNT = 100, 3
# By itself it ends a run whose workers were silent for 3 s.
runners.HEARTBEAT_LIVENESS = int(SILENT_SECONDS)


def start(environment: Any, runner: Any, **_: object) -> None:
    """Look at the options; a user's mistake ends the process with 4 before anything is sent."""
    options = environment.parsed_options
    environment.load_run, environment.load_ledger, environment.load_runs = None, None, 0
    environment.load_trouble = ""
    try:
        refuse(options)
        if environment.web_ui is not None:
            webui.install(environment)
        if environment.web_ui is not None and options.scenario and not options.worker:
            scenario_of(options)
        if options.headless and not options.worker:
            scenario_of(options)
            _prepare(environment)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    if isinstance(runner, MasterRunner):
        for kind in (team.HELLO, team.WAITING, team.INCREMENT, team.PULSE, team.FINAL):
            runner.register_message(kind, _from_worker)
    if isinstance(runner, WorkerRunner):
        for kind in (team.SHARE, team.GO, team.HALT, team.BEAT):
            runner.register_message(kind, _from_master)
    users = options.expect_workers if options.master else 1
    options.num_users, options.spawn_rate, options.run_time = users, users, None
    if environment.web_ui is not None:
        environment.shape_class = OneUserEach()
        environment.shape_class.runner = runner
    if options.headless and not options.worker:
        # Locust would kill its users at once, and listens to SIGTERM only once the run has begun
        for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            gevent.signal_handler(asked, _interrupt, environment)
    else:
        # also where a shell has told its background jobs to ignore Ctrl-C
        for asked in (signal.SIGINT, signal.SIGHUP):
            gevent.signal_handler(asked, os.kill, os.getpid(), signal.SIGTERM)


def begin(environment: Any, **_: object) -> None:
    """A run begins: for every start in the web UI, for every order of the master, and once headless."""
    if environment.load_run is not None and environment.load_runs == 0:
        environment.load_runs = 1  # prepared already, since a mistake had to be told before
        return
    try:
        _prepare(environment)
    except InputError as error:
        environment.load_trouble = str(error)
        sys.stderr.write(f"{error}\n")
        environment.load_run = None
        gevent.spawn(environment.runner.quit if environment.web_ui is None else environment.runner.stop)
    environment.load_runs += 1
    if environment.web_ui is not None and environment.load_run is not None:
        width = number("--ledger-bin", environment.parsed_options.ledger_bin)
        environment.load_following.begin(environment, environment.load_run.scenario, width)


def stopping(environment: Any, **_: object) -> None:
    """The web UI's stop button, or the end of a run: open requests are waited for before users are killed."""
    if environment.load_run is not None and not isinstance(environment.runner, WorkerRunner):
        environment.load_run.finish()


def end(environment: Any, **_: object) -> None:
    """Drain and write the final line, whatever ended the run, and decide the exit status."""
    run: AnyRun | None = environment.load_run
    if run is None:
        environment.process_exit_code = 2 if environment.load_trouble else 0
        return
    run.finish()
    if run.setup_failed:
        status = 2
    elif len(run.surprises) and environment.parsed_options.exit_code_on_error:
        status = environment.parsed_options.exit_code_on_error
    else:
        status = 2 if run.problems else 0
    environment.process_exit_code = status
    if not isinstance(environment.runner, WorkerRunner):
        for row in run.surprises.to_json():
            sys.stderr.write(
                f"unexpected: {row['count']} x {row['method']} {row['endpoint']}: {row['what']}\n"
            )


def _prepare(environment: Any) -> None:
    options, runner = environment.parsed_options, environment.runner
    check_host(environment.host or options.host)
    if isinstance(runner, MasterRunner):
        options.scenario_text = ""  # of the run before
    scenario = scenario_of(options)
    # a path would otherwise begin with two slashes
    environment.host = (environment.host or options.host).rstrip("/")
    width = number("--ledger-bin", options.ledger_bin)
    environment.load_trouble = ""
    if isinstance(runner, MasterRunner):
        options.scenario_text = text_of(options)
        environment.load_run = _master_run(environment, scenario, width)
    elif isinstance(runner, WorkerRunner):
        environment.load_run = _worker_run(environment, scenario, width)
    else:
        environment.load_run = _run_alone(environment, scenario, width)


def _run_alone(environment: Any, scenario: Scenario, width: float) -> LoadRun:
    options, further = environment.parsed_options, spread_of(environment)
    spread = Spread(time.monotonic, width, [environment.host, *further]) if further else None
    ledger = Ledger(time.monotonic, width) if spread is None else spread.first
    writer = _writer(environment, scenario, ledger if spread is None else spread)
    go = None if options.start_file is None else Path(options.start_file)
    if environment.load_runs == 0:
        count_plain_requests(environment, ledger)
    return LoadRun(
        scenario,
        ledger,
        writer,
        time.monotonic,
        _leave(environment),
        ready=lambda: go is None or go.exists(),
        goes_on=go is not None,  # it is part of a run whose other claims can be judged
        spread=spread,
    )


def _worker_run(environment: Any, scenario: Scenario, width: float) -> LoadRun:
    runner = environment.runner
    clock = team.Clock()
    ledger = Ledger(clock, width)
    run: LoadRun

    def halt(reason: str) -> None:
        run.stop(reason, cut=True)

    def finish() -> None:
        run.finish()

    environment.load_team = team.WorkerTeam(runner.send_message, clock, halt)
    shared = environment.load_team
    writer = team.WorkerWriter(
        runner.send_message, ledger, clock, lambda: run.under_way(), lambda: shared.share.of
    )
    run = LoadRun(scenario, ledger, writer, clock, finish, team=environment.load_team)
    return run


def _master_run(environment: Any, scenario: Scenario, width: float) -> MasterRun:
    options, runner = environment.parsed_options, environment.runner
    gathered = Gathered(width)
    writer = _writer(environment, scenario, gathered)
    of = options.expect_workers if options.headless else runner.worker_count
    return MasterRun(scenario, of, gathered, writer, runner.send_message, _leave(environment))


def _leave(environment: Any) -> Any:
    return environment.runner.quit if environment.web_ui is None else environment.runner.stop


def _writer(environment: Any, scenario: Scenario, source: Source) -> LedgerWriter | None:
    options = environment.parsed_options
    if not options.ledger:
        return None
    about = {"scenario": scenario.name, "seed": scenario.seed, "host": environment.host}
    path = Path(options.ledger)
    if environment.web_ui is not None:
        path = path / f"run-{environment.load_runs + 1}.jsonl"
    if isinstance(source, Spread):
        writer: LedgerWriter = SpreadWriter(path, source, time.monotonic, time.time(), **about)
    else:
        writer = LedgerWriter(path, source, time.monotonic, time.time(), **about)
    environment.load_ledger = path
    return writer


def _interrupt(environment: Any) -> None:
    if environment.load_run is not None:
        environment.load_run.interrupt()
    else:
        gevent.spawn(environment.runner.quit)


def _from_worker(environment: Any, msg: Any, **_: object) -> None:
    if environment.load_run is not None:
        environment.load_run.receive(msg.type, msg.node_id, msg.data)


def _from_master(environment: Any, msg: Any, **_: object) -> None:
    if environment.load_run is not None:
        environment.load_team.receive(msg.type, msg.data)


def options_of_all(parser: Any, **_: object) -> None:
    """All options beside Locust's own."""
    add_options(parser)
    webui.add_options(parser)


events.init_command_line_parser.add_listener(options_of_all)
events.init.add_listener(start)
events.test_start.add_listener(begin)
events.test_stopping.add_listener(stopping)
events.quitting.add_listener(end)
