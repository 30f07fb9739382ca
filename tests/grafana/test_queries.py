"""Which uses of metrics are mistakes whatever the data are, and the writings beside them that are right."""

from __future__ import annotations

import pytest

from promproof.grafana.queries import is_total, uses

pytestmark = pytest.mark.unit
BUCKETS = "route:kiosk_order_seconds_bucket:rate2m"


def kinds(expression: str, types: dict[str, str] | None = None) -> list[str]:
    return [use.kind for use in uses(expression, (types or {}).get)]


@pytest.mark.parametrize(
    "expression",
    [
        "increase(kiosk_orders_total[5m:])",
        "sum(increase((kiosk_orders_total)[5m:] offset 1m))",
        f"histogram_quantile(0.95, sum by (le) ({BUCKETS}))",
        "histogram_quantile(0.95, sum(rate(kiosk_order_seconds[5m])))",
        "histogram_quantile(0.95, sum by (job) (rate(kiosk_order_seconds[5m])))",
        "count(kiosk_up == 0) or vector(0)",
        'sum(ALERTS{alertstate="firing"}) or vector(0)',
        "count(label_replace(kiosk_orders_total, 'a', '$1', 'b', '(.*)'))",
        "count(sum by (job) (kiosk_orders_total))",
        "kiosk_orders_total - kiosk_orders_total offset 5m",
        "sum(max_over_time(kiosk_orders_total[1h]) - min_over_time(kiosk_orders_total[1h]))",
        "sum(increase(kiosk_orders_total[5m]))",
        "max_over_time(sum(kiosk_open)[5m:])",
        "increase(sum(rate(kiosk_orders_total[5m]))[1h:])",
    ],
)
def test_a_right_writing_is_no_finding(expression: str) -> None:
    assert kinds(expression) == []


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("sum(kiosk_orders_total)", "counter-level"),
        ("kiosk_orders_total - kiosk_refunds_total", "counter-level"),
        ("histogram_quantile(0.95, sum(rate(kiosk_seconds_bucket[5m])))", "le-dropped"),
        (f"histogram_quantile(0.95, sum by (job) ({BUCKETS}))", "le-dropped"),
        ("histogram_quantile(0.95, rate(kiosk_seconds_count[5m]))", "quantile-of-no-bucket"),
        ("histogram_quantile(95, rate(kiosk_seconds_bucket[5m]))", "quantile-range"),
        ("sum(rate(kiosk_orders_total[5m])) or vector(0)", "constant-fallback"),
        ("rate(sum(kiosk_orders_total)[5m:])", "rate-of-sum"),
        ("increase(sum by (job) (kiosk_seconds_count)[5m:])", "rate-of-sum"),
    ],
)
def test_a_wrong_writing_is_a_finding(expression: str, kind: str) -> None:
    assert kind in kinds(expression)


def test_the_rate_of_a_gauge_needs_its_type() -> None:
    assert kinds("rate(kiosk_open[5m])") == []
    assert kinds("rate(kiosk_open[5m])", {"kiosk_open": "gauge"}) == ["rate-of-gauge"]


@pytest.mark.parametrize(
    ("expression", "total"),
    [
        ("sum(increase(a_total[5m]))", True),
        ("increase(a_total[5m]) > 0", True),
        ("irate(a_total[5m]) and increase(a_total[5m]) > 0", False),
        ("increase(a_total[5m]) / 300", False),
        ("increase(a_total[5m]) * 0.0033", False),
        ("count(increase(a_total[5m]) > 0)", False),
    ],
)
def test_a_total_is_told_from_a_rate(expression: str, total: bool) -> None:
    assert is_total(expression) is total
