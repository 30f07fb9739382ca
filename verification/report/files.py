"""The JSON report of a run; JUnit is written by pytest itself, whose test ids are the claim ids."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from verification.verdict import Verdict, exit_status


def write_json(
    path: Path, verdicts: Sequence[Verdict], *, strict: bool, trouble: str | None, run: dict[str, Any]
) -> None:
    """Write all verdicts with their counts and the exit status they amount to."""
    document = {
        "report": 1,
        "run": run,
        "trouble": trouble,
        "exit_status": exit_status(verdicts, strict=strict),
        "counts": dict(Counter(str(verdict.outcome) for verdict in verdicts)),
        "verdicts": [verdict.as_json() for verdict in verdicts],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
