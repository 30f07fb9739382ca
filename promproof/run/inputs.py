"""What a run was given, kept in its folder, masked: there it can be judged again, on any machine, without a network."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from promproof.config.masking import masked
from promproof.drills.drill import Loaded
from promproof.evidence.history import Recorder
from promproof.evidence.records import Inputs
from promproof.run.outage import scenario_of
from promproof.run.prepared import Prepared

FOLDER = "inputs"
LIBRARIES = ("promproof", "locust", "prometheus-api-client", "promql-parser", "pydantic", "requests")


def keep(prepared: Prepared, drills: Sequence[Loaded], folder: Path, history: Recorder) -> None:
    """Copy contract, page, scenarios and drills into the run's folder, and write down what they are.

    drills: those of a run of drills; the main job has none of its own but the one that its contract names.
    """
    contract = prepared.options.contract

    def copied(path: Path, place: str = "") -> str:
        name = f"{FOLDER}/{place}{path.name}"
        prepared.masker.file(path, folder / name)
        return name

    page = prepared.contract.documentation
    own = [*drills, *([prepared.drill] if prepared.drill is not None and not drills else [])]
    meets = scenario_of(prepared.contract, contract.parent) if not drills else None
    scenarios = {prepared.reconcile, *([meets] if meets is not None else [])}
    scenarios |= {*(drill.scenario for drill in own if drill.scenario is not None)}
    history.add(
        Inputs(
            job="drills" if drills else "main",
            contract=copied(contract),
            page=copied(contract.parent / page) if page is not None else None,
            scenarios=tuple(copied(path, "scenarios/") for path in sorted(scenarios)),
            drills=tuple(copied(drill.path, f"drills/{number}/") for number, drill in enumerate(own)),
            options=masked(_plain(asdict(prepared.options)), keep=prepared.masker.public),
            versions=dict(_versions()),
            scrape_job=prepared.contract.target.job,
        )
    )


def _versions() -> Iterator[tuple[str, str]]:
    yield "python", platform.python_version()
    for name in LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:  # a checkout that nobody installed, or an extra that is not there
            yield name, "not installed"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, Path) else value
