"""What target/up says besides the error: where the page's troubleshooting section looks first."""

from __future__ import annotations

import pytest

from promproof.checks.target import cause

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ('Get "http://api:8000/metrics": dial tcp 172.18.0.5:8000: connect: connection refused', "running?"),
        ("dial tcp: lookup api on 127.0.0.11:53: no such host", "in the same network?"),
        ("dial tcp: lookup api on 127.0.0.11:53: server misbehaving", "in the same network?"),
        ("server returned HTTP status 404 Not Found", "metrics_path"),
        ("server returned HTTP status 500 Internal Server Error", "look at its log"),
        ('Get "http://api:8000/metrics": context deadline exceeded', "does it hang"),
        ("invalid metric type", ""),
    ],
)
def test_an_error_of_a_scrape_says_where_to_look(error: str, said: str) -> None:
    assert said in cause(error)
    assert bool(cause(error)) == bool(said)
