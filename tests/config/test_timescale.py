"""The time scale: which durations it touches, and which it refuses to touch."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promproof.config.durations import parse_milliseconds
from promproof.config.timescale import MAXIMUM_CHANGE, TimeScale
from promproof.errors import InputError

pytestmark = pytest.mark.unit

SIXTY = TimeScale(60)

RULES: dict[str, Any] = {
    "groups": [
        {
            "name": "g",
            "interval": "30s",
            "query_offset": "2m",
            "limit": 10,
            "rules": [
                {"record": "a:rate5m", "expr": "rate(a[5m])"},
                {
                    "alert": "A",
                    "expr": "a:rate5m > 5",
                    "for": "5m",
                    "keep_firing_for": "10m",
                    "labels": {"window": "5m"},
                    "annotations": {"summary": "for [5m]"},
                },
            ],
        }
    ]
}
PROMETHEUS: dict[str, Any] = {
    "global": {"scrape_interval": "15s", "rule_query_offset": "1m", "external_labels": {"a": "5m"}},
    "scrape_configs": [
        {"job_name": "fast", "scrape_interval": "12s", "scrape_timeout": "6s", "params": {"t": ["5m"]}},
        {"job_name": "usual"},
    ],
}
ALERTMANAGER: dict[str, Any] = {
    "route": {
        "receiver": "a",
        "group_interval": "1m",
        "routes": [{"receiver": "b", "group_wait": "0s", "routes": [{"repeat_interval": "1h"}]}],
    },
    "receivers": [{"name": "a", "webhook_configs": [{"url": "http://a", "timeout": "10s"}]}],
}


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


@given(st.integers(min_value=0, max_value=10**10), st.floats(min_value=1, max_value=10_000))
def test_a_scaled_duration_is_off_by_no_more_than_one_percent(milliseconds: int, factor: float) -> None:
    try:
        scaled = TimeScale(factor).milliseconds(milliseconds)
    except InputError:
        rounding = abs(round(milliseconds / factor) * factor - milliseconds)
        assert rounding > MAXIMUM_CHANGE * milliseconds
    else:
        assert scaled * factor == pytest.approx(milliseconds, rel=MAXIMUM_CHANGE)


@given(st.integers(min_value=1, max_value=10**6), st.integers(min_value=1, max_value=1000))
def test_a_duration_that_divides_evenly_is_scaled_exactly(scaled: int, factor: int) -> None:
    assert TimeScale(factor).milliseconds(scaled * factor) == scaled


@given(st.floats(min_value=1, max_value=100), st.lists(st.integers(1, 10**7), min_size=2, max_size=2))
def test_scaling_keeps_the_order_of_two_durations(factor: float, pair: list[int]) -> None:
    # A scrape time-out must not grow beyond its interval.
    shorter, longer = sorted(pair)
    assume(shorter > 100 * factor)
    scale = TimeScale(factor)
    assert scale.milliseconds(shorter) <= scale.milliseconds(longer)


@pytest.mark.parametrize("document", [RULES, PROMETHEUS, ALERTMANAGER])
def test_scale_1_leaves_a_document_as_it_is(document: dict[str, Any]) -> None:
    unscaled = TimeScale(1)
    methods: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
        unscaled.rule_file,
        unscaled.prometheus,
        unscaled.alertmanager,
    ]
    for method in methods:
        assert method(document) == document


def test_scale_1_leaves_texts_as_they_are() -> None:
    unscaled = TimeScale(1)
    assert unscaled.promql("rate(x[5m])  # as it is") == "rate(x[5m])  # as it is"
    assert unscaled.promql("rate(x[$__rate_interval])") == "rate(x[$__rate_interval])"
    assert unscaled.duration("60s") == "60s"


def test_scale_1_refuses_nothing_that_prometheus_takes() -> None:
    unscaled = TimeScale(1)
    unscaled.prometheus(
        {"scrape_configs": [{"job_name": "a", "scrape_interval": "10ms"}]}, scrape_seconds={"a": 5}
    )
    unscaled.refuse_long_delay(100, "1s", "the drill")
    assert unscaled.duration("1ms") == "1ms"


@pytest.mark.parametrize("factor", [0.99, 0, -60, float("nan"), float("inf")])
def test_an_impossible_scale_is_refused(factor: float) -> None:
    assert "a number of at least 1" in refusal(lambda: TimeScale(factor))


def test_every_duration_of_a_rule_file_is_scaled_and_nothing_else() -> None:
    rules = RULES["groups"][0]["rules"]
    expected = {
        "name": "g",
        "interval": "500ms",
        "query_offset": "2s",
        "limit": 10,
        "rules": [
            {"record": "a:rate5m", "expr": "rate(a[5s])"},
            {**rules[1], "for": "5s", "keep_firing_for": "10s"},
        ],
    }
    assert SIXTY.rule_file(RULES) == {"groups": [expected]}


def test_scaling_leaves_the_given_document_as_it_is() -> None:
    before = repr(RULES)
    SIXTY.rule_file(RULES)
    assert repr(RULES) == before


def test_every_duration_and_default_of_prometheus_is_scaled() -> None:
    scaled = SIXTY.prometheus(PROMETHEUS)
    assert scaled["global"] == {
        "scrape_interval": "250ms",
        "rule_query_offset": "1s",
        "external_labels": {"a": "5m"},
        "evaluation_interval": "1s",
        "scrape_timeout": "167ms",
    }
    assert scaled["scrape_configs"] == [
        {"job_name": "fast", "scrape_interval": "200ms", "scrape_timeout": "100ms", "params": {"t": ["5m"]}},
        {"job_name": "usual"},
    ]


@pytest.mark.parametrize("document", [{}, {"global": None}, {"global": {}}])
def test_a_default_that_is_not_written_down_is_scaled(document: dict[str, Any]) -> None:
    assert SIXTY.prometheus(document) == {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s", "scrape_timeout": "167ms"}
    }


def test_the_default_time_out_stays_within_the_interval() -> None:
    document = {"global": {"scrape_interval": "6s", "evaluation_interval": "6s"}}
    assert SIXTY.prometheus(document)["global"]["scrape_timeout"] == "100ms"


def test_every_timer_and_default_of_alertmanager_is_scaled() -> None:
    scaled = SIXTY.alertmanager(ALERTMANAGER)
    assert scaled["global"] == {"resolve_timeout": "5s"}
    assert scaled["route"] == {
        "receiver": "a",
        "group_interval": "1s",
        "routes": [{"receiver": "b", "group_wait": "0s", "routes": [{"repeat_interval": "1m"}]}],
        "group_wait": "500ms",
        "repeat_interval": "4m",
    }
    assert scaled["receivers"] == ALERTMANAGER["receivers"]


def test_the_flags_of_prometheus_are_scaled() -> None:
    assert SIXTY.prometheus_flags() == [
        "--rules.alert.resend-delay=1s",
        "--rules.alert.for-grace-period=10s",
        "--rules.alert.for-outage-tolerance=1m",
        "--query.lookback-delta=5s",
    ]
    assert TimeScale(1).prometheus_flags()[0] == "--rules.alert.resend-delay=1m"


def test_a_duration_that_rounds_to_nothing_is_refused() -> None:
    text = refusal(lambda: SIXTY.duration("20ms", "rules.yml:3, groups[g].interval"))
    assert "time scale 60 is too large: 20ms would last 0.333 ms, which rounds to less than 1 ms" in text
    assert "rules.yml:3, groups[g].interval" in text
    assert "1 always works" in text


def test_a_duration_that_rounding_changes_by_more_than_one_percent_is_refused() -> None:
    text = refusal(lambda: SIXTY.duration("250ms"))
    assert "250ms would last 4.17 ms; rounding changes it by more than 1 %" in text


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"groups": [{"name": "g", "rules": [{"alert": "A", "for": "20ms"}]}]}, "groups[g].rules[A].for"),
        (
            {"groups": [{"name": "g", "rules": [{"alert": "A", "expr": "x[20ms]"}]}]},
            "groups[g].rules[A].expr",
        ),
        ({"groups": [{"name": "g", "rules": [{"alert": "A", "expr": "x["}]}]}, "groups[g].rules[A].expr"),
        ({"groups": [{"name": "g", "interval": "soon"}]}, "groups[g].interval"),
        ({"groups": {"name": "g"}}, "groups"),
        ({"groups": ["g"]}, "groups[0]"),
    ],
)
def test_a_refusal_in_a_rule_file_names_the_key(document: dict[str, Any], place: str) -> None:
    assert f"rules.yml:7, {place}:" in refusal(lambda: SIXTY.rule_file(document, lambda key: "rules.yml:7"))


@pytest.mark.parametrize(
    "document", [{"global": "15s"}, {"global": {"scrape_interval": 15}}, {"scrape_configs": 1}]
)
def test_a_configuration_of_another_shape_is_refused(document: dict[str, Any]) -> None:
    assert "expected:" in refusal(lambda: SIXTY.prometheus(document))


def test_a_job_that_would_be_scraped_too_often_is_refused() -> None:
    jobs = {"scrape_configs": [{"job_name": "a", "scrape_interval": "5s"}]}
    text = refusal(lambda: SIXTY.prometheus(jobs, lambda key: "prometheus.yml:9"))
    assert "scrape_configs[a] would be scraped every 83 ms, the least is 100 ms" in text
    assert "prometheus.yml:9, scrape_configs[a].scrape_interval" in text


def test_an_interval_that_a_job_inherits_is_looked_at() -> None:
    jobs = {"global": {"scrape_interval": "5s"}, "scrape_configs": [{"job_name": "a"}]}
    assert "global.scrape_interval" in refusal(lambda: SIXTY.prometheus(jobs))


def test_a_job_whose_scrape_takes_over_a_fifth_of_its_interval_is_refused() -> None:
    text = refusal(lambda: SIXTY.prometheus(PROMETHEUS, scrape_seconds={"usual": 0.051}))
    assert (
        "usual] would be scraped every 250 ms, the least is 5 times the 51 ms that one scrape takes" in text
    )
    SIXTY.prometheus(PROMETHEUS, scrape_seconds={"usual": 0.05})


def test_an_injected_delay_of_more_than_half_of_a_window_is_refused() -> None:
    text = refusal(lambda: SIXTY.refuse_long_delay(2.51, "5m", "slow.yaml:4, delay"))
    assert "a delay of 2.51 s is more than half of 5m, which lasts 5 s" in text
    assert "slow.yaml:4, delay" in text
    SIXTY.refuse_long_delay(2.5, "5m", "slow.yaml:4, delay")


def test_zero_is_a_duration() -> None:
    assert parse_milliseconds(SIXTY.duration("0")) == 0
