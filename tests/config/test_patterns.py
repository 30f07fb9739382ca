"""Matchers are compared by what they select of the documented values."""

from __future__ import annotations

import pytest

from promproof.config.patterns import every
from promproof.config.sameness import is_same

pytestmark = pytest.mark.unit
STATUSES = {
    ("requests_total", "status"): every("[1-5][0-9][0-9]") or frozenset(),
    ("seconds", "status"): frozenset({"ok", "failed"}),
}


def test_a_pattern_of_three_digits_has_all_of_its_strings() -> None:
    found = every("[1-5][0-9][0-9]")
    assert found is not None
    assert len(found) == 500
    assert {"100", "599"} <= found


@pytest.mark.parametrize("pattern", ["[0-9]+", ".*", "5..", "[^a]", "(", "[0-9]{9}"])
def test_a_pattern_with_too_many_strings_to_list_has_no_list(pattern: str) -> None:
    assert every(pattern) is None


@pytest.mark.parametrize(
    "other",
    [
        '=~"5[0-9]{2}"',
        r'=~"5\\d\\d"',
        '=~"^5..$"',
        '=~"5.+"',
        '=~"5[0-4].|5[5-9]."',
        '=~"(?:5)..|7.."',
    ],
)
def test_patterns_that_select_the_same_documented_values_are_the_same(other: str) -> None:
    assert is_same(
        'rate(requests_total{status=~"5.."}[5m])', f"rate(requests_total{{status{other}}}[5m])", STATUSES
    )


@pytest.mark.parametrize(
    "other", ['=~"50."', '=~"[45].."', '!~"5.."', '=~"5[0-8]."', '="500"', '=~"5"', '=~"6.."', '=~"("']
)
def test_patterns_that_select_other_documented_values_are_different(other: str) -> None:
    query = f"rate(requests_total{{status{other}}}[5m])"
    assert not is_same('rate(requests_total{status=~"5.."}[5m])', query, STATUSES)


def test_the_values_of_another_metric_make_no_pattern_the_same() -> None:
    assert not is_same('foreign{status=~"5.."}', 'foreign{status=~"5[0-9]{2}"}', STATUSES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('up{job=~"api"}', 'up{job="api"}'),
        ('up{job!~"api"}', 'up{job!="api"}'),
        ('disk{type!~"tmpfs|overlay"}', 'disk{type!~"overlay|tmpfs"}'),
        ('up{job=~"^api-.*$"}', 'up{job=~"api-.*"}'),
        ('seconds_count{status=~"ok.*"}', 'seconds_count{status=~"o.+"}'),
        ('{__name__="requests_total",status=~"5.."}', '{__name__="requests_total",status=~"5.+"}'),
    ],
)
def test_plain_rewritings_of_a_matcher_are_the_same(one: str, other: str) -> None:
    assert is_same(one, other, STATUSES)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('up{job=~"a.i"}', 'up{job="a.i"}'),
        ('up{job=~"^a|b$"}', 'up{job=~"a|b"}'),
        ('up{job!~"api"}', 'up{job="api"}'),
        ('label_replace(up, "a", "{x}", "b", "5..")', 'label_replace(up, "a", "{x}", "b", "5.+")'),
    ],
)
def test_matchers_that_may_differ_stay_different(one: str, other: str) -> None:
    """`^a|b$` is the same to Prometheus too; it takes more than a look, and is left."""
    assert not is_same(one, other, STATUSES)


OUTCOMES = {("runs_total", "status"): frozenset({"success", "failed"})}


@pytest.mark.parametrize("other", ['status!="success"', 'status!~"success"', 'status=~"failed"'])
def test_what_is_not_the_one_of_two_values_is_the_other(other: str) -> None:
    assert is_same('runs_total{status="failed"}', f"runs_total{{{other}}}", OUTCOMES)
    assert not is_same(
        'other_total{status="failed"}', f"other_total{{{other.replace('=~', '!~')}}}", OUTCOMES
    )
