"""What a user can say about a load session, read from the command line and checked before anything is sent."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from promproof.config.urls import base_url, host_and_port
from promproof.errors import InputError
from promproof.load import scenario as scenarios
from promproof.load.conditions import Condition, parse_condition
from promproof.load.consistency import misfit
from promproof.load.models import Scenario
from promproof.load.notation import parse_duration, parse_rate
from promproof.places import DEFAULT_CONTRACT, DEFAULT_REPORTS

DEFAULT_TARGET = "http://127.0.0.1:8000"
DEFAULT_BIN_SECONDS = 0.1


@dataclass(frozen=True)
class Options:
    """One load session. `workers`: processes that it starts; `await_workers`: those that others start.

    rate, duration, users, max_requests: instead of the scenario's. More conditions are in `passing`.
    """

    scenario_file: Path
    scenario: Scenario
    target: str = DEFAULT_TARGET
    rate: float | None = None
    duration: float | None = None
    users: int | None = None
    max_requests: int | None = None
    workers: int = 0
    await_workers: int = 0
    listen: tuple[str, int] = ("127.0.0.1", 0)
    passing: list[Condition] = field(default_factory=list)
    prometheus: str | None = None
    contract: Path = DEFAULT_CONTRACT
    baseline: Path | None = None
    save_baseline: Path | None = None
    reports: Path = DEFAULT_REPORTS
    serve_metrics: tuple[str, int] | None = None
    bin_seconds: float = DEFAULT_BIN_SECONDS

    @property
    def conditions(self) -> list[Condition]:
        """Those of the scenario and of the command line."""
        return [*self.scenario.conditions, *self.passing]


def parse(arguments: list[str]) -> Options:
    """Raises InputError for whatever cannot be used, before anything is sent."""
    given = _parser().parse_args(arguments)
    path = scenarios.resolve(given.scenario)
    rate = _read("--rate", given.rate, lambda text: parse_rate(text if "/" in text else f"{text}/s"))
    duration = _read("--duration", given.duration, parse_duration)
    users = _whole("--users", given.users)
    most = _whole("--max-requests", given.max_requests)
    scenario = scenarios.override(scenarios.load(path), rate, duration, most, users)
    passing = [_condition(scenario, text) for text in given.passing]
    target = base_url(given.target, "--target")
    prometheus = None if given.prometheus is None else base_url(given.prometheus, "--prometheus")
    workers, awaited = _whole("--workers", given.workers), _whole("--await-workers", given.await_workers)
    if workers and awaited:
        raise InputError("found both", "--workers, --await-workers", "one of them", "leave one out")
    options = Options(
        path, scenario, target, rate, duration, users, most, workers or 0, awaited or 0,
        host_and_port(given.listen, "--listen", port=0), passing, prometheus, Path(given.contract),
        None if given.baseline is None else Path(given.baseline),
        None if given.save_baseline is None else Path(given.save_baseline),
        Path(given.reports),
        None if given.serve_metrics is None else host_and_port(given.serve_metrics, "--serve-metrics"),
    )  # fmt: skip
    asking = [one for one in options.conditions if one.asks_prometheus]
    if asking and options.prometheus is None:
        raise InputError(
            f"missing, but there is the condition {asking[0].text!r}",
            "--prometheus",
            "the URL of Prometheus",
            "add it",
        )
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="nox -s load --",
        allow_abbrev=False,
        description="Plays a scenario, judges it and writes a report. Exit status: 0 all conditions kept, 1 one "
        "broken, 2 the run is invalid or something is unknown, 4 bad arguments or input.",
    )
    add = parser.add_argument
    add("scenario", help="a scenario's file, or the name of one in scenarios/")
    add("--target", default=DEFAULT_TARGET, metavar="URL", help="the API (%(default)s)")
    add("--rate", help="arrivals, 200/s or 200; of stages, that of the highest")
    add("--duration", help="of the arrivals, 2m; of stages, that of all together")
    add("--users", help="of a closed scenario")
    add("--max-requests", help="no session is started once so many requests have been sent")
    add("--workers", metavar="N", help="share the load among N processes on this machine")
    add("--await-workers", metavar="N", help="share it among N workers that somebody else starts")
    add(
        "--listen",
        default="127.0.0.1",
        metavar="HOST[:PORT]",
        help="where the master takes workers (%(default)s)",
    )
    add(
        "--pass",
        dest="passing",
        action="append",
        default=[],
        metavar="CONDITION",
        help="'p95 < 250ms'; repeatable",
    )
    add("--prometheus", metavar="URL", help="for the conditions promql and metric")
    add(
        "--contract",
        default=str(DEFAULT_CONTRACT),
        metavar="FILE",
        help="what metrics mean, for the condition metric",
    )
    add("--baseline", metavar="FILE", help="runs to compare with")
    add("--save-baseline", metavar="FILE", help="add this run to that file, when it is valid")
    add("--reports", default=str(DEFAULT_REPORTS), metavar="DIR", help="where the folder of the run goes")
    add("--serve-metrics", metavar="[HOST:]PORT", help="serve the load itself to Prometheus while it runs")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise InputError(message, "nox -s load", "nox -s load -- SCENARIO [OPTIONS]", "nox -s load -- --help")


def _read(name: str, text: str | None, parse: object) -> float | None:
    if text is None:
        return None
    try:
        return float(parse(text))  # type: ignore[operator]
    except ValueError as error:
        raise InputError(f"{text!r}, {error}", name) from error


def _whole(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18) or not int(text):
        raise InputError(f"found {text!r}", name, "a whole number above 0", "correct it")
    return int(text)


def _condition(scenario: Scenario, text: str) -> Condition:
    try:
        condition = parse_condition(text)
    except ValueError as error:
        raise InputError(f"{text!r}, {error}", "--pass") from error
    if problem := misfit(scenario, condition):
        raise InputError(f"{text!r}: {problem}", "--pass")
    return condition
