"""`promproof mutate`: changes every rule a little, and tells which changes the tests do not notice."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from promproof import plugins
from promproof.config import yamlfile
from promproof.config.inputs import Document
from promproof.errors import InputError
from promproof.proofs.coverage import is_test_file, test_files
from promproof.proofs.mutants.routes import RouteMutant, route_mutants, shown
from promproof.proofs.mutants.score import data, rule_documents, score, text
from promproof.proofs.routes import of_rule
from promproof.proofs.rulefiles import read
from promproof.report.lines import fitted, width_of
from promproof.run.options import binaries, told, version_asked
from promproof.stack.binaries import find_binary

LONG = 200
"""From this number of mutants on, a terminal shows the progress."""


def run(given: dict[str, Any]) -> int:
    """The exit status: 1 below --min-score, 2 when a test file fails unchanged or nothing was judged."""
    plugins.use(given["plugins"])
    if given["live"]:
        from promproof.cli import faults  # imports all of a run

        return faults.run(given)
    if not given["paths"]:
        raise InputError(
            what="no rules are named",
            where="mutate",
            expected="a rule file, or a folder that has some; or --live",
            todo="promproof mutate monitoring/ --tests tests/*.yml",
        )
    least = given["min_score"]
    if given["format"] not in ("text", "json"):
        raise InputError(
            what=f"no format is called {given['format']!r}", where="--format", expected="text or json"
        )
    if least is not None and not 0 <= least <= 100:
        raise InputError(what=f"{least:g} is no percentage", where="--min-score", expected="0 to 100")
    named = [Path(name) for name in given["paths"]]
    # A shell that expands `--tests tests/*.yml` gives the first to the option and the rest to the paths.
    further = [path for path in named if path.is_file() and is_test_file(path)]
    files = test_files([*given["tests"], *further])
    documents = rule_documents([path for path in named if path not in further])
    routes = _routes(given["alertmanager"], documents)
    promtool = find_binary("promtool", binaries(given["binary"]), say=told, major=version_asked(given)).path
    result = score(promtool, documents, files, _progress)
    if given["format"] == "json":
        sys.stdout.write(
            json.dumps({**data(result), "routes": [asdict(mutant) for mutant in routes]}, indent=2) + "\n"
        )
    else:
        sys.stdout.write(fitted(text(result) + shown(routes), width_of(sys.stdout)))
    if result.failing or result.percent is None or not result.is_asked:
        return 2
    return 1 if least is not None and result.percent < least else 0


def _routes(path: Path | None, documents: Sequence[Document]) -> list[RouteMutant]:
    """The changes of an Alertmanager file, with the alerts of these rule files."""
    if path is None:
        return []
    file = yamlfile.load(path, "an Alertmanager file")
    rules = read([document.path for document in documents])
    labels = [of_rule(alert.data, rules.recordings, rules.external) for alert in rules.alerts]
    names = [alert.name for alert in rules.alerts]
    return route_mutants(list(zip(names, labels, strict=True)), file)


def _progress(done: int, of: int) -> None:
    if of >= LONG and sys.stderr.isatty():
        sys.stderr.write(f"{done} of {of} mutants" + "\n")
