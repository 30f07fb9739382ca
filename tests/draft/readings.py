"""What a service showed when it was probed: recorded ones, and ones that a test makes up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from promproof.draft.observed import Batch, Observed, Probe
from promproof.exposition import parse

RECORDED = Path(__file__).parent / "recorded"


def recorded(name: str) -> Observed:
    """A real service's readings: the name is its library's."""
    data: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    batches = [
        Batch(
            Probe(**batch["probe"]) if batch["probe"] else None,
            batch["times"],
            batch["seconds"],
            parse(batch["after"]),
        )
        for batch in data["batches"]
    ]
    return Observed(parse(data["before"]), tuple(batches))


ITEMS = Probe("GET", "/items", "/items", 200)
ITEM = Probe("GET", "/items/1", "/items/{item_id}", 200)
UNKNOWN = Probe("GET", "/nowhere", "unmatched", 404)
PROBES = (ITEMS, ITEM, UNKNOWN)
Write = Callable[[dict[Probe, int], int], str]
"""An exposition from how often each probe was sent, and how often the metrics were read before."""


def observed(write: Write, probes: Sequence[Probe] = PROBES, seconds: float = 0.1) -> Observed:
    """What a service would show that writes its exposition so."""
    sent: dict[Probe, int] = {}
    before = parse(write(sent, 0))
    batches = []
    for reads, probe in enumerate([None, None, *probes, None], 1):
        times = 0 if probe is None else 1 + reads
        if probe is not None:
            sent[probe] = sent.get(probe, 0) + times
        batches.append(Batch(probe, times, seconds, parse(write(sent, reads))))
    return Observed(before, tuple(batches))


def counter(name: str, rows: dict[str, float], kind: str = "counter") -> str:
    """The text of a family: values by label text."""
    lines = [f"# HELP {name} Text.", f"# TYPE {name} {kind}"]
    return "\n".join([*lines, *(f"{name}{{{labels}}} {value}" for labels, value in rows.items())]) + "\n"
