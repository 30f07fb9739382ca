"""What a run may have of the machine is probed, and how much a time scale needs is a formula."""

from __future__ import annotations

import pytest

from promproof.run.spare import needed, probe, wanting

pytestmark = pytest.mark.unit


def test_busy_threads_are_given_a_processor() -> None:
    assert 0 < probe(1, 0.05) < 1.1


def test_a_larger_time_scale_needs_more() -> None:
    assert needed(75) < needed(100) < needed(120) < needed(150) < 2


@pytest.mark.parametrize(("given", "lacks"), [(2.0, False), (1.75, False), (1.74, True), (0.9, True)])
def test_what_is_lacking_is_said(given: float, lacks: bool) -> None:
    said = wanting(150, given)
    assert bool(said) is lacks
    assert not lacks or said == f"this machine has {given:.1f} processors to spare, 1.8 are needed"
