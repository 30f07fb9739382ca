"""Alerts that the main job does not take live: it names them, or their drills are driven after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from promproof import interrupts
from promproof.cli import drill
from promproof.contract.model import Contract, load
from promproof.drills.drill import Loaded, load_folder
from promproof.errors import InputError
from promproof.optiontable import options

ALL = "all"


def beside(contract: Contract, path: Path) -> list[Loaded]:
    """The drills in the folder of the main job's drill and below it; none when it has no drill.

    Raises:
        InputError: a file is wrong.
    """
    return load_folder(folder_of(contract, path)) if contract.traffic.drill is not None else []


def folder_of(contract: Contract, path: Path) -> Path:
    """The folder of the main job's drill. path: of the contract."""
    return (path.parent / str(contract.traffic.drill)).parent


def check(given: dict[str, Any]) -> None:
    """Check --drill before the main job starts, which takes minutes.

    Raises:
        InputError: the word is no other than `all`, or there is nothing that could be driven.
    """
    if given["drill"] != ALL:
        raise InputError(
            what=f"{given['drill']!r} is not known here",
            where="--drill",
            expected=ALL,
            todo=f"write --drill {ALL}",
        )
    if not any(loaded.default for loaded in beside(load(given["contract"]), given["contract"])):
        raise InputError(
            what="the contract names no drill, so it has no folder of drills",
            where=f"--drill, {given['contract']}",
            expected="traffic.drill and traffic.drilled",
            todo="write one: docs/drills.md",
        )


def after(given: dict[str, Any], status: int) -> int:
    """Drive all drills after the main job; the exit status of both runs together.

    status: of the main job. Nothing is driven after one that was interrupted or could not start.
    """
    if status == InputError.exit_status or interrupts.noted():
        return status
    contract = load(given["contract"])
    values = {option.key: option.default_of("drill") for option in options("drill")}
    values |= {key: given[key] for key in values if key in given}
    values |= {"drills": folder_of(contract, given["contract"]), "names": (), "junit": None}
    statuses = {status, drill.run(values)}
    return 1 if 1 in statuses else max(statuses)


def _beside_contract(path: Path) -> set[str]:
    """The alerts of the drills that `init` drafts beside a contract; none where there are none."""
    try:
        return {loaded.plan.alert for loaded in load_folder(path.parent / "drills")}
    except InputError:  # none is there, or `promproof drill` says what is wrong
        return set()


def not_driven(given: dict[str, Any]) -> list[str]:
    """Lines that name the documented alerts that nothing has taken live, with the command that does it.

    What is known of those without a drill is what their rules do in virtual time.
    """
    try:
        contract = load(given["contract"])
        there = beside(contract, given["contract"])
    except InputError:  # it was told
        return []
    taken = () if given["no_drill"] else contract.drilled
    left = [alert.name for alert in contract.alerts if alert.name not in taken]
    by = {loaded.plan.alert: "promproof drill NAME" for loaded in there}
    by |= dict.fromkeys(_beside_contract(given["contract"]) - set(by), "promproof drill")
    by |= {
        loaded.plan.alert: f"--drill {ALL}" for loaded in there if loaded.default and not loaded.plan.by_name
    }
    lines = []
    for command in (f"--drill {ALL}", "promproof drill", "promproof drill NAME"):
        if able := [name for name in left if by.get(name) == command]:
            lines.append(f"not taken live: {', '.join(able)} ({command} does it)")
    rest = [name for name in left if name not in by]
    told = "docs/drills.md; alert/NAME/boundary is what their rules do in virtual time"
    return lines + ([f"without a drill: {', '.join(rest)} ({told})"] if rest else [])
