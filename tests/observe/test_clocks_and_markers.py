"""What the observer makes of servers that are not Prometheus: whole seconds, and staleness markers as NaN."""

from __future__ import annotations

import math

import pytest

from promproof.exposition import Labels
from promproof.observe.prometheus import Prometheus, without_markers

pytestmark = pytest.mark.unit
NAN = math.nan


class Server(Prometheus):
    """Tells a time that is `ahead` of ours, cut to `cut` seconds; each question takes 2 ms."""

    def __init__(self, ahead: float, cut: float) -> None:
        super().__init__("http://127.0.0.1:9")
        self.now, self.asked = 1_700_000_000.123, 0
        self._ahead, self._cut = ahead, cut

    def query(self, expression: str, *, at: float | None = None) -> list[tuple[Labels, float]]:
        self.asked += 1
        self.now += 0.001
        told = math.floor((self.now + self._ahead) / self._cut) * self._cut
        self.now += 0.001
        return [((), round(told, 3))]

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("ahead", [-0.4, 0.0, 0.25, 3.0])
def test_the_clock_offset_of_a_server_that_tells_whole_seconds_is_found(ahead: float) -> None:
    server = Server(ahead, 1.0)
    low, high = server.clock_offset(server.clock, server.pause)
    server.close()
    assert low <= ahead <= high
    assert high - low <= 0.03


def test_a_server_that_tells_milliseconds_is_asked_once() -> None:
    server = Server(0.0105, 0.001)
    low, high = server.clock_offset(server.clock, server.pause)
    server.close()
    assert server.asked == 1
    assert low <= 0.0105 <= high


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1.0, 2.0, NAN], [1.0, 2.0]),  # a series that has gone
        ([1.0, 2.0], [1.0, 2.0]),
        ([NAN, NAN], [NAN, NAN]),  # a metric that is NaN stays so
        ([1.0, NAN, 2.0, 3.0, NAN, 4.0], [1.0, 2.0, 3.0, 4.0]),  # two scrapes that failed
        ([1.0, NAN, NAN, 2.0], [1.0, NAN, NAN, 2.0]),
        ([NAN], [NAN]),
        ([], []),
    ],
)
def test_a_staleness_marker_is_dropped_and_a_metrics_own_nan_is_kept(
    values: list[float], kept: list[float]
) -> None:
    points = tuple((float(t), value) for t, value in enumerate(values))
    assert [repr(value) for _, value in without_markers(points)] == [repr(value) for value in kept]
