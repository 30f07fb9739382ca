"""A scenario: traffic as data, who does what, how often and for how long, read from a YAML file.

Every mistake is reported with file, line and key before anything is sent. Nothing here knows HTTP clients,
Locust or time; the same file drives Locust and the harness.
"""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from promproof.config.inputs import Document, describe, load_document
from promproof.errors import InputError, meant
from promproof.load.arrival.kind import ARRIVALS, Arrival
from promproof.load.consistency import Problem, check
from promproof.load.models import Scenario
from promproof.places import SCENARIOS, SHIPPED_SCENARIOS

__all__ = ["Scenario", "json_schema", "known", "load", "override", "resolve", "stretched"]

WHAT = "a scenario"


def load(path: Path) -> Scenario:
    """Read and check a scenario.

    Raises:
        InputError: the file cannot be read, or one line for each mistake: file, line, key, found, expected.
    """
    document = load_document(path, WHAT)
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        raise describe(document, error, WHAT) from error
    if problems := check(scenario):
        raise _mistakes(document, problems)
    return scenario


def known(folder: Path = SCENARIOS) -> dict[str, Path]:
    """The files of the scenarios that have a bare name; of two with one name the user's own."""
    return {file.stem: file for where in (SHIPPED_SCENARIOS, folder) for file in sorted(where.glob("*.yaml"))}


def resolve(name: str, folder: Path = SCENARIOS) -> Path:
    """The file of a scenario that is named by path, or by its bare name in the user's folder or among the shipped ones.

    Raises:
        InputError: there is none; it lists those that are.
    """
    path = Path(name)
    if path.is_file():
        return path
    named = known(folder)
    if name in named:
        return named[name]
    expected = "the path of a file, or one of: " + ", ".join(sorted(named))
    raise InputError(
        what=f"no such scenario{meant(name, named)}", where=name, expected=expected, todo="check the name"
    )


def override(
    scenario: Scenario,
    rate: float | None = None,
    duration: float | None = None,
    max_requests: int | None = None,
    users: int | None = None,
) -> Scenario:
    """The scenario with values from a command line: arrivals per second, seconds, requests, users.

    Stages keep their shape: a rate or a number of users becomes that of the highest stage, a duration that of
    all stages together, and the others change in proportion.

    Raises:
        InputError: a rate for a scenario without one, or users for a scenario that has none.
    """
    changes: dict[str, Any] = {}
    arrival = scenario.arrival
    for quantity, value in (("rate", rate), ("users", users)):
        if value is not None:
            arrival = _measured_in(quantity, arrival).at(value)
    if duration is not None:
        if arrival is not None and arrival.stages:
            arrival = arrival.lasting(duration)
        else:
            changes["duration"] = duration
    if max_requests is not None:
        changes["max_requests"] = max_requests
    return scenario.model_copy(update={**changes, "arrival": arrival})


def stretched(scenario: Scenario, factor: float) -> Scenario:
    """The scenario for a target that is scraped more rarely than it was written for.

    The arrivals last `factor` times as long, and sessions that are `stretched` take place so many times as often.
    """
    longer = (
        override(scenario, duration=scenario.seconds * factor) if scenario.seconds is not None else scenario
    )
    once = [
        entry.model_copy(update={"times": ceil(entry.times * factor)}) if entry.stretched else entry
        for entry in scenario.once
    ]
    return longer.model_copy(update={"once": once})


def _measured_in(quantity: str, arrival: Arrival | None) -> Arrival:
    if arrival is None or arrival.quantity != quantity:
        fitting = " or ".join(model for model in ARRIVALS.names() if ARRIVALS.get(model).quantity == quantity)
        raise InputError(
            what=f"arrival model {arrival.model if arrival else 'none'} has no {quantity}",
            where=f"--{quantity}",
            expected=f"a scenario of model {fitting}",
            todo="leave it out",
        )
    return arrival


def json_schema() -> dict[str, Any]:
    """The JSON Schema of scenario files, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Scenario.model_json_schema(by_alias=True),
    }


def _mistakes(document: Document, problems: list[Problem]) -> InputError:
    rows = [
        (document.where(problem.key), f"{'.'.join(map(str, problem.key))}: {problem.text}")
        for problem in problems
    ]
    where, first = rows[0]
    others = "".join(f"\n{place}: {text}" for place, text in rows[1:])
    return InputError(
        what=first + others,
        where=where,
        expected=WHAT,
        todo="correct the key; the field names are in the documentation",
    )
