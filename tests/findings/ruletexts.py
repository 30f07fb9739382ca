"""Texts of rules, and what is found in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from promproof.findings.discover import discover
from promproof.findings.finding import Finding
from promproof.findings.judging import judge
from promproof.findings.setup import Knowledge
from tests.findings.drafting import files_of


def knowledge_of(text: str) -> tuple[Knowledge, str]:
    """What the first line of an example says that a server knows, and the rest."""
    first, _, rest = text.partition("\n")
    if first.startswith("# types: "):
        return Knowledge(types=yaml.safe_load(first.removeprefix("# types: "))), rest
    if first.startswith("# a server knows: "):
        metrics = yaml.safe_load(first.removeprefix("# a server knows: "))
        labels = {
            metric: {label: frozenset(values) for label, values in found.items()}
            for metric, found in metrics.items()
        }
        return Knowledge(labels=labels, complete=True), rest
    return Knowledge(), text


def found(folder: Path, text: str) -> list[Finding]:
    known, text = knowledge_of(text)
    for name, content in files_of(text, "rule").items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    judged = judge(
        replace(discover([folder], folder), knowledge=known),
        lambda rule: rule.startswith(("rule/", "file/")),
    )
    assert not judged.unjudged
    return list(judged.findings)


def alert(expression: str, *lines: str) -> str:
    return "\n".join((f"- alert: A\n  expr: |-\n    {expression}", *(f"  {line}" for line in lines)))


def ids(folder: Path, text: str) -> list[str]:
    return [finding.rule for finding in found(folder, text)]
