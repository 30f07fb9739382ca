"""The kinds of findings that are no judge's: what the proof of an alert says."""

from __future__ import annotations

DEAD = "proof/dead"
CONTRADICTED = "proof/contradicted"
TITLES = {DEAD: "an alert that can't fire", CONTRADICTED: "an alert that does otherwise than written"}
