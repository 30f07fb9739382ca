"""Findings as JSON, for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from promproof.findings.checking import Checked
from promproof.findings.finding import Severity

VERSION = 1
"""Of the format; another one when a key changes its meaning or goes."""


def text(checked: Checked, width: int | None) -> str:
    """The document."""
    identities = checked.identities
    document: dict[str, Any] = {
        "version": VERSION,
        "findings": [
            {**asdict(finding), "fingerprint": identities.fingerprint(finding)}
            for finding in checked.findings
        ],
        "counts": {
            str(severity): sum(finding.severity is severity for finding in checked.findings)
            for severity in Severity
            if severity.rank <= checked.least.rank
        },
        "not_shown": {str(severity): count for severity, count in checked.milder.items()},
        "left_out": checked.silenced,
        "known": checked.known,
        "gone": checked.gone,
        "not_touched": checked.untouched,
        "not_verified": [
            {
                "rules": list(missed.rules),
                "item": missed.item,
                "file": missed.place.file,
                "line": missed.place.line,
                "reason": missed.reason,
                "crashed": missed.crashed,
            }
            for missed in checked.unjudged
        ],
        "exit_status": checked.status,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
