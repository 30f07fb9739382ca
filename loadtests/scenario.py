"""A scenario: traffic as data, who does what, how often and for how long, read from a YAML file.

Every mistake is reported with file, line and key before anything is sent. Nothing here knows HTTP clients,
Locust or time; the same file drives Locust and the harness.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from loadtests.check import Problem, check
from loadtests.inputs import Document, InputError, describe, load_document
from loadtests.models import Open, Scenario

__all__ = ["Scenario", "json_schema", "load", "override", "resolve"]

WHAT = "a scenario"
FOLDER = Path(__file__).resolve().parent.parent / "scenarios"


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


def resolve(name: str, folder: Path = FOLDER) -> Path:
    """The file of a scenario that is named by path, or by its bare name in the folder of scenarios.

    Raises:
        InputError: there is none; it lists those that are.
    """
    path = Path(name)
    if path.is_file():
        return path
    shipped = {file.stem: file for file in sorted(folder.glob("*.yaml"))}
    if name in shipped:
        return shipped[name]
    expected = "the path of a file, or one of: " + (", ".join(shipped) or "(there is none)")
    raise InputError("no such scenario", name, expected, "check the name")


def override(
    scenario: Scenario,
    rate: float | None = None,
    duration: float | None = None,
    max_requests: int | None = None,
) -> Scenario:
    """The scenario with values from a command line: arrivals per second, seconds, requests.

    Raises:
        InputError: a rate for a scenario whose sessions do not arrive at a rate.
    """
    changes: dict[str, Any] = {}
    if rate is not None:
        if not isinstance(scenario.arrival, Open):
            found = scenario.arrival.model if scenario.arrival else "none"
            raise InputError(
                f"arrival model {found} has no rate", "--rate", "a scenario of model open", "leave it out"
            )
        changes["arrival"] = scenario.arrival.model_copy(update={"rate": rate})
    if duration is not None:
        changes["duration"] = duration
    if max_requests is not None:
        changes["max_requests"] = max_requests
    return scenario.model_copy(update=changes)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of scenario files, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Scenario.model_json_schema(by_alias=True),
    }


def _mistakes(document: Document, problems: list[Problem]) -> InputError:
    rows = [(document.where(one.key), f"{'.'.join(map(str, one.key))}: {one.text}") for one in problems]
    where, first = rows[0]
    others = "".join(f"\n{place}: {text}" for place, text in rows[1:])
    return InputError(
        first + others, where, WHAT, "correct the key; the field names are in the documentation"
    )
