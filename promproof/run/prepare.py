"""Everything that can be wrong before anything starts: contract, scenarios, drill, rules, options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promproof.checks import documented_deployment
from promproof.checks.documented import ALERT_COLUMNS, METRIC_COLUMNS, PANEL_COLUMNS
from promproof.config.folder import Folder, read_folder
from promproof.config.masking import Masker
from promproof.config.rules import Rule, read
from promproof.config.timescale import TimeScale
from promproof.config.urls import base_url
from promproof.contract import model as contracts
from promproof.contract.documentation import parse as parse_page
from promproof.contract.model import Contract
from promproof.drills import drill as drills
from promproof.drills.drill import Loaded
from promproof.errors import InputError
from promproof.grafana.provisioning import Texts, texts
from promproof.load import scenario
from promproof.observe import database
from promproof.run.housekeeping import check_places
from promproof.run.options import DEFAULT_TIME_SCALE, Options, wish_of
from promproof.run.secrecy import masker_of
from promproof.stack.choice import Can, abilities, fitting


@dataclass(frozen=True)
class Prepared:
    """Validated input of a run."""

    options: Options
    contract: Contract
    scale: TimeScale
    folder: Folder
    rules: tuple[Rule, ...]
    reconcile: Path
    drill: Loaded | None
    documentation: dict[str, Any]
    dashboards: Texts
    masker: Masker
    """Knows the secrets of the input."""


def prepare(options: Options) -> Prepared:
    """Read and check all input.

    Raises:
        InputError: the first thing that is wrong.
    """
    _check_options(options)
    check_places(options.reports)
    contract = contracts.load(options.contract)
    if contract.target.database is not None and options.target is None:
        database.check_installed(f"target.database in {options.contract}")
    folder = options.contract.parent
    monitoring = read_folder(options.monitoring)
    scale = _scale(options)
    _check_scale(monitoring, scale)
    reconcile = folder / contract.traffic.reconcile
    scenario.load(reconcile)
    rules = tuple(read(monitoring.rules))
    drill = (
        _drill(options, contract, folder) if contract.traffic.drill is not None and options.drill else None
    )
    return Prepared(
        options=options,
        contract=contract,
        scale=scale,
        folder=monitoring,
        rules=rules,
        reconcile=reconcile,
        drill=drill,
        documentation=_documentation(contract, folder),
        dashboards=texts(options.monitoring),
        masker=masker_of(options, contract, monitoring, [reconcile]),
    )


def _drill(options: Options, contract: Contract, folder: Path) -> Loaded:
    """The main job's drill. Whether the rules have its alert is for the checks to say: here that is a finding."""
    path = folder / str(contract.traffic.drill)
    drill = Loaded(plan=drills.load(path), path=path)
    documented = {alert.name for alert in contract.alerts}
    drills.check(drill, contract, documented, {name for one in contract.alerts for name in one.receivers})
    if drill.plan.alert != contract.traffic.drilled:
        raise InputError(
            f"traffic.drilled is {contract.traffic.drilled!r}, the drill is about {drill.plan.alert!r}",
            str(options.contract), drill.plan.alert, "name the same alert in both",
        )  # fmt: skip
    if drill.scenario is None:
        raise InputError("the drill has no traffic", str(path), "scenario and rate", "add them")
    scenario.load(drill.scenario)
    return drill


def _check_options(options: Options) -> None:
    if options.app is not None and options.target is not None:
        raise InputError(
            "--app and --target exclude each other", "command line", "one of them", "leave one out"
        )
    fitting(wish_of(options))
    if options.database is not None and options.target is None:
        raise InputError(
            "--database is that of a target that runs already", "command line",
            "--target URL with it", "leave it out: the contract names the database of a target that the run starts",
        )  # fmt: skip
    if options.instance is not None and options.prometheus is None:
        raise InputError(
            "--instance is the label of a target in a Prometheus that runs already", "command line",
            "--prometheus URL with it", "leave it out, or add the URL",
        )  # fmt: skip
    for name in ("target", "prometheus", "alertmanager", "grafana", "fault_url"):
        url = getattr(options, name)
        if url is not None:
            base_url(url, f"--{name.replace('_', '-')}")
    if options.database is not None:
        database.check_url(options.database, "--database")
    if (options.fault_url is None) != (options.fault_token is None):
        raise InputError(
            "--fault-url and --fault-token belong together", "command line", "both or none", "add the other"
        )


def _check_scale(folder: Folder, scale: TimeScale) -> None:
    """Whether every duration and expression of the folder survives the scale, before anything is started."""
    scale.prometheus(folder.prometheus.data, folder.prometheus.where)
    for rules in folder.rules:
        scale.rule_file(rules.data, rules.where)
    if folder.alertmanager is not None:
        scale.alertmanager(folder.alertmanager.data, folder.alertmanager.where)


def _scale(options: Options) -> TimeScale:
    if Can.SCALE in abilities(wish_of(options)):
        return TimeScale(DEFAULT_TIME_SCALE if options.time_scale is None else options.time_scale)
    if options.time_scale not in (None, 1):
        raise InputError(
            f"time scale {options.time_scale:g}: a stack that runs already keeps its durations",
            "--time-scale",
            "1, or nothing",
            "leave it out",
        )
    return TimeScale(1)


def _documentation(contract: Contract, folder: Path) -> dict[str, Any]:
    if contract.documentation is None:
        return {"path": None}
    path = folder / contract.documentation
    page = parse_page(path)

    def rows(columns: tuple[str, ...]) -> list[dict[str, Any]]:
        return [
            {"cells": dict(row.cells), "line": row.line}
            for table in page.tables_with(*columns)
            for row in table.rows
        ]

    return {
        "path": path.name,
        "metrics": rows(METRIC_COLUMNS),
        "alerts": rows(ALERT_COLUMNS),
        "panels": rows(PANEL_COLUMNS),
        "deployment": {what: rows(columns) for what, columns in documented_deployment.TABLES.items()},
    }
