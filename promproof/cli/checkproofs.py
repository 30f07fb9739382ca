"""The proofs of `promproof check`: all with `--prove`, else those of earlier runs, of the alerts as they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from promproof.findings.finding import Finding, Place
from promproof.findings.setup import Setup
from promproof.proofs import known
from promproof.proofs.outcome import Outcome
from promproof.proofs.rulefiles import ENDINGS, Rules, read_found
from promproof.report.findings.proven import Proofs, finding, place_of


def made(setup: Setup, named: Sequence[Path], given: Mapping[str, Any], *, is_cached: bool) -> Proofs:
    """The proofs of all alerts of the rule files there. given: with what --binary and --prometheus-version say.

    Raises:
        EvidenceError: promtool did not answer.
    """
    from promproof.proofs.run import Settings, proven  # starts promtool
    from promproof.run.options import binaries, told, version_asked
    from promproof.stack.binaries import find_binary

    promtool = find_binary("promtool", binaries(given["binary"]), say=told, major=version_asked(given))
    return Proofs(proven(_rules(setup, named), Settings(promtool, is_cached=is_cached)))


def remembered(setup: Setup, named: Sequence[Path], folder: Path) -> Proofs:
    """The proofs that earlier runs have made of the alerts there as they stand. folder: where they are kept.

    Nothing is started for them.
    """
    promtool = (setup.programs or {}).get("promtool")
    version = known.version_of(folder, Path(promtool.path)) if promtool is not None and setup.alerts else ""
    if not version:
        return Proofs()
    found = known.known(_rules(setup, named), version, folder)
    outcomes = [outcome for outcome in found if outcome is not None]
    return Proofs(outcomes, len(found) - len(outcomes), is_cached=True)


def findings(proofs: Proofs, setup: Setup) -> tuple[Finding, ...]:
    """What is wrong by proofs, at the places of the alerts."""
    found = (_found(outcome, setup) for outcome in proofs.outcomes)
    return tuple(wrong for wrong in found if wrong is not None)


def _found(outcome: Outcome, setup: Setup) -> Finding | None:
    """With the path of the alert; baselines and comments know a finding by it."""
    place = place_of(outcome.alert)
    named = [rule for rule in setup.alerts if (rule.file, rule.name) == (place.file, outcome.alert.name)]
    for rule in named:
        if rule.part.at().line == place.line:
            is_alone = len(named) == 1 and rule.argument == rule.file
            return finding(outcome, Place(place.file, place.line, rule.at().path), is_alone=is_alone)
    return finding(outcome, place)


def _rules(setup: Setup, named: Sequence[Path]) -> Rules:
    """The rules of the files that were found, and what their Prometheus says of intervals."""
    things = (*setup.groups, *setup.prometheuses)
    files = {Path(thing.file) for thing in things}
    return read_found(sorted(file for file in files if file.suffix in ENDINGS or file in named))
