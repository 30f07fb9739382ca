"""`promproof prove`: every alert of rule files at its boundary, in virtual time, without a target."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from promproof.config import yamlfile
from promproof.config.durations import parse_duration
from promproof.errors import InputError
from promproof.proofs.asking import Judge
from promproof.proofs.generated import write
from promproof.proofs.prove import CONTRADICTED, DEAD, OPEN, Outcome, prove
from promproof.proofs.provetable import data, text
from promproof.proofs.routes import reaches
from promproof.proofs.rulefiles import Rules, read
from promproof.run.options import binaries
from promproof.stack.binaries import find_binaries

LONG = 40
"""Alerts, from which on a terminal is told how far it is."""


def run(given: dict[str, Any]) -> int:
    """The exit status: 1 when an alert is contradicted or dead, 2 when one is not covered."""
    if given["format"] not in ("text", "json"):
        raise InputError(
            what=f"no format is called {given['format']!r}", where="--format", expected="text or json"
        )
    scrape = _interval(given["scrape_interval"])
    alertmanager = (
        yamlfile.load(given["alertmanager"], "an Alertmanager file") if given["alertmanager"] else None
    )
    rules = read([Path(name) for name in given["paths"]])
    if not rules.files:
        raise InputError(
            what="; ".join(rules.problems) or "no rule file is there",
            where=", ".join(str(path) for path in given["paths"]),
            expected="rule files of Prometheus, or a folder that has some",
        )
    if scrape is None and rules.scrapes:
        scrape = min(rules.scrapes)
    promtool = find_binaries(binaries(given["binary"])).promtool.path
    outcomes = prove(rules.alerts, rules.recordings, Judge(promtool), scrape=scrape, say=_progress)
    destinations = (
        [str(reaches(_labels(outcome), alertmanager)) for outcome in outcomes] if alertmanager else []
    )
    _show(given["format"], outcomes, rules, destinations)
    if given["write_tests"] is not None:
        written = write(outcomes, rules.recordings, promtool, given["write_tests"])
        sys.stderr.write(f"{len(written.files)} test files in {given['write_tests']}" + "\n")
        for line in written.left:
            sys.stderr.write(f"left out: {line}" + "\n")
    return status(outcomes, rules)


def _show(form: str, outcomes: list[Outcome], rules: Rules, destinations: list[str]) -> None:
    if form == "json":
        sys.stdout.write(json.dumps(data(outcomes, rules.problems, destinations, []), indent=2) + "\n")
    else:
        sys.stdout.write(text(outcomes, rules.problems, destinations, []))


def status(outcomes: list[Outcome], rules: Rules) -> int:
    """The exit status of verdicts; what could not be read is not known."""
    verdicts = {outcome.verdict for outcome in outcomes}
    if verdicts & {CONTRADICTED, DEAD}:
        return 1
    return 2 if OPEN in verdicts or rules.problems else 0


def _labels(outcome: Outcome) -> dict[str, str]:
    return {**(outcome.alert.data.get("labels") or {}), "alertname": outcome.alert.name}


def _interval(given: str | None) -> float | None:
    if given is None:
        return None
    try:
        seconds = parse_duration(given)
    except ValueError as error:
        raise InputError(
            what=str(error), where="--scrape-interval", expected="a duration, 15s say"
        ) from error
    if seconds <= 0:
        raise InputError(what="is no time between scrapes", where="--scrape-interval", expected="over 0s")
    return seconds


def _progress(done: int, of: int) -> None:
    if of >= LONG and sys.stderr.isatty():
        sys.stderr.write(f"{done} of {of} alerts" + "\n")
