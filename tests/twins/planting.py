"""One small fault in a copy of the shipped monitoring folder, and what is said of the files: no program, no server."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from promproof.checks import claims
from promproof.checks.base import judge
from promproof.config.folder import read_folder
from promproof.config.rules import read, recordings
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import RuleFiles
from promproof.grafana.provisioning import texts
from promproof.observe import panels
from promproof.places import DEFAULT_MONITORING, REPOSITORY
from promproof.run.clock import SystemClock
from promproof.run.judged import files_judged
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.run.prepared import Prepared
from promproof.verdict import Outcome, Verdict

GONE = object()
"""The value of a key that is to be taken out."""
CLAIMS = re.compile(
    r"check/.*|setting/.*|address/.*|deployment/(written/.*|provisioned)|alert/\w+/(text|findings)|dashboards/findings/.*"
    r"|panel/.*/form"
)
LEFT_OUT = ("production", "kubernetes", "images", "load")
NAMES = ("alert", "name", "job_name", "title", "receiver")
"""Keys by which an item of a list is found."""


@dataclass(frozen=True)
class Change:
    """Puts `value` at `path` of a file of the monitoring folder: keys, numbers of items, or their names, by `>`."""

    file: str
    path: str
    value: Any


def at(data: Any, step: str) -> Any:
    """The key of a step in data: of a list the number of the item that is called so."""
    if not isinstance(data, list):
        return step
    if step.lstrip("-").isdecimal():
        return int(step)
    return next(index for index, item in enumerate(data) if step in [item.get(name) for name in NAMES])


def edited(data: Any, path: str, value: Any) -> Any:
    """The data with a value at a path; a list is given one more item by `+`, a function changes what is there."""
    *before, last = path.split(">")
    place = data
    for step in before:
        key = at(place, step)
        if isinstance(place, dict) and key not in place:
            place[key] = {}
        place = place[key]
    if last == "+":
        place.append(value)
        return data
    key = at(place, last)
    if value is GONE:
        del place[key]
    else:
        place[key] = value(place[key]) if callable(value) else value
    return data


def instead(before: str, after: str) -> Callable[[str], str]:
    """Replaces a part of a text, which must be there."""

    def change(text: str) -> str:
        assert before in text, f"{before!r} is not in {text!r}"
        return text.replace(before, after)

    return change


class Bench:
    """The shipped folder, once: its files are replaced one at a time, and put back."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "monitoring"
        self.folder = folder
        shutil.copytree(DEFAULT_MONITORING, self.root, ignore=shutil.ignore_patterns(*LEFT_OUT))
        (folder / "docs").symlink_to(REPOSITORY / "docs")
        (folder / "scenarios").symlink_to(REPOSITORY / "scenarios")
        self.prepared = prepare(
            Options.of(contract=self.root / "contract.yaml", monitoring=self.root, drill=False)
        )

    def judged(self, *changes: Change, contract: Contract | None = None) -> dict[str, Verdict]:
        """What the claims about files say with these changes, of another contract than the shipped one."""
        kept = {
            change.file: (self.root / change.file).read_bytes() for change in changes
        }  # once for each file
        try:
            for change in changes:
                self._plant(change)
            return self._judged(contract or self.prepared.contract)
        finally:
            for file, content in kept.items():
                (self.root / file).write_bytes(content)

    def red(self, *changes: Change) -> set[str]:
        """The claims that do not pass."""
        return {
            name for name, verdict in self.judged(*changes).items() if verdict.outcome is not Outcome.PASS
        }

    def _plant(self, change: Change) -> None:
        path = self.root / change.file
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            path.write_text(json.dumps(edited(json.loads(text), change.path, change.value)), encoding="utf-8")
        elif path.suffix in (".yml", ".yaml"):
            data = edited(yaml.safe_load(text), change.path, change.value)
            path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
        else:
            path.write_text(change.value(text), encoding="utf-8")

    def _judged(self, contract: Contract) -> dict[str, Verdict]:
        prepared: Prepared = replace(
            self.prepared, contract=contract, folder=read_folder(self.root), dashboards=texts(self.root)
        )
        path = self.folder / f"history-{os.urandom(4).hex()}.jsonl"
        with closing(Recorder(path, "static", SystemClock())) as history:
            rules, names = read(prepared.folder.rules), recordings(prepared.folder.rules)
            history.add(RuleFiles((), tuple(rules), tuple(dict.fromkeys(name for name, _ in names)), names))
            history.add(files_judged(prepared))
            intervals = panels.scrape_intervals(prepared.folder.prometheus.data)
            panels.files(history, texts(self.root), intervals)
        path.unlink()
        evidence = Evidence(prepared.contract, history)
        wanted = [pair for pair in claims(prepared.contract) if CLAIMS.fullmatch(pair[1].id)]
        return {claim.id: judge(check, claim, evidence) for check, claim in wanted}
