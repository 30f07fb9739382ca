"""Everything that can be wrong before anything starts: contract, scenarios, drill, rules, options."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from promproof.checks import documented_deployment
from promproof.checks.documented import ALERT_COLUMNS, METRIC_COLUMNS, PANEL_COLUMNS
from promproof.config.folder import Folder, read_folder
from promproof.config.jobs import job_of
from promproof.config.rules import read
from promproof.config.urls import base_url
from promproof.contract import model as contracts
from promproof.contract.documentation import parse as parse_page
from promproof.contract.model import Contract
from promproof.drills import drill as drills
from promproof.drills.drill import Loaded
from promproof.drills.needs import needs_of
from promproof.errors import EvidenceError, InputError
from promproof.evidence.records import Documentation, PageRow
from promproof.faults.kind import Need
from promproof.grafana.provisioning import texts
from promproof.load import scenario
from promproof.observe import database
from promproof.places import REPOSITORY, SHIPPED_SCENARIOS
from promproof.run import meeting, outage, routed, scaling
from promproof.run.access import METRICS, let_in_to, refuse_closed
from promproof.run.alone import with_monitoring
from promproof.run.housekeeping import check_places
from promproof.run.options import LARGEST_TIME_SCALE, Options, wish_of, with_instances
from promproof.run.prepared import Prepared
from promproof.run.secrecy import masker_of
from promproof.stack.choice import fitting

ROOT = "root.yaml"
"""What is played where a contract names no traffic."""


def prepare(
    options: Options, spare: Callable[[], float] | None = None, most: float | None = None
) -> Prepared:
    """Read and check all input.

    spare: the processors that live drills may have for a time scale beyond the default. most: the largest scale that a
    run of drills takes without a wish; None for a main job, with the drill of its own or none.

    Raises:
        InputError: the first thing that is wrong.
    """
    _check_options(options)
    check_places(options.reports)
    stack = options.stack
    urls = {"prometheus": stack.prometheus, "alertmanager": stack.alertmanager, "grafana": stack.grafana}
    target = {"target": options.target.url, METRICS: options.target.metrics}
    shown = let_in_to({**target, **urls}, stack.header, stack.ca_file, starts=True)
    refuse_closed({"target": options.target.url, **urls})
    contract = contracts.load(options.contract)
    options = with_instances(options, contract)
    if contract.target.database is not None and options.target.url is None:
        database.check_installed(f"target.database in {options.contract}")
    folder = options.contract.parent
    options = with_monitoring(options, contract)
    monitoring = read_folder(options.monitoring)
    contract = _with_job(options, contract, monitoring)
    asked = contract.traffic.reconcile
    reconcile = SHIPPED_SCENARIOS / ROOT if asked is None else folder / asked
    scenario.load(reconcile)
    meets = outage.scenario_of(contract, folder)
    if meets is not None:
        meeting.load(meets)
    rules = tuple(read(monitoring.rules))
    drill = (
        _drill(options, contract, folder) if contract.traffic.drill is not None and options.drill else None
    )
    found = texts(options.monitoring)
    is_live = drill is not None or most is not None
    scale, reason = scaling.of_folder(
        options, contract, monitoring, found, spare if is_live else None, most or LARGEST_TIME_SCALE
    )
    prepared = Prepared(
        options=options,
        contract=contract,
        scale=scale,
        folder=monitoring,
        rules=rules,
        reconcile=reconcile,
        drill=drill,
        documentation=_documentation(contract, folder),
        dashboards=found,
        masker=masker_of(options, contract, monitoring, [reconcile]),
        scale_reason=reason,
        routes=_routes(options),
    )
    prepared.masker.learn(shown)
    # without a fault port one that needs it is not played
    if drill is None or (Need.FAULT_PORT in needs_of(drill.plan)[0] and not _has_faults(prepared)):
        return prepared
    fitted = scaling.fitted(prepared, partial(scaling.gate, drill=drill))
    return replace(scaling.with_rates(fitted, [drill]), drill=scaling.quickened(drill, fitted.scale))


def _routes(options: Options) -> Mapping[str, Any] | None:
    try:
        return routed.loaded(options.stack)
    except EvidenceError as error:
        raise InputError(
            what=str(error.state),
            where="--alertmanager",
            expected="the URL of one that runs: its routes say when a notification is due",
            todo=error.todo,
        ) from error


def check_target(prepared: Prepared) -> None:
    """A compose file may bring the target up; without one something has to say how it is started, or where it is.

    Raises:
        InputError: nothing does, or it would be started in a folder that is not there.
    """
    options, contract = prepared.options, prepared.contract
    known = (options.target.url, options.target.app, contract.target.app, contract.deployment)
    if all(way is None for way in known):
        raise InputError(
            what="nothing says how the target is started, or where it is",
            where=str(options.contract),
            expected='--app "my-api --port {port}", --target URL, or target.app in the contract',
            todo="name one of them",
        )
    directory = contract.target.directory
    is_started_here = options.target.url is None and (options.target.app or contract.target.app) is not None
    if is_started_here and directory is not None and not os.path.isdir(REPOSITORY / directory):
        raise InputError(
            what=f"target.directory: {REPOSITORY / directory} is no folder",
            where=str(options.contract),
            expected="the folder in which the command of target.app runs, from the working folder",
            todo="correct it",
        )


def _has_faults(prepared: Prepared) -> bool:
    """Whether the target may have a fault port."""
    options, contract = prepared.options.target, prepared.contract
    deployed = contract.deployment is not None and contract.deployment.target.fault_port is not None
    command = options.app or contract.target.app or ""
    return options.fault_url is not None or "{fault_port}" in command or (deployed and options.url is None)


def _with_job(options: Options, contract: Contract, monitoring: Folder) -> Contract:
    """The contract with the job that reads its target.

    Raises:
        InputError: it names none, and more than one may be it.
    """
    if contract.target.job:
        return contract
    where = monitoring.relative(monitoring.prometheus.path)
    return contract.of_job(job_of(monitoring.jobs, contract.service, options.target.url, where))


def _drill(options: Options, contract: Contract, folder: Path) -> Loaded:
    """The main job's drill. Whether the rules have its alert is for the checks to say: here that is a finding."""
    path = folder / str(contract.traffic.drill)
    drill = Loaded(plan=drills.load(path), path=path)
    documented = {alert.name for alert in contract.alerts}
    drills.check(drill, contract, documented, {name for alert in contract.alerts for name in alert.receivers})
    if drill.plan.alert != contract.traffic.drilled:
        raise InputError(
            what=f"traffic.drilled is {contract.traffic.drilled!r}, the drill is about {drill.plan.alert!r}",
            where=str(options.contract),
            expected=drill.plan.alert,
            todo="name the same alert in both",
        )
    if drill.scenario is None:
        raise InputError(
            what="the drill has no traffic", where=str(path), expected="scenario and rate", todo="add them"
        )
    scenario.load(drill.scenario)
    return drill


def _check_options(options: Options) -> None:
    target, stack = options.target, options.stack
    if target.app is not None and target.url is not None:
        raise InputError(
            what="--app and --target exclude each other",
            where="command line",
            expected="one of them",
            todo="leave one out",
        )
    fitting(wish_of(options))
    routed.check(stack)
    if target.database is not None and target.url is None:
        raise InputError(
            what="--database is that of a target that runs already",
            where="command line",
            expected="--target URL with it",
            todo="leave it out: the contract names the database of a target that the run starts",
        )
    if target.metrics is not None and target.url is None:
        raise InputError(
            what="--metrics is that of a target that runs already",
            where="command line",
            expected="--target URL with it",
            todo="leave it out: metrics at a port of their own have {metrics_port} in the command of --app",
        )
    if target.instance is not None and stack.prometheus is None:
        raise InputError(
            what="--instance is the label of a target in a Prometheus that runs already",
            where="command line",
            expected="--prometheus URL with it",
            todo="leave it out, or add the URL",
        )
    for name, url in (
        ("--target", target.url),
        ("--metrics", target.metrics),
        ("--prometheus", stack.prometheus),
        ("--alertmanager", stack.alertmanager),
        ("--grafana", stack.grafana),
        ("--fault-url", target.fault_url),
    ):
        if url is not None:
            base_url(url, name)
    if target.database is not None:
        database.check_url(target.database, "--database")
    if (target.fault_url is None) != (target.fault_token is None):
        raise InputError(
            what="--fault-url and --fault-token belong together",
            where="command line",
            expected="both or none",
            todo="add the other",
        )


def _documentation(contract: Contract, folder: Path) -> Documentation:
    if contract.documentation is None:
        return Documentation(None)
    path = folder / contract.documentation
    page = parse_page(path)

    def rows(columns: tuple[str, ...]) -> tuple[PageRow, ...]:
        return tuple(
            PageRow(dict(row.cells), row.line) for table in page.tables_with(*columns) for row in table.rows
        )

    return Documentation(
        path.name,
        rows(METRIC_COLUMNS),
        rows(ALERT_COLUMNS),
        rows(PANEL_COLUMNS),
        {what: rows(columns) for what, columns in documented_deployment.TABLES.items()},
    )
