"""The quick rendering of metrics writes what prometheus_client writes, to the byte."""

from __future__ import annotations

from math import inf, nan

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary, generate_latest

from promptpilot import rendering
from promptpilot.rendering import Rendering

pytestmark = pytest.mark.unit
NUMBERS = (
    0.0,
    -0.0,
    1.0,
    0.1 + 0.2,
    1e-7,
    999_999.5,
    1e6,
    1_234_567.25,
    1e15,
    1e16,
    1e300,
    -3e6,
    inf,
    -inf,
    nan,
)


def both(registry: CollectorRegistry, own: Rendering) -> tuple[list[bytes], list[bytes]]:
    return own.render().split(b"\n"), generate_latest(registry).split(b"\n")


def test_numbers_of_every_size_are_written_as_the_library_writes_them() -> None:
    registry = CollectorRegistry()
    gauge = Gauge("held", "What is held", ("of",), registry=registry)
    for number in NUMBERS:
        gauge.labels(repr(number)).set(number)
    mine, theirs = both(registry, Rendering(registry))
    assert mine == theirs


def test_families_of_every_kind_are_written_in_the_order_in_which_they_were_registered() -> None:
    registry = CollectorRegistry()
    Counter("seen_total", "Seen, with a \\ and\na second line", registry=registry).inc(3)
    took = Histogram("took_seconds", "Took", ("z", "a"), registry=registry, buckets=(0.1, 1, 2_500_000))
    for seconds in (0.05, 0.5, 7.0, 3e6):
        took.labels("one", "GET").observe(seconds)
    took.labels("two", "GET")
    Summary("size", "Size", ("of",), registry=registry).labels("x").observe(4)
    below = Histogram("left", "Left", ("of",), registry=registry, buckets=(-1, 1))
    below.labels("x").observe(-2)
    Counter("nothing", "Without a series", ("of",), registry=registry)
    mine, theirs = both(registry, Rendering(registry))
    assert mine == theirs


def test_labels_are_escaped_and_sorted_as_the_library_does_it() -> None:
    registry = CollectorRegistry()
    hits = Counter("hits", "Hits", ("path", "method"), registry=registry)
    for path in ('a"b', "a\\b", "a\nb", "\\n", "{}", "é 漢", ""):
        hits.labels(path, "GET").inc()
    mine, theirs = both(registry, Rendering(registry))
    assert mine == theirs


def test_series_that_come_go_and_come_back_are_those_of_the_moment() -> None:
    registry = CollectorRegistry()
    hits = Counter("hits", "Hits", ("id",), registry=registry)
    own = Rendering(registry)
    for step in range(6):
        hits.labels(str(step)).inc(step)
        if step % 2:
            hits.remove(str(step - 1))
        mine, theirs = both(registry, own)
        assert mine == theirs
    hits.labels("0").inc(0.5)
    mine, theirs = both(registry, own)
    assert mine == theirs


def test_a_family_whose_values_are_kept_elsewhere_is_left_to_the_library(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registry = CollectorRegistry()
    hits = Counter("hits", "Hits", ("id",), registry=registry)
    hits.labels("a").inc()
    monkeypatch.setattr(rendering, "_LINES", {Counter: lambda child: [child.elsewhere]})
    mine, theirs = both(registry, Rendering(registry))
    assert mine == theirs
