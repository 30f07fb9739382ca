"""Verdicts of earlier runs, so that an unchanged rule costs nothing: a small file for each, under the cache folder.

The key is all that a verdict depends on: the rule, the recording rules that it reads, the scrape interval, promtool's
version and the version of the proofs. What can't be read is proven again; a cache that can't be written is none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from promproof.proofs.outcome import CONTRADICTED, DEAD, OPEN, PROVEN, Alert, Outcome
from promproof.proofs.questions import LATE, Course
from promproof.proofs.recordings import Recordings
from promproof.proofs.tree import NotCovered, parse

VERSION = 7
"""Of the proofs: raised whenever a verdict may become another one."""


class Cache:
    """Verdicts by rule. folder: None for a cache that holds nothing."""

    def __init__(self, folder: Path | None, promtool: str, scrape: float | None) -> None:
        self.folder = folder
        self.surroundings = [VERSION, promtool, scrape]

    def get(self, alert: Alert, recordings: Recordings) -> Outcome | None:
        """The verdict of an earlier run."""
        if self.folder is None:
            return None
        try:
            held = json.loads(self._file(alert, recordings).read_text(encoding="utf-8"))
            return _outcome(alert, held)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, outcome: Outcome, recordings: Recordings) -> None:
        """Keep a verdict; not that of a machine that had no time for it."""
        if self.folder is None or LATE in outcome.reason:
            return
        file = self._file(outcome.alert, recordings)
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            new = file.with_suffix(f".{os.getpid()}")
            new.write_text(json.dumps(_held(outcome)), encoding="utf-8")
            new.replace(file)

    def _file(self, alert: Alert, recordings: Recordings) -> Path:
        assert self.folder is not None
        try:
            reads = recordings.needed(parse(alert.expression)) if recordings.given else []
        except (NotCovered, ValueError, RecursionError):
            reads = []
        said = {key: value for key, value in alert.data.items() if key != "annotations"}
        key = json.dumps(
            [*self.surroundings, [alert.every, alert.limit, alert.offset, alert.bounded], said, reads],
            sort_keys=True,
            default=str,
        )
        name = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return self.folder / name[:2] / f"{name}.json"


def _held(outcome: Outcome) -> dict[str, Any]:
    return {
        "verdict": outcome.verdict,
        "flips": outcome.flips,
        "reason": outcome.reason,
        "notes": outcome.notes,
        "compared": outcome.compared,
        "test": outcome.test,
        "course": asdict(outcome.course) if outcome.course else None,
    }


def _outcome(alert: Alert, held: Mapping[str, Any]) -> Outcome:
    if held["verdict"] not in (PROVEN, CONTRADICTED, DEAD, OPEN):
        raise ValueError(held["verdict"])
    test = held.get("test", "")
    texts = [held["flips"], held["reason"], test, *held["notes"], *held["compared"]]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("text is expected")
    course = Course(**held["course"]) if held["course"] else None
    return Outcome(
        alert,
        held["verdict"],
        held["flips"],
        held["reason"],
        list(held["notes"]),
        course=course,
        compared=list(held["compared"]),
        test=test,
    )
