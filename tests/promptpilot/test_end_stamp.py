"""Where the end of a request is stamped: with the last byte that goes on the wire."""

from __future__ import annotations

import pytest

from promptpilot.instrument import Exchange, Instrumentation
from promptpilot.metrics import Metrics
from promptpilot.routing import Resolver

pytestmark = pytest.mark.unit


def ended_with_headers(method: str, status: int, headers: list[tuple[bytes, bytes]]) -> bool:
    metrics = Metrics(series_limit=10, active_users_window=1.0)

    async def nothing(*_: object) -> None:
        """No application is called."""

    instrumentation = Instrumentation(nothing, metrics, Resolver(()))
    metrics.request_started(method, "/x")
    exchange = Exchange(method, "/x", 0.0)
    instrumentation.sending(exchange, {"type": "http.response.start", "status": status, "headers": headers})
    return exchange.ended


@pytest.mark.parametrize(
    ("method", "status", "headers"),
    [
        ("HEAD", 404, [(b"content-length", b"22")]),
        ("DELETE", 204, []),
        ("GET", 200, [(b"Content-Length", b"0")]),
    ],
)
def test_a_response_without_a_body_ends_with_its_headers(
    method: str, status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    assert ended_with_headers(method, status, headers)


def test_a_response_with_a_body_does_not_end_with_its_headers() -> None:
    assert not ended_with_headers("GET", 200, [(b"content-length", b"2")])
    assert not ended_with_headers("GET", 200, [(b"transfer-encoding", b"chunked")])
