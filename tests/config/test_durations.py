"""Durations: what Prometheus reads is read, and what is printed can be read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promproof.config.durations import (
    format_duration,
    format_milliseconds,
    parse_duration,
    parse_milliseconds,
)

pytestmark = pytest.mark.unit


@given(st.integers(min_value=0, max_value=(2**63 - 1) // 10**6))
def test_a_printed_duration_reads_back_as_the_same_length(milliseconds: int) -> None:
    assert parse_milliseconds(format_milliseconds(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0", 0),
        ("250ms", 250),
        ("15s", 15_000),
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("1d", 86_400_000),
        ("1w", 604_800_000),
        ("1y", 31_536_000_000),
        ("1y2w3d4h5m6s7ms", 33_019_506_007),
    ],
)
def test_a_duration_has_the_length_that_prometheus_gives_it(text: str, milliseconds: int) -> None:
    assert parse_milliseconds(text) == milliseconds
    assert parse_duration(text) == milliseconds / 1000


@pytest.mark.parametrize("text", ["", "5", "2.5s", "5M", "-5m", "5m ", "30s5m", "5m5m", "m", "1h 30m", "٥m"])
def test_a_text_that_prometheus_refuses_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration; expected a duration such as"):
        parse_milliseconds(text)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0s"), (2500, "2500ms"), (90_000, "1m30s"), (604_800_000, "1w"), (694_800_000, "8d1h")],
)
def test_a_duration_is_printed_in_its_usual_spelling(milliseconds: int, text: str) -> None:
    assert format_milliseconds(milliseconds) == text


def test_a_fraction_of_a_second_is_printed_in_milliseconds() -> None:
    assert format_duration(2.5) == "2500ms"


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        format_milliseconds(-1)
