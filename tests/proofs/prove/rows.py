"""Alerts by the kind of their expression, with what is to be said of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RECORDINGS: list[Mapping[str, Any]] = [
    {
        "record": "job:errors:ratio",
        "expr": 'sum by (job) (rate(e_total{c=~"5.."}[2m])) / sum by (job) (rate(e_total[2m]))',
    },
    {"record": "job:twice", "expr": "2 * job:errors:ratio"},
    {"record": "is_weekend", "expr": "vector(1) and (day_of_week() == 0 or day_of_week() == 6) or vector(0)"},
    {"record": "office_hours", "expr": "vector(1) and hour() > 7 and hour() < 17 or vector(0)"},
    {"record": "well", "expr": "count(b == 1)"},
    {"record": "busy", "expr": "b > 3"},
    {"record": "near", "expr": "(b - c) < 64"},
    {"record": "tiered", "expr": "sum by (job) (b)", "labels": {"tier": "front"}},
]
FLIPS = {
    "a label that its recording rule adds": ('tiered{tier="front",instance=""} > 5', "> 5"),
    "just above what is recorded": ("busy < 4", "< 4"),
    "none of what is recorded": ("absent(near)", "no series"),
    "recorded elsewhere, without what a scrape adds": (
        "svc:x:rate5m > 2 * sum by (service) (y)",
        "> other side",
    ),
    "joins that two selectors of a metric would refuse": (
        'b * on (job) max by (job) (a{k!="w",s=~"y.*"}) * on (job) max without (s) (a{s=~"x.*"})',
        "any series",
    ),
    "averages of subqueries that end between their steps": (
        "1 - avg_over_time(sum by (job) (a)[1d:30m]) / avg_over_time(sum by (job) (a)[3h:30m]) > (15 / 100)",
        "> 0.15",
    ),
    "an age in milliseconds": ("(timestamp(a) - a / 1000) > 7200", "> 7200"),
    "an age by a clock in milliseconds": ("(time() * 1000 - a) / 1000 > 60", "> 60"),
    "an age in nanoseconds, of days": ("time() - a / 1000000000 > 1209600", "> 1.2096e+06"),
    "older than a moment ago": ("a < time() - 86400", "< other side"),
    "a rate and half of what it was": (
        "rate(a_total[1h]) < 0.5 * rate(a_total[1h] offset 1d)",
        "< other side",
    ),
    "only what another silences": ("a unless on (instance) b > 0", "> 0"),
    "a sign": ("sgn(a) == -1", "== -1"),
    "an age by the clock as a vector": ("vector(time()) - on () max(a) > 86400", "> 86400"),
    "gauge": ("a > 5", "> 5"),
    "gauge below": ("a < 0.25", "< 0.25"),
    "at least": ("a >= 100", ">= 100"),
    "a state": ("a == 2", "== 2"),
    "not a state": ("a != 1", "!= 1"),
    "number on the left": ("5 < a", "> 5"),
    "rate": ("rate(a_total[5m]) > 0.5", "> 0.5"),
    "increase": ("increase(a_total[5m]) > 10", "> 10"),
    "delta that falls": ("delta(a[5m]) < -3", "< -3"),
    "deriv": ("deriv(a[5m]) > 0.2", "> 0.2"),
    "predict": ("predict_linear(a[1h], 4 * 3600) < 0", "< 0"),
    "changes": ("changes(a[5m]) > 3", "> 3"),
    "resets": ("resets(a[5m]) > 2", "> 2"),
    "average over time": ("avg_over_time(a[10m]) < 0.9", "< 0.9"),
    "quantile over time": ("quantile_over_time(0.9, a[5m]) > 7", "> 7"),
    "share of itself": ('sum(rate(a_total{code=~"5.."}[5m])) / sum(rate(a_total[5m])) > 0.05', "> 0.05"),
    "share with traffic": (
        'sum(rate(a_total{code=~"5.."}[5m])) / sum(rate(a_total[5m])) > 0.05 and sum(rate(a_total[5m])) > 1',
        "> 0.05",
    ),
    "what is left": ("1 - free / total > 0.85", "> 0.85"),
    "a share of a whole that is there": (
        'sum(rate(a_total{code="500"}[5m])) / (sum(rate(a_total[5m])) > 0) > 0.2',
        "> 0.2",
    ),
    "percent": ("100 * used / (used + free) > 90", "> 90"),
    "classic histogram": ("histogram_quantile(0.99, sum by (le) (rate(d_bucket[5m]))) > 0.5", "> 0.5"),
    "bucket share": ('1 - sum(rate(d_bucket{le="0.5"}[5m])) / sum(rate(d_count[5m])) > 0.01', "> 0.01"),
    "count of series": ("count(a) > 2", "> 2"),
    "share of series": ("count(a == 0) / count(a) > 0.5", "> 0.5"),
    "share of series that are well": ("(1 - count(a == 0) / count(a)) > 0.9", "> 0.9"),
    "a large share of series that are well": ("100 * (1 - count(a == 0) / count(a)) > 97", "> 97"),
    "bool": ("sum(a == bool 1) < 2", "< 2"),
    "average by": ("avg by (job) (a) > 3", "> 3"),
    "top": ("topk(1, a) > 3", "> 3"),
    "info metric": ("a * on (instance) group_left (version) info > 3", "> 3"),
    "without": ("sum without (cpu) (a) / b > 2", "> 2"),
    "unless": ("a > 5 unless on (instance) b == 1", "> 5"),
    "down or no longer scraped": ("a == 0 or (time() - timestamp(a)) > 240", "== 0"),
    "a quantile of buckets under another name": (
        "histogram_quantile(0.9, sum by (le) (rate(latency[5m]))) > 0.5",
        "> 0.5",
    ),
    "a sum of a subquery whose steps do not end now": (
        "sum_over_time(a[1h:5m]) < 100 and on () (hour() > 10 and hour() < 14)",
        "< 100",
    ),
    "offset": ("a - a offset 1h > 5", "> 5"),
    "fewer series than before": ("count(a) < count(a offset 1h)", "< other side"),
    "a share of what was": (
        "sum(rate(a_total[5m])) < 0.5 * sum(rate(a_total[5m] offset 1d))",
        "< other side",
    ),
    "two windows of a rate": ("rate(a_total[5m]) > 3 * rate(a_total[1h])", "> other side"),
    "a counter that stands still": (
        "increase(a_total[1h]) == 0 and increase(a_total[1h] offset 1h) > 0",
        "== 0",
    ),
    "down, and was up": ("up == 0 and max_over_time(up[1h]) == 1", "== 0"),
    "a new series": ("a unless a offset 10m", "any series"),
    "a series that went": ("present_over_time(a[1h]) unless a", "any series"),
    "far from its average": ("(a - avg_over_time(a[1d])) / stddev_over_time(a[1d]) > 4", "> 4"),
    "a quantile that rose": (
        "histogram_quantile(0.9, sum by (le) (rate(d_bucket[5m]))) > 2 * "
        "histogram_quantile(0.9, sum by (le) (rate(d_bucket[5m] offset 1h)))",
        "> other side",
    ),
    "one that differs from the others": (
        "abs(a - on (job) group_left avg by (job) (a)) / on (job) group_left avg by (job) (a) > 0.3",
        "> 0.3",
    ),
    "a quantile with a label of another": (
        "histogram_quantile(0.9, sum by (instance, le) (rate(d_bucket[5m])) * on (instance) group_left (node) "
        "name_of_node) > 2",
        "> 2",
    ),
    "scrapes that were missed": ("count_over_time(a[10m]) < 20", "< 20"),
    "a value that swings": ("stddev_over_time(a[10m]) > 5", "> 5"),
    "age of a sample": ("timestamp(a) - a > 300", "> 300"),
    "a guard first": ("a > 0 and time() - a > 3600", "> 0"),
    "a volume that fills up": ("predict_linear(a[1d], 86400) < b", "< other side"),
    "subquery": ("max_over_time(rate(a_total[1m])[10m:1m]) > 2", "> 2"),
    "share of what is not good": (
        'sum(rate(a_total{code!="OK"}[5m])) / sum(rate(a_total[5m])) > 0.3',
        "> 0.3",
    ),
    "count that groups by instance": ("count by (instance) (a) > 10", "> 10"),
    "sum of two": ("sum(increase(a_total[5m])) + sum(increase(b_total[5m])) > 10", "> 10"),
    "sides of one metric that a value parts": (
        "(a and on (instance) k == 1) - on (e) group_right () (a and on (instance) k == 0) > 1000",
        "> 1000",
    ),
    "any of three": ("increase(a_total[5m]) + increase(b_total[5m]) + increase(c_total[5m]) > 0", "> 0"),
    "rounded": ("round(increase(a_total[5m])) > 3", "> 3"),
    "age of what has run": ("time() - (a > 0) > 10800", "> 10800"),
    "age": ("time() - a > 3600", "> 3600"),
    "what moved within a window": ("max_over_time(a[1h]) - min_over_time(a[1h]) >= 3", ">= 3"),
    "a high quantile beside the middle": (
        "quantile_over_time(0.9, a[1h]) - quantile_over_time(0.5, a[1h]) > 2",
        "> 2",
    ),
    "gone, though its target is up": (
        "max_over_time(a[1h]) unless on (job, instance) a unless on (job, instance) (up == 0)",
        "== 0",
    ),
    "but not while its target is down": ("a > 5 unless on (instance) up == 0", "> 5"),
    "but not in another mode": ("a > 5 unless on (instance) (b != 1)", "> 5"),
    "a quantile in bytes": (
        "histogram_quantile(0.99, sum by (le) (rate(d_bucket[5m]))) > 1073741824",
        "> 1.07374e+09",
    ),
    "part of a sum": ('sum(rate(a_total{code="500"}[5m])) > 0.3 * sum(rate(a_total[5m]))', "> other side"),
    "label replace": ('label_replace(a, "node", "$1", "instance", "(.*)") > 1', "> 1"),
    "clamp": ("clamp_min(a, 1) > 3", "> 3"),
    "scalar": ("a > scalar(sum(b)) + 1", "> other side"),
    "recorded": ("job:errors:ratio > 0.1", "> 0.1"),
    "recorded, of some": ('job:errors:ratio{job=~"shop|cart"} > 0.1', "> 0.1"),
    "a label taken from another": (
        'a > 60 and on (instance) label_replace(k, "instance", "$1", "node", "(.+)")',
        "> 60",
    ),
    "a level of some, a trend of all": (
        'a{fstype!="tmpfs"} / b < 0.15 and predict_linear(a[6h], 4 * 3600) < 0',
        "< 0.15",
    ),
    "recorded twice": ("job:twice > 0.1", "> 0.1"),
    "absent": ('absent(up{job="x"})', "no series"),
    "absent over time": ('absent_over_time(up{job="x"}[10m])', "no series"),
    "presence": ('a{name=~".*new.*"}', "any series"),
    "office hours": ("a > 5 and on () (hour() >= 8 < 18)", "> 5"),
    "but not at the weekend": (
        "a > 5 unless on () (day_of_week() == 6 or (day_of_week() == 0 and hour() < 23))",
        "> 5",
    ),
    "absent by day": ('absent(up{job="x"}) and on () (hour() > 6 < 20)', "no series"),
    "in December": ("a > 5 and on () month() == 12", "> 5"),
    "not in January": ("a > 4 unless on () (month() == 1 or day_of_month() < 3)", "> 4"),
    "always older": ("timestamp(a offset 1h) < time() - 600", "any series"),
    "in recorded hours": ("a > 3 and on () office_hours == 1", "> 3"),
    "absent, and a count that is never 0": ("count(a > time() - 90) < 1 or absent(a)", "no series"),
    "many series": ("count by (cluster) (a) > 32", "> 32"),
    "a label that differs": ("count(count by (job, hash) (a)) without (hash) > 1", "> 1"),
    "two values that differ": ('count by (job) (count_values by (job) ("hash", a)) >= 2', ">= 2"),
    "values that differ": ('count by (job) (count_values by (job) ("hash", a)) > 3', "> 3"),
    "a quantile of all that was": ("histogram_quantile(0.9, sum by (le) (d_bucket)) > 0.5", "> 0.5"),
    "growth beside size": (
        "100 * increase(a_total[10m]) / clamp_min(avg_over_time(a_total[10m]), 1) > 15",
        "> 15",
    ),
}
WITHOUT_COURSE = {
    "an hour": ("hour() > 22", "from Thursday 23:00 UTC"),
    "a weekday": ("day_of_week() == 6", "from Saturday 00:00 UTC"),
    "a recorded weekend": ("is_weekend == 1", "from Saturday 00:00 UTC"),
    "minutes": ("minute() >= 50 < 55", "from Thursday 00:50 UTC"),
    "a month": ("month() == 12", "from 1 December 00:00 UTC"),
    "the end of a month": ("day_of_month() >= days_in_month() - 1", "from 30 January 00:00 UTC"),
    "a moment that stays": ("a @ 300 > 5", "> 5"),
    "beside a moment that stays": ("a > 2 * a @ 600", "> other side"),
}
"""Nothing heals what the clock says, or what was at a moment that `@` names."""
DEAD = {
    "a label that its recording rule drops": ('job:errors:ratio{instance="x"} > 1', "leaves no `instance`"),
    "a label that its recording rule sets to another value": (
        'tiered{tier="back"} > 5',
        "sets `tier` to 'front', which",
    ),
    "a recorded count of none": ("well == 0", "never below 1"),
    "an average of a recorded count": ("avg_over_time(well[5m]) < 1", "never below 1"),
    "what is recorded above its limit alone": ("busy == 3", "never 3 or below"),
    "label on one side": ("sum by (instance) (a) / b > 1", "`job` is on the right side of / only"),
    "value on one side": (
        'a{s="hit"} / (a{s="hit"} + a{s="miss"}) > 1',
        "`s` is 'hit' on the left side of +",
    ),
    "no le": ("histogram_quantile(0.9, sum by (job) (rate(d_bucket[5m]))) > 1", "`le` is dropped"),
    "count of none": ("count(a) == 0", "never below 1"),
    "sum of zeros": ("sum(a == 0) > 0", "always 0"),
    "a percentage of a share": (
        'sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m])) > 5',
        "never above 1",
    ),
    "more than the whole": (
        "rate(a_total[5m]) / (rate(a_total[5m]) + rate(b_total[5m])) > 25",
        "never above 1",
    ),
    "a share of itself by group": (
        'sum by (code) (rate(a_total{code="500"}[5m])) / sum by (code) (rate(a_total[5m])) > 5',
        "always 1",
    ),
    "more than itself": ('rate(a_total{code="500"}[5m]) > rate(a_total[5m])', "compared with itself"),
    "an hour that is none": ("a > 1 and on () hour() > 23", "never above 23"),
    "a month that is none": ("a > 1 and on () month() == 13", "never above 12"),
    "a matcher that refuses all": ('a{s!~".*"} > 1', "no value of `s`"),
    "too old for a sample": ("timestamp(a) < time() - 600", "no sample older than 5m"),
    "an age that no calculation has": ("time() - timestamp(a > 5) > 1", "no sample older than 5m"),
    "two values": ('a{s="x",s="y"} > 1', "no value of `s`"),
}
CONTRADICTED = {
    "divided by itself": (
        'rate(a_total{code="500"}[5m]) / rate(a_total[5m]) > 0.1',
        "each series is divided by itself",
    ),
    "divided by itself in groups": (
        'sum by (code) (rate(a_total{code!~"2.."}[5m])) / sum by (code) (rate(a_total[5m])) == 1',
        "each series is divided by itself",
    ),
    "divided by itself in percent": (
        '100 * rate(a_total{code!~"2.."}[5m]) / rate(a_total[5m]) > 10',
        "each series is divided by itself",
    ),
    "divided by itself where there is any": (
        'rate(a_total{code=~"failed|gone"}[5m]) / (rate(a_total[5m]) > 0) > 0.2',
        "each series is divided by itself",
    ),
    "compared with itself": (
        'rate(a_total{code="500"}[5m]) > rate(a_total[5m]) * 0.3',
        "each series is compared with itself",
    ),
    "compared with itself in percent": (
        '100 * rate(a_total{code="500"}[5m]) > 5 * rate(a_total[5m])',
        "each series is compared with itself",
    ),
    "many to many": ('rate(a_total{code=~"5.."}[5m]) / on (job) rate(a_total[5m]) > 0.2', "several series"),
}
OPEN = {
    "a count of native histograms": ("histogram_count(rate(lat[5m])) > 5", "native histogram"),
    "a quantile of each native histogram": (
        "histogram_quantile(0.9, rate(lat[5m])) > 0.5",
        "native histogram",
    ),
    "native histogram": ("histogram_quantile(0.9, sum(rate(lat[5m]))) > 0.5", "native histogram"),
    "more than two windows of a rate can show": (
        "rate(a_total[5m]) > 30 * rate(a_total[1h])",
        "compares a_total with its own past",
    ),
    "unknown function": ("sgn(mad_over_time(a[5m])) > 1", "mad_over_time"),
    "another dialect": ("a > default 5", "can't be read"),
    "a window alone": ("a[5m]", "a range of samples is no condition"),
    "a text": ("'x'", "promtool refuses the rule: rule result is not a vector or scalar"),
}
