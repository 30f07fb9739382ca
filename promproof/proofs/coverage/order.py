"""Test files whose result hangs on the order in which promtool evaluates the groups.

Without `group_eval_order` promtool takes the groups from a Go map: from run to run an alert sees a record of another
group as it is now, or as it was at the evaluation before (cmd/promtool/unittest.go, orderedGroups). A file is named
only when promtool's own word differs between two orders.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import promql_parser as promql

from promproof.config import yamlfile
from promproof.config.promql import parse, walk
from promproof.errors import InputError
from promproof.proofs.coverage.findings import Noticed
from promproof.proofs.coverage.testfile import TestFile
from promproof.stack.children import run_to_end

SECONDS = 60


@dataclass(frozen=True)
class Chain:
    """An alert of one group that reads, perhaps through others, what another group records."""

    alert: str
    group: str
    record: str
    home: str


def chains(file: TestFile) -> list[Chain]:
    """The alerts that the file asks about and whose record may be evaluated before or after them."""
    groups = list(_groups(file))
    order = {
        str(name): place for place, name in enumerate(_listed(file.document.data.get("group_eval_order")))
    }
    asked = {
        entry.alertname for case in file.shape.tests or () for entry in case.alert_rule_test or () if entry
    }
    homes: dict[str, list[tuple[str, str]]] = {}
    for name, rules in groups:
        for rule in rules:
            if rule.get("record"):
                homes.setdefault(str(rule["record"]), []).append((name, str(rule.get("expr", ""))))
    found = []
    for name, rules in groups:
        for rule in rules:
            if str(rule.get("alert")) in asked:
                found += list(_chains(str(rule["alert"]), name, str(rule.get("expr", "")), homes, order))
    return found


def _chains(
    alert: str,
    group: str,
    expression: str,
    homes: Mapping[str, Sequence[tuple[str, str]]],
    order: Mapping[str, int],
) -> Iterator[Chain]:
    waiting, seen = [(group, expression)], set[str]()
    while waiting:
        reader, text = waiting.pop()
        for record in _metrics(text) - seen:
            seen.add(record)
            for home, inner in homes.get(record, ()):
                if home != reader and order.get(home, 0) == order.get(reader, 0):
                    yield Chain(alert, reader, record, home)
                waiting.append((home, inner))


def by_chance(promtool: Path, files: Sequence[TestFile]) -> list[Noticed]:
    """One finding for each file that passes with one order of its groups and fails with another."""
    found = []
    for file in files:
        reads = chains(file)
        if reads and _passes(promtool, file, reads, late=False) != _passes(promtool, file, reads, late=True):
            found.append(_noticed(file, reads))
    return found


def _noticed(file: TestFile, reads: Sequence[Chain]) -> Noticed:
    chain = reads[0]
    names = ", ".join(_ordered(file, reads, late=False))
    return Noticed(
        file.document.where(()),
        chain.alert,
        f"it passes or fails by chance: promtool evaluates {chain.group!r}, which reads {chain.record}, now before "
        f"and now after {chain.home!r}, which records it",
        f"write group_eval_order: [{names}]",
    )


def _ordered(file: TestFile, reads: Sequence[Chain], *, late: bool) -> list[str]:
    """All groups: what is recorded first, or last."""
    names = list(dict.fromkeys(name for name, _ in _groups(file)))
    for _ in names:
        for chain in reads:
            first, second = (chain.group, chain.home) if late else (chain.home, chain.group)
            if names.index(first) > names.index(second):
                names.remove(first)
                names.insert(names.index(second), first)
    return names


def _passes(promtool: Path, file: TestFile, reads: Sequence[Chain], *, late: bool) -> bool | None:
    data = {
        **file.document.data,
        "rule_files": [str(path) for path in file.loads],
        "group_eval_order": _ordered(file, reads, late=late),
    }
    with TemporaryDirectory(prefix="order-") as name:
        path = Path(name) / "order.json"
        try:
            path.write_text(json.dumps(data), encoding="utf-8")
            done = run_to_end(
                [str(promtool), "test", "rules", str(path)], log=path.with_suffix(".log"), seconds=SECONDS
            )
        except (TimeoutError, TypeError):
            return None
    return done.exit_status == 0


def _groups(file: TestFile) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for path in file.loads:
        try:
            data = yamlfile.load(path, "a rule file").data
        except InputError:
            continue
        for group in _listed(data.get("groups")):
            if isinstance(group, dict):
                rules = [rule for rule in _listed(group.get("rules")) if isinstance(rule, dict)]
                yield str(group.get("name")), rules


def _listed(value: Any) -> list[Any]:
    """A list of a file; empty for what promtool refuses, and tells."""
    return value if isinstance(value, list) else []


def _metrics(expression: str) -> set[str]:
    try:
        nodes = list(walk(parse(expression)))
    except ValueError:
        return set()
    return {str(node.name) for node in nodes if isinstance(node, promql.VectorSelector) and node.name}
