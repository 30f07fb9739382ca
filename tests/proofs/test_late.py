"""What a loaded machine has no time for."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.proofs.cache import Cache
from promproof.proofs.outcome import OPEN, Alert, Outcome
from promproof.proofs.questions import LATE
from promproof.proofs.recordings import Recordings

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("reason", "is_kept"), [(f"it flips, but {LATE} 120 s for it", False), ("no series were found", True)]
)
def test_a_verdict_that_only_took_too_long_is_not_kept(tmp_path: Path, reason: str, is_kept: bool) -> None:
    alert = Alert("A", "a > 1", 0.0, {"alert": "A", "expr": "a > 1"})
    cache, recordings = Cache(tmp_path, "2.42.0", None), Recordings([])
    cache.put(Outcome(alert, OPEN, reason=reason), recordings)
    assert (cache.get(alert, recordings) is not None) == is_kept
