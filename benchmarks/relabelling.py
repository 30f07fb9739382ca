"""Relabel rules drawn at random, by `config.relabelling` and by a real Prometheus: `python -m benchmarks.relabelling`.

One server gets a job for each case, with one target that nobody serves; its API says which targets it keeps, and with
which labels. Both must say the same, or ours must say that it does not know.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from promproof.config.labelsets import ABSENT, Values, known
from promproof.config.relabelling import Labels, Rule, relabelled
from promproof.http import Session

LABELS = ("a", "b", "c")
VALUES = ("foo", "bar", "foobar", "")
PATTERNS = (
    "foo",
    "(.*)",
    "f(.*)",
    "foo|bar",
    "(f)(o+).*",
    ".+",
    "a|b",
    "(?P<x>fo)o;(.*)",
    "foo;bar",
    "bar.*",
)
REPLACEMENTS = ("$1", "x", "", "${1}-$2", "$x", "$$1", "pre$1")
ACTIONS = ("replace", "replace", "replace", "keep", "drop", "labeldrop", "labelkeep")


def drawn(random_: random.Random) -> tuple[dict[str, str], list[Rule]]:
    """Labels of a target, and one to four rules."""
    labels = {label: random_.choice(VALUES) for label in LABELS}
    return labels, [_rule(random_) for _ in range(random_.randint(1, 4))]


def _rule(random_: random.Random) -> Rule:
    action, pattern = random_.choice(ACTIONS), random_.choice(PATTERNS)
    if action.startswith("label"):
        kept = "|__.*|job|instance|case" if action == "labelkeep" else ""
        return Rule((), action, f"(?:{random_.choice(('a', 'b|c', 'a|b'))}){kept}")
    sources = tuple(random_.sample(LABELS, random_.randint(1, 2)))
    rule = Rule(sources, action, pattern)
    if action == "replace":
        return replace(rule, target_label=random_.choice(LABELS), replacement=random_.choice(REPLACEMENTS))
    return rule


def ours(labels: dict[str, str], rules: Sequence[Rule]) -> dict[str, Values] | None:
    """The labels that are left; None when the target is dropped."""
    result = relabelled(rules, Labels({name: known(value) for name, value in labels.items()}, ABSENT))
    return None if result.dropped is not None else {name: result.labels.of(name) for name in LABELS}


def theirs(folder: Path, program: str, cases: Sequence[tuple[dict[str, str], list[Rule]]]) -> dict[str, Any]:
    """The labels of the active targets by case, as a Prometheus has them."""
    jobs = [
        {
            "job_name": f"case{number}",
            "scrape_interval": "1h",
            "static_configs": [{"targets": ["127.0.0.1:9"], "labels": {**labels, "case": str(number)}}],
            "relabel_configs": [_written(rule) for rule in rules],
        }
        for number, (labels, rules) in enumerate(cases)
    ]
    path = folder / "prometheus.yml"
    path.write_text(json.dumps({"scrape_configs": jobs}), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    words = [
        program,
        f"--config.file={path}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with subprocess.Popen(words, stderr=subprocess.DEVNULL) as server:
        try:
            return _targets(f"http://{address}/api/v1/targets")
        finally:
            server.terminate()


def _written(rule: Rule) -> dict[str, Any]:
    named = {"source_labels": list(rule.source_labels)} if rule.source_labels else {}
    target = {"target_label": rule.target_label, "replacement": rule.replacement} if rule.target_label else {}
    return {"action": rule.action, "regex": rule.regex, **named, **target}


def _targets(url: str) -> dict[str, Any]:
    """The active targets, once they are there and no more come: discovery takes five seconds."""
    session, before = Session(), -1
    for _ in range(60):
        time.sleep(2)
        try:
            active = session.get(url).json()["data"]["activeTargets"]
        except (OSError, KeyError, ValueError):
            continue
        if active and len(active) == before:
            return {target["labels"]["case"]: target["labels"] for target in active}
        before = len(active)
    raise SystemExit("the server lists no targets")


def main() -> int:
    """The exit status: 1 when they differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("prometheus", help="the program")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    random_ = random.Random(given.seed)
    cases = [drawn(random_) for _ in range(given.cases)]
    with tempfile.TemporaryDirectory() as folder:
        active = theirs(Path(folder), given.prometheus, cases)
    differing, unknown = 0, 0
    for number, (labels, rules) in enumerate(cases):
        mine, seen = ours(labels, rules), active.get(str(number))
        if mine is None or seen is None:
            if (mine is None) != (seen is None):
                differing += 1
                sys.stdout.write(f"{labels} {rules}\n  ours {mine}\n  theirs {seen}\n")
            continue
        for label, values in mine.items():
            if values.finite is None:
                unknown += 1
            elif values.finite != {seen.get(label, "")}:
                differing += 1
                sys.stdout.write(
                    f"{labels} {rules}\n  ours {label}={values.finite}\n  theirs {seen.get(label)}\n"
                )
    dropped = len(cases) - len(active)
    sys.stdout.write(
        f"{len(cases)} cases, {dropped} dropped, {differing} differ, {unknown} labels unknown to us\n"
    )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
