"""Values that are printed in a wrong unit, and numbers of a text that the rule does not have."""

from __future__ import annotations

import pytest

from promproof.config.promql import parse
from promproof.promql.prints import misprints, wrong_numbers
from promproof.promql.shares import share

pytestmark = pytest.mark.unit
P95 = "histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m])))"
IDLE = "1 - sum(rate(n_cpu_seconds_total{mode='idle'}[5m])) / sum(rate(n_cpu_seconds_total[5m]))"
FAILED = "sum(rate(a_runs_total{status='failed'}[5m])) / sum(rate(a_runs_total[5m]))"
FREE = "n_memory_MemAvailable_bytes / n_memory_MemTotal_bytes"
FULL = "predict_linear(n_avail_bytes[6h], 86400)"
ERRORS = "sum(rate(a_errors_total[5m])) / sum(rate(a_requests_total[5m]))"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"{ERRORS} > 0.1", "ratio"),
        (f"100 * {ERRORS} > 5", "percent"),
        (f"(1 - {ERRORS}) * 100 < 99", "percent"),
        ("(a_bytes - b_bytes) / a_bytes > 0.9", "ratio"),
        ("avg_over_time((a_bytes / b_bytes)[5m:]) > 0.9", "ratio"),
        ("1 - avg(rate(a_seconds_total{mode='idle'}[5m])) > 0.9", "ratio"),
        ("100 - avg by (instance) (rate(a_seconds_total{mode='idle'}[5m])) * 100 > 80", "percent"),
        ("rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m]) > 1", ""),
        ("rate(a_duration_ms_total[5m]) / rate(a_requests_total[5m]) > 1", ""),
        ("a_bytes / 1024 / 1024 > 5", ""),
        ("a_bytes / count(b_bytes) > 5", ""),
        ("rate(a_bytes[5m]) / b_bytes > 5", ""),
        ("a_bytes * 8 / b_bytes > 5", ""),
        (f"{ERRORS} > bool 0.1", ""),
        ("a / b > 0.5", ""),
    ],
)
def test_a_share_is_known_by_how_it_is_computed(expression: str, expected: str) -> None:
    assert share(parse(expression)) == expected


@pytest.mark.parametrize(
    ("expression", "template"),
    [
        (f"{ERRORS} > 0.1", "{{ $value }}%"),
        (f"{ERRORS} > 0.1", '{{ printf "%.2f" $value }} % fail'),
        (f"100 * {ERRORS} > 5", "{{ $value | humanizePercentage }}"),
        (f"{ERRORS} > 0.1", "{{ $value | humanizePercentage }}%"),
        (f"{ERRORS} > 0.1", "{{ $value | humanizeDuration }}"),
        ("a_seconds > 1", "{{ $value }}ms"),
        ("a_seconds > 1", "{{ $value | humanizeDuration }} seconds"),
        ("a_seconds > 1", "{{ $value | humanizePercentage }}"),
        ("a_bytes > 1", "{{ $value }} MB"),
        ("a_bytes > 1", "{{ $value | humanizeDuration }}"),
        ("rate(cost_total[1h]) > 10", "${{ $value }}/hour"),
        ("sum(rate(a_total[5m])) > 10", "{{ $value | humanize }} requests per minute"),
        ("rate(a_total[5m]) > 10", "exceeded {{ $value }} times in the last 5 minutes"),
        ("sum by (job) (rate(a_total[5m])) > 10", "{{ $value }} failed logins over the last 5m"),
        ("increase(a_total[5m]) > 10", "{{ $value }} req/s"),
        ("a_errors_total > 10", "{{ $value }} dashboard errors in the last 10 minutes"),
        (
            "rate(http_requests_total{code=~'5..'}[5m]) > 0.05",
            "Error rate is {{ $value | humanizePercentage }}",
        ),
        ("100 - avg(rate(a_seconds_total{mode='idle'}[5m])) * 100 > 80", "{{ $value | humanizePercentage }}"),
        ("avg(a_milliseconds) > 500", "{{ $value | humanizeDuration }}"),
        ("a_seconds > 500", "{{ $value | humanize1024 }}B"),
        ("1 - avg(rate(a_seconds_total{mode='idle'}[5m])) > 0.8", "CPU at {{ $value }}%"),
        ("time() - a > 86400", "{{ $value | humanize1024 }} old"),
        ("time() - a > 86400", "{{ $value | humanizePercentage }}"),
        ("a - time() < 86400", "{{ $value | humanize1024 }}B"),
        ("(a - time()) / 86400 < 30", "ends in {{ $value | humanizeDuration }}"),
        ("(time() - a) / (60 * 60) > 30", "{{ $value | humanizeDuration }}"),
        ("(time() - a) / 60 / 60 > 30", "{{ $value | humanizeDuration }}"),
        ("a_seconds / 60 > 30", "{{ $value | humanizeDuration }}"),
        ("a_seconds > 1", "{{ $value | humanize }} ms"),
        ("sum(rate(a_total[5m])) > 0", "{{ printf `%.2f` $value }} of them"),
        ("a / b > 0.001", '{{ $value | printf "%.2f" }} of them'),
    ],
)
def test_a_value_printed_in_a_wrong_unit_is_found(expression: str, template: str) -> None:
    assert len(list(misprints(parse(expression), template))) == 1


@pytest.mark.parametrize(
    ("expression", "template"),
    [
        (f"{ERRORS} > 0.1", "{{ $value | humanizePercentage }} of them"),
        (f"{ERRORS} > 5", "{{ $value }}%"),
        (f"100 * {ERRORS} > 5", "{{ $value | humanize }}%"),
        (f"100 * {ERRORS} > 5", '{{ $value | printf "%.1f" }}%'),
        ("a_seconds > 1", "{{ $value | humanizeDuration }}"),
        ("a_milliseconds > 1", "{{ $value }} ms"),
        ("a_milliseconds / 1000 > 1", "{{ $value | humanizeDuration }}"),
        ("a_milliseconds > 1", "{{ div $value 1000 | humanizeDuration }}"),
        ("a_seconds > 1", "{{ $value }}s"),
        ("a_bytes > 1", "{{ $value | humanize1024 }}B"),
        ("a_bytes / 1024 > 1", "{{ $value }} KB"),
        ("a > 1", "{{ $value }}%"),
        ("rate(a_total[5m]) > 10", "{{ $value }} requests per second over the last 5 minutes"),
        ("rate(a_total[5m]) > 10", "the rate is {{ $value }} over the last 5 minutes"),
        ("rate(a_total[5m]) * 60 > 10", "{{ $value }} requests per minute"),
        ("increase(a_total[1h]) > 10", "{{ $value }} errors in the last hour"),
        ("increase(a_total[1m]) > 10", "{{ $value }} errors per minute"),
        ("rate(process_cpu_seconds_total[5m]) > 0.8", "{{ $value | humanizePercentage }}"),
        ("a_sessions > 10", "{{ $value }} users in the last 10 minutes"),
        ("rate(a_usage_total[5m]) > 0.8", "{{ $value | humanizePercentage }}"),
        ("rate(a_total[5m]) > 10", "{{ $value }} req/s, {{ $value }} /metrics"),
        ("time() - a > 86400", "{{ $value | humanizeDuration }} ago"),
        ("time() - a > 86400", "{{ $value | humanize }}"),
        ("(a - time()) / 86400 < 30", "ends in {{ $value | humanize }} days"),
        ("(a - time()) / 86400 < 30", "{{ mul $value 86400 | humanizeDuration }}"),
        ("a / 86400 < 30", "{{ $value | humanizeDuration }}"),
        ("a - b > 10", "{{ $value | humanize1024 }}B"),
        ("a_milliseconds > 1", "{{ $value | humanize }} ms"),
        ("sum(rate(a_total[5m])) > 0", "{{ printf `%.2g` $value }} of them"),
        ("sum(rate(a_total[5m])) > 0", "{{ printf `%.3f` $value }} of them"),
        ("sum(increase(a_total[5m])) > 0", "{{ printf `%.0f` $value }} of them"),
        ("a > 0.5", "{{ printf `%.0f` $value }} of them"),
        ("a / b < 0.001", '{{ $value | printf "%.2f" }} of them'),
        ("a / b > 0.05", '{{ $value | printf "%.2f" }} of them'),
    ],
)
def test_a_value_printed_in_its_unit_is_no_mistake(expression: str, template: str) -> None:
    assert not list(misprints(parse(expression), template))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("cpu > 90", "CPU is above 80%"),
        ("cpu > 90", "CPU usage > 80%"),
        ("free < 10", "less is free (<15%)"),
        (f"{ERRORS} > 0.05", "more than 1% fail"),
        ("free < 10 and size > 5", "below 20 percent are free"),
        ("up == 0", "down for more than 10 minutes"),
        ("a_seconds > 5", "slower than 2s"),
        ("a_seconds > 0.5", "it takes more than 250 ms"),
        (f"{P95} > 1", "the 99th percentile is too high"),
        ('sum(rate(a_total{status=~"5.."}[5m])) > 1', "too many 4xx"),
        ("increase(a_total[1h]) > 5", "of the last day"),
        ("a:errors:ratio_rate6h > 5", "the requests of the last two hours"),
        ('sum(rate(a_total{code="4xx"}[5m])) > 1', "answers with a 5xx status"),
        (f"{P95} > 1", "p99 latency"),
        ("quantile_over_time(0.5, a[5m]) > 1", "P95 of a"),
        ("quantile by (job) (0.9, a) > 1", "the 95th percentile of a"),
        (f"{P95} > 1", "the median is too high"),
        (f"{P95} > 1", "the average response time"),
        (
            f"{IDLE} > 0.8",
            "{{ $value | humanizePercentage }} of the CPU time of {{ $labels.instance }} is idle",
        ),
        (f"{FREE} < 0.1", "{{ $value | humanizePercentage }} of the memory is in use"),
        (f"100 * (1 - {FREE}) > 90", "{{ $value }}% available"),
        (f"{FULL} < 0", "it is full within an hour"),
        (f"{FULL} < 0", "at the rate of the last day"),
        (f"{FULL} < 0", "at the rate of the last five minutes"),
        (
            "a:e:ratio_rate1h > 5 and a:e:ratio_rate30m > 5",
            "{{ $value }} of the requests of the last 30 minutes",
        ),
        (f"{FULL} < 0", "it is expected to fill up in four hours"),
        ('up{job="a"} == 0 or absent(up{job="a"})', "{{ $labels.job }} is up"),
        ("a:ratio > 0.0144", "{{ $value | humanizePercentage }} of the budget (threshold: 14.4%)"),
        (
            f"{FAILED} > 0.1",
            "{{ $value | humanizePercentage }} of the executions of {{ $labels.id }} succeed",
        ),
        ("vector(1)", "This alert never fires"),
    ],
)
def test_a_number_that_the_rule_does_not_have_is_found_in_a_text(expression: str, text: str) -> None:
    assert len(list(wrong_numbers(parse(expression), (text,), 300, 60))) == 1


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("cpu > 90", "CPU is above 90%"),
        ("cpu > 90", "CPU usage > 90%"),
        ("cpu > 90", "CPU is high: warning >80%, critical >90%"),
        ("cpu > 90", "CPU -> 80%"),
        ('health{name="DISK_LOW"} == 1', "nearly full (>70% is the default)"),
        ("probe_success < 1", "availability < 99%"),
        ("idle < 10", "CPU is above 90%"),
        (f"{ERRORS} > 0.05", "more than 5% fail"),
        ("rate(gc_ms[5m]) > 100", "more than 10% of the time"),
        ("burn > 14.4 * 0.001", "more than 2% fail"),
        ("burn > 14.4", "more than 2% of the error budget are gone"),
        ("predict_linear(free[1h], 3600) < 0", "less than 10% are left"),
        ("a > b", "above 80%"),
        ("rate(a[10m]) > 1", "for 10 minutes, for 15 minutes, for 5m"),
        ("time() - a > 86400", "for more than 1 day"),
        ("a_seconds > 5", "slower than 5s"),
        ("a_seconds > 3600", "longer than 1 hour; rebuild it at more than 2 hours"),
        ("a_seconds > 0.5", "more than 500ms"),
        ("a_seconds > 5", "slower than 5s for more than 5 minutes"),
        ("a_age_seconds > 7200", "older backups than 2h, more than 2 hours"),
        ("a > 5", "slower than 2s"),
        ("a_seconds > 5", "more than 3 m/s"),
        (f"{P95} > 1", "the 95th percentile, p95 of a P100; the median is well"),
        (f"{P95} > 1", "p50 is well, p95 is not"),
        ('sum(rate(a_total{status=~"5.."}[5m])) > 1', "5xx, not 4xx"),
        ("increase(a_total[1h]) > 5", "of the last hour, over the past 60 minutes, in the last 5 minutes"),
        ("a:errors:ratio_rate6h > 5", "the requests of the last six hours"),
        ("a:e:ratio_rate1h > 5 and a:e:ratio_rate30m > 5", "{{ $value }} of the requests of the last hour"),
        (
            "a:e:ratio_rate1h > 5 and a:e:ratio_rate5m > 5",
            "it still fails in the last five minutes: {{ $value }}",
        ),
        (
            "a:e:ratio_rate1h > 5 and a:e:ratio_rate5m > 5",
            "{{ $value }} of the requests of the last hour, and of the last 5 minutes",
        ),
        ("a:errors:sum > 5", "of the last day"),
        ("a > 5", "over the last day"),
        ('sum(rate(a_total{status=~"[45].."}[5m])) > 1', "4xx"),
        ('1 - sum(rate(a_total{status=~"2.."}[5m])) / sum(rate(a_total[5m])) > 0.1', "5xx"),
        ('sum(rate(a_total{status!~"[123].."}[5m])) > 1', "4xx and 5xx"),
        ('sum(rate(a_total{handler="5xx"}[5m])) > 1', "4xx"),
        ("histogram_quantile(0.999, a_bucket) > 1", "p999"),
        ("a:p99 > 1", "the 99th percentile"),
        ("quantile(scalar(wanted), a) > 1", "the 99th percentile"),
        ("a_seconds > 1", "p99 latency"),
        ("histogram_quantile(0.5, a_bucket) > 1", "the median, the average of most"),
        (f"{P95} > 1", "the 95th percentile, not the average"),
        (f"{IDLE} > 0.8", "{{ $value | humanizePercentage }} of the CPU time is not idle"),
        (f"{IDLE} > 0.8", "{{ $value | humanizePercentage }} of the CPU time is in use. Little is idle"),
        (f"{IDLE} > 0.8", "under 20% idle: {{ $value | humanizePercentage }}"),
        (f"{FREE} < 0.1", "{{ $value | humanizePercentage }} of the memory is left"),
        ("a / b > 0.1", "{{ $value | humanizePercentage }} is in use"),
        (f"{FULL} < 0", "it is full within a day, within the next 24 hours, or in an hour"),
        (f"{FULL} < 0", "at the rate of the last six hours"),
        (f"{FAILED} > 0.1", "{{ $value | humanizePercentage }} of the executions do not succeed"),
        (f"{FAILED} > 0.1", "{{ $value | humanizePercentage }} fail. The others succeed"),
        (f"1 - {FAILED} < 0.9", "{{ $value | humanizePercentage }} of the executions succeed"),
        ("vector(1)", "This alert always fires"),
        ("a > 1", "This alert never fires at night"),
        ("a > 5", "it is full within an hour"),
        ("up == 0", "{{ $labels.job }} is not up"),
        ("up == 1", "{{ $labels.job }} is up"),
        ("a:ratio > 0.0144", "{{ $value | humanizePercentage }} of the budget (threshold: 1.44%)"),
        ("a:ratio < 0.999", "{{ $value | humanizePercentage }} are well (threshold: 0.1%)"),
    ],
)
def test_a_number_that_may_come_from_the_rule_is_no_mistake(expression: str, text: str) -> None:
    assert not list(wrong_numbers(parse(expression), (text,), 300, 60))


def test_a_time_in_the_text_of_an_alert_without_for_is_not_judged() -> None:
    assert not list(wrong_numbers(parse("up == 0"), ("down for 10 minutes",), 0, 60))
