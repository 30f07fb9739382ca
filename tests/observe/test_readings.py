"""What Prometheus has stored of its last scrape, when that scrape was answered and when it was not."""

from __future__ import annotations

import json
import socket
import time
import urllib.parse

import pytest

from promproof.contract.model import load
from promproof.observe.prometheus import Prometheus
from promproof.observe.readings import Readings
from promproof.places import DEFAULT_CONTRACT
from tests.observe.servers import answer, serving

pytestmark = pytest.mark.unit
COUNTED = "http_requests_total"


def _stored(up: tuple[int, ...]) -> dict[str, float] | None:
    """The counts of the last scrape, of a Prometheus whose scrapes came every second and succeeded or not."""
    now = round(time.time(), 3)
    stamps = [now - len(up) + number for number in range(len(up))]
    good = [stamp for stamp, healthy in zip(stamps, up, strict=True) if healthy]
    samples: dict[str, list[tuple[float, float]]] = {
        "up": list(zip(stamps, up, strict=True)),
        "scrape_duration_seconds": [(stamp, 0.01) for stamp in stamps],
        COUNTED: [(stamp, 100 * (number + 1)) for number, stamp in enumerate(good)],
    }

    def script(client: socket.socket, request: bytes) -> None:
        query = urllib.parse.unquote_plus(request.decode()).partition("query=")[2].partition("{")[0]
        found = [[stamp, str(value)] for stamp, value in samples.get(query, [])]
        rows = [{"metric": {"__name__": query, "job": "api"}, "values": found}] if found else []
        data = {"status": "success", "data": {"resultType": "matrix", "result": rows}}
        answer(json.dumps(data), 200, "Content-Type: application/json")(client, request)

    with serving(script) as server:
        readings = Readings(load(DEFAULT_CONTRACT), server.url, Prometheus(server.url))
        stored = readings.stored()
        readings.close()
    return None if stored is None else {name: value for (name, _), value in stored.values.items()}


@pytest.mark.parametrize(
    ("up", "counts"),
    [((1, 1), {COUNTED: 200}), ((1, 0), {COUNTED: 100}), ((1, 1, 0, 0), {COUNTED: 200}), ((0, 0), None)],
    ids=["answered", "the last one failed", "two failed", "none answered"],
)
def test_the_last_scrape_that_succeeded_is_read(up: tuple[int, ...], counts: dict[str, float] | None) -> None:
    assert _stored(up) == counts
