"""What a user can say about a load session, read from the command line and checked before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promproof.config.durations import parse_short
from promproof.config.urls import base_url, host_and_port
from promproof.errors import InputError
from promproof.load import scenario as scenarios
from promproof.load.conditions import Condition, parse_condition
from promproof.load.consistency import misfit
from promproof.load.models import Scenario
from promproof.load.notation import parse_rate
from promproof.places import DEFAULT_CONTRACT, DEFAULT_REPORTS

DEFAULT_TARGET = "http://127.0.0.1:8000"
DEFAULT_BIN_SECONDS = 0.1
AUTO = "auto"
"""As many workers as there are processors."""


@dataclass(frozen=True)
class Instead:
    """What is said instead of the scenario's; durations in seconds, rates in arrivals a second."""

    rate: float | None = None
    duration: float | None = None
    users: int | None = None
    max_requests: int | None = None


@dataclass(frozen=True)
class Sharing:
    """Among which processes the load is shared. workers: those that it starts; await_workers: those of others."""

    workers: int = 0
    await_workers: int = 0
    listen: tuple[str, int] = ("127.0.0.1", 0)

    @property
    def count(self) -> int:
        """How many workers there are; 0 when one process does it all."""
        return self.workers or self.await_workers


@dataclass(frozen=True)
class Output:
    """Where the figures of the session go, and what they are compared with."""

    reports: Path = DEFAULT_REPORTS
    baseline: Path | None = None
    save_baseline: Path | None = None
    serve_metrics: tuple[str, int] | None = None


@dataclass(frozen=True)
class Options:
    """One load session. passing: conditions besides those of the scenario."""

    scenario_file: Path
    scenario: Scenario
    target: str = DEFAULT_TARGET
    instead: Instead = field(default_factory=Instead)
    sharing: Sharing = field(default_factory=Sharing)
    passing: list[Condition] = field(default_factory=list)
    prometheus: str | None = None
    contract: Path = DEFAULT_CONTRACT
    output: Output = field(default_factory=Output)
    bin_seconds: float = DEFAULT_BIN_SECONDS

    @property
    def conditions(self) -> list[Condition]:
        """Those of the scenario and of the command line."""
        return [*self.scenario.conditions, *self.passing]


def read(given: Mapping[str, Any]) -> Options:
    """The session that the values of a command line ask for.

    Raises:
        InputError: something cannot be used; nothing has been sent.
    """
    path = scenarios.resolve(given["scenario"])
    instead = _instead(given)
    scenario = scenarios.override(
        scenarios.load(path), instead.rate, instead.duration, instead.max_requests, instead.users
    )
    passing = [_condition(scenario, text) for text in given["pass"]]
    target = base_url(given["target"], "--target")
    asked = given["prometheus"]
    options = Options(
        scenario_file=path,
        scenario=scenario,
        target=target,
        instead=instead,
        passing=passing,
        prometheus=None if asked is None else base_url(asked, "--prometheus"),
        sharing=_sharing(given),
        contract=given["contract"],
        output=_output(given),
    )
    _check_prometheus(options)
    return options


def _instead(given: Mapping[str, Any]) -> Instead:
    return Instead(
        rate=_read("--rate", given["rate"], lambda text: parse_rate(text if "/" in text else f"{text}/s")),
        duration=_read("--duration", given["duration"], parse_short),
        users=_whole("--users", given["users"]),
        max_requests=_whole("--max-requests", given["max_requests"]),
    )


def _sharing(given: Mapping[str, Any]) -> Sharing:
    workers = own_workers(given["workers"], os.cpu_count() or 1)
    awaited = _whole("--await-workers", given["await_workers"])
    if workers and awaited:
        raise InputError(
            what="found both",
            where="--workers, --await-workers",
            expected="one of them",
            todo="leave one out",
        )
    return Sharing(workers or 0, awaited or 0, host_and_port(given["listen"], "--listen", port=0))


def own_workers(text: str | None, processors: int) -> int | None:
    """How many workers are started: a number, or `auto` for one on each processor; where there is one, none.

    Raises:
        InputError: it is neither.
    """
    if text == AUTO:
        return processors if processors > 1 else None
    return _whole("--workers", text, f"a whole number above 0, or {AUTO}")


def _output(given: Mapping[str, Any]) -> Output:
    served = given["serve_metrics"]
    return Output(
        reports=given["reports"],
        baseline=given["baseline"],
        save_baseline=given["save_baseline"],
        serve_metrics=None if served is None else host_and_port(served, "--serve-metrics"),
    )


def _check_prometheus(options: Options) -> None:
    asking = [condition for condition in options.conditions if condition.asks_prometheus]
    if asking and options.prometheus is None:
        raise InputError(
            what=f"missing, but there is the condition {asking[0].text!r}",
            where="--prometheus",
            expected="the URL of Prometheus",
            todo="add it",
        )


def _read(name: str, text: str | None, parse: Callable[[str], float]) -> float | None:
    if text is None:
        return None
    try:
        return float(parse(text))
    except ValueError as error:
        raise InputError(what=f"{text!r}, {error}", where=name) from error


def _whole(name: str, text: str | None, expected: str = "a whole number above 0") -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18) or not int(text):
        raise InputError(what=f"found {text!r}", where=name, expected=expected, todo="correct it")
    return int(text)


def _condition(scenario: Scenario, text: str) -> Condition:
    try:
        condition = parse_condition(text)
    except ValueError as error:
        raise InputError(what=f"{text!r}, {error}", where="--pass") from error
    if problem := misfit(scenario, condition):
        raise InputError(what=f"{text!r}: {problem}", where="--pass")
    return condition
