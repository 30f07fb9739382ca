"""Buckets of which a quantile is known: any q has some, those beyond 0 to 1 included."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.exposition import Labels
from promproof.proofs.windows import quantiles
from promproof.proofs.world import cumulated

pytestmark = pytest.mark.unit
EDGES = (0.1, 0.5, 1.0, 5.0)


@given(st.sampled_from([-1.0, 0.0, 0.5, 0.95, 1.0, 95.0]), st.floats(0, 10))
def test_shares_grow_from_edge_to_edge_up_to_all(q: float, quantile: float) -> None:
    shares = [share for _, share in cumulated(EDGES, q, quantile)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] == 1


@given(st.floats(0.01, 0.99), st.floats(0.11, 4.9))
def test_the_quantile_of_the_shares_is_the_asked_one(q: float, quantile: float) -> None:
    vector: dict[Labels, tuple[float, float]] = {
        (("le", "+Inf" if math.isinf(edge) else str(edge)),): (share, 0.0)
        for edge, share in cumulated(EDGES, q, quantile)
    }
    assert quantiles(q, vector)[()][0] == pytest.approx(quantile, rel=1e-6)
