"""Each mistake of an expression beside its harmless neighbour."""

from __future__ import annotations

import pytest

from promproof.config.promql import parse
from promproof.promql.mistakes import mistakes, of_alert, of_label, of_record, of_text

pytestmark = pytest.mark.unit
DOWN = 'up{job="a"} == 0 or absent(up{job="a"})'
BUCKETS = "rate(a_seconds_bucket[5m])"


@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        ("rule/quantile-range", f"histogram_quantile(95, sum by (le) ({BUCKETS}))"),
        ("rule/quantile-range", "quantile(95, up)"),
        ("rule/le-dropped", f"histogram_quantile(0.9, sum by (job) ({BUCKETS}))"),
        ("rule/le-dropped", f"histogram_quantile(0.9, sum without (le) ({BUCKETS}))"),
        ("rule/sum-of-quantiles", f"avg(histogram_quantile(0.9, {BUCKETS}))"),
        ("rule/contradicting-matchers", 'a{code="200",code=~"5.."}'),
        ("rule/contradicting-matchers", 'a{code="200",code!="200"}'),
        ("rule/contradicting-matchers", "sum(rate(a_total{integration!~`.*`}[5m])) > 1"),
        ("rule/divided-by-itself", "sum(rate(a[5m])) / sum(rate(a[5m]))"),
        ("rule/series-by-itself", 'rate(a{code=~"5.."}[5m]) / rate(a[5m])'),
        ("rule/series-by-itself", 'rate(a{code=~"5.."}[5m]) / (rate(a[5m]) + 0.001)'),
        ("rule/series-by-itself", 'rate(a{code=~"5.."}[5m]) / clamp_min(rate(a[5m]), 1)'),
        ("rule/many-to-many", 'rate(a{code=~"5.."}[5m]) / on (job) rate(a[5m])'),
        ("rule/many-to-many", 'rate(a{code=~"5.."}[5m]) / on (job) sum by (job) (rate(a[5m]))'),
        ("rule/many-to-many", 'sum by (job) (rate(a{code=~"5.."}[5m])) / on (job) rate(a[5m])'),
        (
            "rule/many-to-many",
            'sum by (job) (rate(a{code="500"}[5m])) / on (job) rate(a{code=~"[0-9]+"}[5m])',
        ),
        ("rule/many-to-many", 'sum by (job) (b) < on (job) a{mode!="idle"}'),
        ("rule/rate-of-sum", "rate(sum(a)[5m:])"),
        ("rule/increase-by-rate", 'sum(increase(a{code=~"5.."}[5m])) / sum(rate(a[5m]))'),
        ("rule/increase-by-rate", "sum(rate(a_sum[5m])) / sum(increase(a_count[5m]))"),
    ],
)
def test_a_mistake_of_an_expression_is_found(kind: str, expression: str) -> None:
    assert [found.kind for found in mistakes(parse(expression))] == [kind]


@pytest.mark.parametrize(
    "expression",
    [
        f"histogram_quantile(0.95, sum by (le) ({BUCKETS}))",
        f"histogram_quantile(0.95, sum without (job) ({BUCKETS}))",
        "histogram_quantile(0.95, sum(rate(a_seconds[5m])))",
        "quantile(1, up)",
        f"max(histogram_quantile(0.9, {BUCKETS}))",
        'a{code=~"2..",code!="204"}',
        'sum(rate(a{code=~"5.."}[5m])) / sum(rate(a[5m]))',
        'rate(a{code=~"5.."}[5m]) / on (job) group_left () sum by (job) (rate(a[5m]))',
        'rate(a{code=~"5.."}[5m]) / ignoring (code) sum without (code) (rate(a[5m]))',
        "a / a offset 1d",
        'rate(a{code="500"}[5m]) / on (job) sum by (job) (rate(a[5m]))',
        'sum by (job) (rate(a{code="500"}[5m])) / on (job) rate(a{code="200"}[5m])',
        'sum by (job) (rate(a{code=~"5.."}[5m])) / on (job) rate(b[5m])',
        'sum by (job) (rate(a{code=~".*"}[5m])) / on (job) rate(a[5m])',
        'sum by (job) (rate(a{shard="1"}[5m])) / on (job) rate(a[5m])',
        'sum by (job) (rate(a{code=~"5.."}[5m])) / on (job) group_right rate(a[5m])',
        'rate(a{job=~"x|y"}[5m]) / on (job) sum by (job) (rate(a[5m]))',
        '(a{phase=~"x|y"} == 1) * on (job) sum by (job) (a)',
        'a{code=~"5.."} and on (job) sum by (job) (a)',
        "increase(a[5m:1m])",
        "sum(increase(a_sum[5m])) / sum(increase(a_count[5m]))",
        "sum(increase(a[5m])) / (300 * sum(rate(a[5m])))",
        "sum(increase(queued_total[5m])) / sum(rate(done_total[5m]))",
    ],
)
def test_the_harmless_neighbour_of_a_mistake_has_none(expression: str) -> None:
    assert not list(mistakes(parse(expression)))


@pytest.mark.parametrize(
    ("kind", "expression"),
    [
        ("rule/never-fires", "count(up == 1) == 0"),
        ("rule/never-fires", "count_over_time(a[5m]) < 1"),
        ("rule/never-fires", "absent(a) == 0"),
        ("rule/never-fires", "sum(a == 0) > 0"),
        ("rule/never-fires", "rate(a[5m]) < 0"),
        ("rule/never-fires", "5 < (sum(rate(a{c='5'}[5m])) / sum(rate(a[5m])))"),
        ("rule/never-fires", "a > 10 and a < 5"),
        ("rule/never-fires", "sum(a) >= 5 and 5 > sum(a)"),
        ("rule/never-fires", "a == 1 and (a == 2)"),
        ("rule/always-fires", "a > bool 5"),
        ("rule/always-fires", "(a > 5) or vector(0)"),
        ("rule/always-fires", "sum(rate(a[5m])) >= 0"),
        ("rule/always-fires", "count(up) >= 0"),
        ("rule/always-fires", "-1 < count by (job) (a == 1)"),
        ("rule/always-fires", "b > 5 or rate(a[5m]) >= 0"),
        ("rule/always-fires", "(sum(rate(a[5m])) or vector(0)) > -1"),
        ("rule/always-fires", "sum(rate(a{code='500'}[5m])) / sum(rate(a[5m])) <= 1"),
        ("rule/irate-in-alert", "irate(a[5m]) > 1"),
        ("rule/series-by-itself", 'rate(a{code=~"5.."}[5m]) > rate(a[5m]) * 0.3'),
    ],
)
def test_a_condition_that_is_always_or_never_true_is_found(kind: str, expression: str) -> None:
    assert [found.kind for found in of_alert(parse(expression))] == [kind]


@pytest.mark.parametrize(
    "expression",
    [
        "count(up == 0) > 0",
        "a > 5 and a < 10",
        "a >= 5 and a <= 5",
        "a > 10 and on (job) a < 5",
        "a > 10 and a offset 5m < 5",
        "a > 10 and a != 12",
        "a > 10 unless a < 5",
        "absent(a) == 1",
        "sum(up) == 0",
        "(a > bool 5) == 1",
        "(sum(rate(a[5m])) or vector(0)) > 5",
        "delta(a[5m]) < 0",
        "100 * sum(rate(a{c='5'}[5m])) / sum(rate(a[5m])) > 5",
        "vector(1)",
        "count(a) >= 1",
        "count(a) != 0",
        "count(a) >= 0 and b > 5",
        "vector(1) >= 0",
        "absent(a) > 0",
        "rate(a[5m]) >= 0 and b > 5",
        "rate(a[5m]) > 0",
        "a >= 0",
        'rate(a{code=~"5.."}[5m]) > 0.3 * rate(a[1h])',
        'rate(a{code=~"5.."}[5m]) > ignoring (code) group_left () 0.3 * sum without (code) (rate(a[5m]))',
        "a > 5 and on (job) count by (job) (b) > 1",
    ],
)
def test_a_condition_that_can_be_true_and_false_is_no_mistake(expression: str) -> None:
    assert not list(of_alert(parse(expression)))


@pytest.mark.parametrize(
    ("kind", "expression", "template"),
    [
        ("rule/label-lost", "sum(a) > 1", "{{ $labels.instance }}"),
        ("rule/label-lost", "sum by (job) (a) > 1", '{{ index $labels "pod" }}'),
        ("rule/label-lost", 'absent(up{job=~"a.*"})', "{{ .Labels.job }}"),
        ("rule/label-lost", "sum(a) > 1", "{{ range query `b` }}{{ $labels.pod }}{{ end }}"),
        ("rule/label-lost", "sum(a) > 1", "{{ range query `b` }}{{ . }}{{ end }}{{ .Labels.pod }}"),
        ("rule/label-lost", "sum(a) > 1", "{{ with query `b` }}{{ . }}{{ else }}{{ .Labels.pod }}{{ end }}"),
        ("rule/label-lost", DOWN, "{{ $labels.instance }} of {{ $labels.job }} is down"),
        (
            "rule/label-lost",
            DOWN,
            "{{ if not $labels.instance }}{{ $labels.instance }}{{ else }}none{{ end }}",
        ),
        ("rule/label-lost", DOWN, "{{ if $labels.instance }}{{ $labels.instance }} is down{{ end }}"),
        ("rule/label-lost", DOWN, "{{ if $labels.instance }}it is down{{ else }}{{ end }}"),
        ("rule/template-error", "a > 1", "{{ $label.instance }}"),
        ("rule/template-error", "a > 1", "{{ $value | humanise }}"),
        ("rule/template-error", "a > 1", "{{ $value "),
        ("rule/template-error", "a > 1", "{{ if $value }}high"),
    ],
)
def test_a_mistake_of_a_template_is_found(kind: str, expression: str, template: str) -> None:
    assert [found.kind for found in of_text(parse(expression), template)] == [kind]


@pytest.mark.parametrize(
    ("expression", "template"),
    [
        (
            DOWN,
            "{{ if $labels.instance }}{{ $labels.instance }} is down{{ else }}{{ $labels.job }} is gone{{ end }}",
        ),
        (DOWN, "{{ $labels.job }} is down{{ if $labels.instance }}: {{ $labels.instance }}{{ end }}"),
        (DOWN, "{{ with $labels.instance }}{{ . }}{{ end }}{{ $labels.instance }}"),
        (DOWN, "{{ $labels.job }} ({{ $labels.instance }}) is down"),
        (DOWN, ""),
        ("up == 0 or a == 1", "{{ $labels.instance }}"),
        ("sum by (job) (a) > 1", "{{ $labels.job }}"),
        ('absent(up{job="a"})', "{{ $labels.job }}"),
        ("sum(a) > 1", "{{ if $labels.pod }}{{ $labels.pod }}{{ end }}"),
        ("sum(a) > 1", "{{ range query `b` }}{{ .Labels.pod }} on {{ .Labels.node }}{{ end }}"),
        ("sum(a) > 1", "{{ with query `b` | first }}{{ if .Value }}{{ .Labels.pod }}{{ end }}{{ end }}"),
        ("sum(a) > 1 or b > 1", "{{ $labels.instance }}"),
        ('label_replace(sum(a), "pod", "x", "", "") > 1', "{{ $labels.pod }}"),
        ("sum by (job) (a) * on (job) group_left (team) b > 1", "{{ $labels.team }}"),
        ("a > 1", '{{ $x := printf "%.2f" $value }}{{ $x }} {{/* $note */}}'),
        ("a > 1", '{{ with query "up{job=\\"a\\"}" }}{{ . | first | value | humanize }}{{ end }}'),
    ],
)
def test_a_template_that_works_has_no_mistake(expression: str, template: str) -> None:
    assert not list(of_text(parse(expression), template))


def test_the_value_in_a_label_is_found_and_a_choice_by_the_value_is_not() -> None:
    root = parse("a > 1")
    assert [found.kind for found in of_label(root, "{{ $value }}")] == ["rule/value-in-label"]
    assert not list(of_label(root, "{{ if gt $value 90.0 }}page{{ else }}ticket{{ end }}"))


def test_a_value_that_is_always_the_same_may_stand_in_a_label() -> None:
    assert not list(of_label(parse("up == 0"), "{{ $value }}"))


def test_a_recorded_name_with_another_window_is_found() -> None:
    root = parse("sum(rate(a[1m]))")
    assert [found.kind for found in of_record("job:a:rate5m", root)] == ["rule/recorded-window"]
    assert not list(of_record("job:a:rate1m", root))
    assert not list(of_record("job:a:sum", root))
