"""Bodies of servers that compress although nobody has asked for it."""

from __future__ import annotations

import gzip
import zlib

import pytest

from promproof.load.wire import decoded

pytestmark = pytest.mark.unit
BODY = b'{"id": 7}' * 9
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        pytest.param(None, BODY, id="none"),
        pytest.param("identity", BODY, id="identity"),
        pytest.param("gzip", gzip.compress(BODY), id="gzip"),
        pytest.param("GZIP", gzip.compress(BODY), id="gzip-in-capitals"),
        pytest.param("deflate", zlib.compress(BODY), id="deflate"),
        pytest.param("deflate", RAW.compress(BODY) + RAW.flush(), id="deflate-without-header"),
    ],
)
def test_a_compressed_body_is_decoded(encoding: str | None, body: bytes) -> None:
    assert decoded(body, encoding) == BODY


def test_a_broken_body_is_an_error() -> None:
    with pytest.raises(zlib.error):
        decoded(gzip.compress(BODY)[:10] + b"no", "gzip")
