"""Every kind of finding about Grafana is seen once, and is silent about the harmless neighbour beside it."""

# ruff: noqa: E501  (tables: one shape, one line)

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from promproof.findings.discover import discover
from promproof.findings.finding import Finding, Severity
from promproof.findings.judging import judge
from promproof.findings.kind import KINDS
from promproof.findings.setup import Knowledge

pytestmark = pytest.mark.unit
Json = dict[str, Any]
PROMETHEUS = {"type": "prometheus", "uid": "prom"}
GOOD = "sum by (job) (rate(http_requests_total[$__rate_interval]))"
SCRAPES = "scrape_configs: [{job_name: api, scrape_interval: 30s, static_configs: [{targets: ['api:80']}]}]\n"
SOURCES = "apiVersion: 1\ndatasources: [{name: P, uid: prom, type: prometheus, url: 'http://prometheus:9090', isDefault: true, jsonData: {timeInterval: 30s}}]\n"
PROVIDER = "apiVersion: 1\nproviders: [{name: files, options: {path: /var/lib/grafana/dashboards}}]\n"
COMPOSE = "services:\n  prometheus: {image: 'prom/prometheus:v3.5.0', ports: ['9091:9090']}\n  grafana:\n    image: grafana/grafana:12.0.0\n    volumes: ['./boards:/var/lib/grafana/dashboards/api', './p:/etc/grafana/provisioning']\n"
RULE = """apiVersion: 1
groups:
- name: api
  rules:
  - uid: errors
    title: Errors
    condition: C
    noDataState: NoData
    execErrState: Error
    data:
    - {refId: A, datasourceUid: prom, model: {expr: 'histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))', refId: A}}
    - {refId: B, datasourceUid: __expr__, model: {type: reduce, reducer: last, expression: A, refId: B}}
    - {refId: C, datasourceUid: __expr__, model: {type: math, expression: '$B > 1 && ${A} > 0', refId: C}}
"""
POLICIES = "apiVersion: 1\ncontactPoints: [{name: pager, receivers: [{uid: p, type: webhook}]}]\npolicies: [{receiver: pager, routes: [{receiver: pager}]}]\n"


SHARE = """sum(rate(a_total{code="500"}[5m])) / sum(rate(a_total[5m]))"""
THRESHOLD = f"""apiVersion: 1
groups:
- name: api
  rules:
  - title: Errors
    condition: C
    data:
    - {{refId: A, datasourceUid: prom, model: {{expr: '{SHARE}'}}}}
    - {{refId: B, datasourceUid: __expr__, model: {{type: reduce, reducer: last, expression: A}}}}
    - {{refId: C, datasourceUid: __expr__, model: {{type: threshold, expression: B, conditions: [{{evaluator: {{type: gt, params: [LIMIT]}}}}]}}}}
"""
CLASSIC = f"""apiVersion: 1
groups:
- name: api
  rules:
  - title: Errors
    condition: B
    data:
    - {{refId: A, datasourceUid: prom, model: {{expr: '{SHARE}'}}}}
    - {{refId: B, datasourceUid: __expr__, model: {{type: classic_conditions, conditions: [{{evaluator: {{type: gt, params: [5]}}, query: {{params: [A]}}, reducer: {{type: avg}}}}]}}}}
"""
MATH = CLASSIC.replace(
    CLASSIC[CLASSIC.index("{type: classic") : CLASSIC.rindex("}")], "{type: math, expression: '$A > 1'}"
)
TEAM, PAGE = "[team, '=', shop]", "[severity, '=', page]"
TREE = "apiVersion: 1\npolicies: [{receiver: pager, routes: [{receiver: mail, object_matchers: [FIRST]}, {receiver: pager, object_matchers: [SECOND]}]}]\n"
MUTED = "apiVersion: 1\nmuteTimes: [{name: nights, time_intervals: [{times: [{start_time: '00:00', end_time: '06:00'}]}]}]\n"


def query(expression: str = GOOD, **keys: Any) -> Json:
    return {"refId": "A", "expr": expression, "datasource": PROMETHEUS, **keys}


def panel(*targets: Json, **keys: Any) -> Json:
    return {
        "type": "timeseries",
        "title": "T",
        "datasource": PROMETHEUS,
        "targets": list(targets) or [query()],
        **keys,
    }


def board(*panels: Json, **keys: Any) -> Json:
    return {"title": "API", "uid": "api", "panels": list(panels) or [panel()], **keys}


def drawn(expression: str = GOOD, **defaults: Any) -> Json:
    return board(panel(query(expression), fieldConfig={"defaults": defaults}))


def variables(*listed: Json) -> Json:
    return {"templating": {"list": list(listed)}}


@dataclass(frozen=True)
class Twin:
    """A kind, files that trigger it once, and those beside them that do not; boards are written as JSON."""

    id: str
    bad: Any
    good: Any
    beside: dict[str, str] = field(default_factory=dict)
    severity: Severity | None = None
    knowledge: Knowledge = field(default_factory=Knowledge)


def expressions(kind: str, bad: str, good: str, **keys: Any) -> Twin:
    return Twin(f"grafana/{kind}", board(panel(query(bad))), board(panel(query(good))), **keys)


def files(kind: str, bad: dict[str, Any], good: dict[str, Any]) -> Twin:
    return Twin(f"grafana/{kind}", bad, good)


ONE_SOURCE = "apiVersion: 1\ndatasources: [{name: P, uid: prom, type: prometheus, url: 'http://p:9090', isDefault: true}]\n"
TYPED = Knowledge(types={"memory_bytes": "gauge", "http_requests_total": "counter"})
SERVED = Knowledge("http://p", {"latency": "histogram", "http_requests_total": "counter"}, complete=True)
RECORD = "groups: [{name: g, rules: [{record: 'job:errors:rate5m', expr: vector(1)}]}]\n"
INSTANCES = Knowledge(labels={"up": {"instance": frozenset(("api-1", "api-10"))}})
DS = {"name": "ds", "type": "datasource", "query": "prometheus"}
INSTANCE = {"name": "i", "type": "query", "query": "label_values(up, instance)", "datasource": PROMETHEUS}
HALF = "sum(rate(a_total{code='500'}[5m])) / sum(rate(a_total[5m]))"
CLICK = {
    "__systemRef": "hideSeriesFrom",
    "matcher": {"id": "byNames", "options": {"names": ["a"]}},
    "properties": [],
}
LINE = {"steps": [{"value": None}, {"value": 0.8}]}
SHOWN = {"thresholdsStyle": {"mode": "line"}}
STAT: Json = {"type": "stat", "options": {"graphMode": "none", "reduceOptions": {"calcs": ["lastNotNull"]}}}
SUM: Json = {"type": "stat", "options": {"reduceOptions": {"calcs": ["sum"]}}}

TWINS = (
    # queries
    expressions("unparsable", "sum(rate(a_total[5m])", "sum(rate(a_total[5m]))"),
    expressions("unparsable", "up{job=api}", "sum(rate(a_total)) keep_metric_names + up @ ${__to:date:seconds}"),
    expressions("le-dropped", "histogram_quantile(0.9, sum(rate(a_seconds_bucket[5m])))", "histogram_quantile(0.9, sum(rate(a_seconds[5m])))"),
    expressions("quantile-out-of-range", "histogram_quantile(90, sum by (le) (rate(a_bucket[5m])))", "histogram_quantile(0.9, sum by (le) (rate(a_bucket[5m])))"),
    expressions("quantile-of-no-bucket", "histogram_quantile(0.9, rate(a_seconds_count[5m]))", "histogram_quantile(0.9, job:a_bucket:rate5m)"),
    expressions("rate-of-sum", "rate(sum(a_total)[5m:])", "sum(rate(a_total[5m:]))"),
    expressions("rate-of-gauge", "rate(memory_bytes[5m])", "rate(other_bytes[5m])", knowledge=TYPED),
    expressions("delta-of-counter", "delta(http_requests_total[5m])", "delta(memory_bytes[5m])", knowledge=TYPED, severity=Severity.WARNING),
    expressions("counter-level", "sum(http_requests_total)", "increase(http_requests_total[5m:])", knowledge=TYPED, severity=Severity.INFO),
    expressions("counter-level", "up unless on (job) (http_requests_total > 5)", "up unless on (job) http_requests_total", knowledge=TYPED, severity=Severity.INFO),
    Twin("grafana/counter-level", board(panel(query("sum(http_requests_total)")), panel()), board(panel(query("count(http_requests_total)")), panel()), severity=Severity.HINT),
    Twin("grafana/counter-level", board(panel(query("sum(ceph_pg_total)"), query("rate(ceph_pg_total[5m])", refId="B"))), board(panel(query("sum(ceph_pg_total)"))), severity=Severity.HINT),
    Twin("grafana/total-as-rate", drawn("sum(increase(a_total[5m]))", unit="reqps"), drawn("sum(increase(a_total[1m]))", unit="reqpm")),
    expressions("divided-by-itself", "rate(a_sum[5m]) / rate(a_sum[5m])", "rate(a_sum{job='$a'}[5m]) / rate(a_sum{job='$b'}[5m])"),
    expressions("labels-never-match", "sum by (job, code) (a{job='$job', code=~'5..'}) / sum by (job) (b)", "sum by (job) (a{job='$job'}) / sum by (job) (b{job='$other'})"),
    expressions("sum-of-quantiles", "avg(histogram_quantile(0.9, sum by (le, pod) (a_bucket)))", "max(histogram_quantile(0.9, sum by (le, pod) (a_bucket)))"),
    expressions("contradicting-matchers", "a{code='500', code=~'4..'}", "a{code='500', code=~'$code'}"),
    # names
    Twin("grafana/undeclared-source", board(panel(query(datasource={"uid": "${DS_P}"}))), board(panel(query(datasource={"uid": "${ds}"})), **variables(DS))),
    Twin("grafana/undeclared-source", board(panel(query(datasource="${DS_P}")), __inputs=[{"name": "DS_P"}]), board(__inputs=[{"name": "DS_P"}]), severity=Severity.HINT),
    Twin("grafana/unknown-source", board(panel(query(datasource={"uid": "gone"}))), board(panel(query(datasource={"uid": "P"}))), {"sources/datasources/s.yml": SOURCES}),
    expressions("undeclared-variable", "up{job='$job'}", "up{job=~'api$', path=~'$__all_variables'}"),
    expressions("undeclared-variable", "up{job='[[job]]'}", "label_replace(up, 'a', '${host}', 'instance', '(?P<host>.*):.*')"),
    expressions("undeclared-variable", "up{job='${job:regex}'}", "label_replace(up, 'a', '$1_$2', 'instance', '(.*):(.*)')"),
    Twin("grafana/undeclared-variable", board(panel(repeat="job")), board(panel(repeat="i"), **variables(INSTANCE))),
    Twin("grafana/macro-in-legend", board(panel(query(legendFormat="$__rate_interval"))), board(panel(query(legendFormat="{{job}} ${__field.name}")))),
    Twin("grafana/library-panel", board(panel(libraryPanel={"uid": "x", "name": "X"})), board(panel(libraryPanel={"uid": "x", "name": "X"}), __elements={})),
    # files
    Twin("grafana/byte-order-mark", "\ufeff" + json.dumps(board()), board()),
    Twin("grafana/no-title", {"panels": [], "schemaVersion": 39}, {"panels": [], "rows": [1]}),
    Twin("grafana/wrapped", {"dashboard": board(), "meta": {}}, board(), {"sources/datasources/s.yml": SOURCES}),
    Twin("grafana/uid-too-long", board(uid="u" * 41), board(uid="u" * 40)),
    files("uid-twice", {"a.json": board(), "b.json": board()}, {"x/a.json": board(), "y/b.json": board()}),
    files("title-twice", {"x/a.json": board(uid="a"), "x/b.json": board(uid="b"), "provisioning/dashboards/p.yml": PROVIDER}, {"x/a.json": board(uid="a"), "y/b.json": board(uid="b"), "provisioning/dashboards/p.yml": PROVIDER}),
    Twin("grafana/open-row-with-panels", board({"type": "row", "collapsed": False, "panels": [panel()]}), board({"type": "row", "collapsed": True, "panels": [panel()]})),
    Twin("grafana/query-id-twice", board(panel(query(), query())), board(panel(query(refId=None), query(refId=None)))),
    Twin("grafana/variable-twice", board(**variables(DS, DS)), board(**variables(DS, INSTANCE))),
    Twin("grafana/odd-value", board(panel(title=["T"])), board(panel(id="7", maxDataPoints="100"))),
    # windows and steps
    Twin("grafana/window-too-short", board(panel(query("rate(a_total[30s])"))), board(panel(query("max_over_time(a[30s])"))), {"p.yml": SCRAPES}),
    Twin("grafana/window-too-short", board(panel(query("rate(a_total[$__interval])"))), board(panel(query("rate(a_total[1m])"))), {"p.yml": SCRAPES, "p/datasources/s.yml": SOURCES}),
    Twin("grafana/window-too-short", board(panel(query("rate(a_total[10s])"))), board(panel(query("rate(a_total[$__interval])"))), {"p.yml": SCRAPES}),
    Twin("grafana/step-over-window", board(panel(query("rate(a_total[1m])", interval="5m"))), board(panel(query("rate(a_total[5m])", interval="1m")))),
    Twin("grafana/step-over-window", board(panel(query(intervalFactor=10))), board(panel(query(intervalFactor=1)))),
    Twin("grafana/time-left-out", board(panel(query("rate(a_total[1m])")), time={"from": "now-7d", "to": "now"}), board(panel(query("rate(a_total[1m])")), time={"from": "now-1h", "to": "now"})),
    Twin("grafana/sum-of-overlaps", board(panel(query("increase(a_total[$__rate_interval])"), **SUM)), board(panel(query("increase(a_total[$__range])", instant=True), **SUM))),
    # looks
    Twin("grafana/legend-quantile", board(panel(query("histogram_quantile(0.5, a_bucket)", legendFormat="p99"))), board(panel(query("histogram_quantile(0.999, a_bucket)", legendFormat="p999 of {{p50}}"), query("histogram_quantile(1, a_bucket)", refId="B", legendFormat="p100")))),
    Twin("grafana/legend-quantile", board(panel(query("a{quantile='0.95'}", legendFormat="99th percentile"))), board(panel(query("a{quantile='0.95'}", legendFormat="95th Percentile"), query("histogram_quantile(0.5, a_bucket)", refId="B", legendFormat="p50")))),
    Twin("grafana/legend-quantile", board(panel(query("histogram_quantile(0.5, a_bucket)"), title="p99 latency")), board(panel(query("histogram_quantile(0.5, a_bucket)"), query("histogram_quantile(0.99, a_bucket)", refId="B"), title="p99 latency"))),
    Twin("grafana/hidden-query", board(panel(query(hide=True))), board(panel(query(hide=True), {"refId": "B", "datasource": {"type": "__expr__", "uid": "__expr__"}}))),
    Twin("grafana/hidden-series", board(panel(fieldConfig={"overrides": [CLICK]})), board(panel(fieldConfig={"overrides": [{**CLICK, "__systemRef": None}]}))),
    Twin("grafana/hidden-series", board(panel(query(legendFormat="{{job}}"), fieldConfig={"overrides": [CLICK]})), board(panel(query(legendFormat="a"), fieldConfig={"overrides": [CLICK]}))),
    Twin("grafana/axis-cuts", drawn("sum(a)", max=3), drawn("min(up)", max=3)),
    Twin("grafana/hidden-series", board(panel(query(), fieldConfig={"overrides": [CLICK]})), board(panel(query(), fieldConfig={"defaults": {"displayName": "a"}, "overrides": [CLICK]}), panel(query("sum(up) / count(up)"), fieldConfig={"overrides": [CLICK]}))),
    Twin("grafana/threshold-out-of-axis", drawn(max=0.5, thresholds=LINE, custom=SHOWN), drawn(max=0.5, thresholds=LINE)),
    Twin("grafana/axis-cuts", drawn(max=100, unit="reqps"), drawn(max=100, unit="percent")),
    Twin("grafana/axis-cuts", drawn(max=1, unit="s"), drawn("up", max=1)),
    Twin("grafana/axis-cuts", board(panel(type="graph", yaxes=[{"format": "ops", "max": "50"}])), board(panel(type="graph", yaxes=[{"format": "ops", "max": "auto"}, {"max": 50}]))),
    Twin("grafana/no-value-hides", drawn(noValue="0"), drawn("count(up == 0)", noValue="0")),
    Twin("grafana/other-time", board(panel(timeShift="1d", hideTimeOverride=True)), board(panel(timeShift="1d"))),
    Twin("grafana/other-time", board(panel(timeFrom="1h", hideTimeOverride=True)), board(panel(timeFrom="1h", hideTimeOverride=True, title="Last hour"))),
    Twin("grafana/old-number", board(panel(**STAT)), board(panel(query(instant=True), **STAT))),
    # units
    Twin("grafana/percent-of-share", drawn(HALF, unit="percent"), drawn(HALF, unit="percentunit")),
    Twin("grafana/percent-of-share", drawn(f"100 * {HALF.replace(' / ', '/')}".replace("100 * ", "100 * (") + ")", unit="percentunit"), drawn(f"100 * ({HALF})", unit="percent")),
    Twin("grafana/percent-of-share", drawn("1 - avg(rate(a_cpu_seconds_total{mode='idle'}[5m]))", unit="percent"), drawn("100 - 100 * avg(rate(a_cpu_seconds_total{mode='idle'}[5m]))", unit="percent")),
    Twin("grafana/percent-of-share", drawn("sum(rate(a_cpu_seconds_total{mode!='idle'}[5m])) / count(a_cpu_seconds_total{mode='idle'})", unit="percent"), drawn("sum(rate(a_cpu_seconds_total[5m])) / count(up)", unit="percentunit")),
    Twin("grafana/unit-of-metric", drawn("avg(a_seconds)", unit="ms"), drawn("avg(a_seconds) * 1000", unit="ms")),
    Twin("grafana/unit-of-metric", drawn("rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m])", unit="ms"), drawn("rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m])", unit="s")),
    Twin("grafana/unit-of-metric", drawn("process_resident_memory_bytes", unit="s"), drawn("process_resident_memory_bytes / a_bytes", unit="s")),
    Twin("grafana/unit-of-metric", drawn("max(a_seconds)", unit="decbytes"), drawn("max(a_seconds)", unit="short")),
    Twin("grafana/unit-of-metric", drawn("a_milliseconds", unit="dthms"), drawn("a_seconds", unit="dthms")),
    # variables
    Twin("grafana/narrow-choice", board(**variables({**INSTANCE, "includeAll": True, "current": {"value": ["api-1"]}})), board(**variables({**INSTANCE, "includeAll": True, "current": {"value": ["$__all"]}}))),
    Twin("grafana/narrow-choice", board(**variables({**INSTANCE, "includeAll": True, "current": {"text": "api-1", "value": "api-1"}})), board(**variables({**INSTANCE, "includeAll": True, "allValue": "api-.*", "current": {"text": "every", "value": "api-.*"}}, {**INSTANCE, "name": "j", "includeAll": True, "current": {"text": "All", "value": ["api-1", "api-10"]}}))),
    Twin("grafana/choice-compared", board(panel(query('up{instance="$i"}')), **variables({**INSTANCE, "multi": True})), board(panel(query('up{instance="$i"}')), **variables(INSTANCE))),
    Twin("grafana/choice-compared", board(panel(query('up{instance!="${i}"}')), **variables({**INSTANCE, "multi": True})), board(panel(query('up{instance=~"$i",job!~"$i"}')), **variables({**INSTANCE, "multi": True}))),
    Twin("grafana/choice-compared", board(panel(query('up{instance="$i"}')), **variables({**INSTANCE, "multi": True})), board(panel(query('up{instance="$i"}'), repeat="i"), **variables({**INSTANCE, "multi": True}))),
    Twin("grafana/unknown-source", board({**panel(query("up")), "datasource": {"type": "prometheus", "uid": "prod"}}), board({**panel(query("up")), "datasource": {"type": "datasource", "uid": "-- Mixed --"}}), {"s.yml": ONE_SOURCE}),
    Twin("grafana/variable-hides", board(**variables({**INSTANCE, "regex": "/api-[0-9]$/"})), board(**variables({**INSTANCE, "regex": "/api-[0-9]+$/"})), knowledge=INSTANCES),
    Twin("grafana/variable-hides", board(**variables({**INSTANCE, "query": "label_values(up, job)", "regex": "/^ap$/"})), board(**variables({**INSTANCE, "query": "label_values(up, job)", "regex": "/^ap/"})), {"p.yml": SCRAPES}),
    # what runs
    Twin("grafana/unknown-panel-type", board(panel(type="vonage-status-panel")), board(panel(type="graph")), {"compose.yml": COMPOSE}, Severity.ERROR),
    Twin("grafana/unknown-panel-type", board(panel(type="vonage-status-panel")), board(panel(type="grafana-worldmap-panel")), severity=Severity.HINT),
    files("not-provisioned", {"a/b.json": board(), "provisioning/dashboards/p.yml": PROVIDER, "compose.yml": COMPOSE}, {"boards/b.json": board(), "provisioning/dashboards/p.yml": PROVIDER, "compose.yml": COMPOSE}),
    files("source-at-localhost", {"p/datasources/s.yml": SOURCES.replace("prometheus:9090", "localhost:9090"), "compose.yml": COMPOSE}, {"p/datasources/s.yml": SOURCES.replace("prometheus:9090", "localhost:9090")}),
    files("source-port", {"p/datasources/s.yml": SOURCES.replace(":9090", ":9091"), "compose.yml": COMPOSE}, {"p/datasources/s.yml": SOURCES, "compose.yml": COMPOSE}),
    files("source-path", {"p/datasources/s.yml": SOURCES.replace(":9090", ":9090/graph")}, {"p/datasources/s.yml": SOURCES.replace(":9090", ":9090/prometheus/")}),
    files("source-interval", {"p/datasources/s.yml": SOURCES.replace("30s", "5s"), "p.yml": SCRAPES}, {"p/datasources/s.yml": SOURCES.replace("30s", "15s"), "p.yml": SCRAPES}),
    # Grafana's own alerts
    files("alert-condition", {"r.yml": RULE.replace("condition: C", "condition: D")}, {"r.yml": RULE}),
    files("alert-expression", {"r.yml": RULE.replace("expression: A", "expression: Z")}, {"r.yml": RULE}),
    files("alert-expression", {"r.yml": RULE.replace("expression: A, ", "")}, {"r.yml": RULE}),
    files("alert-source", {"r.yml": RULE.replace("Uid: prom", "Uid: gone"), "p/datasources/s.yml": SOURCES}, {"r.yml": RULE, "p/datasources/s.yml": SOURCES}),
    files("alert-query", {"r.yml": RULE.replace("sum by (le) ", "sum "), "p/datasources/s.yml": SOURCES}, {"r.yml": RULE, "p/datasources/s.yml": SOURCES}),
    files("alert-silent-on-errors", {"r.yml": RULE.replace("NoData", "OK").replace("Error\n", "OK\n")}, {"r.yml": RULE.replace("NoData", "OK")}),
    files("alert-uid-twice", {"r.yml": RULE, "s.yml": RULE}, {"r.yml": RULE, "s.yml": RULE.replace("uid: errors", "uid: others")}),
    files("alert-query", {"r.yml": RULE.replace("a_bucket[5m]", 'a_bucket{a="1",a="2"}[5m]'), "p/datasources/s.yml": SOURCES}, {"r.yml": RULE.replace("a_bucket[5m]", 'a_bucket{a="1",a=~"1|2"}[5m]'), "p/datasources/s.yml": SOURCES}),
    files("alert-never-fires", {"r.yml": THRESHOLD.replace("LIMIT", "5"), "p/datasources/s.yml": SOURCES}, {"r.yml": THRESHOLD.replace("LIMIT", "0.05"), "p/datasources/s.yml": SOURCES}),
    files("alert-never-fires", {"r.yml": THRESHOLD.replace("gt", "within_range").replace("LIMIT", "2, 3"), "p/datasources/s.yml": SOURCES}, {"r.yml": THRESHOLD.replace("gt", "outside_range").replace("LIMIT", "0.2, 3"), "p/datasources/s.yml": SOURCES}),
    files("alert-never-fires", {"r.yml": CLASSIC, "p/datasources/s.yml": SOURCES}, {"r.yml": CLASSIC.replace("avg", "sum"), "p/datasources/s.yml": SOURCES}),
    files("alert-never-fires", {"r.yml": MATH, "p/datasources/s.yml": SOURCES}, {"r.yml": MATH.replace("$A > 1", "$A * 100 > 1"), "p/datasources/s.yml": SOURCES}),
    files("alert-not-reduced", {"r.yml": MATH, "p/datasources/s.yml": SOURCES}, {"r.yml": MATH.replace("'}}", "', instant: true}}"), "p/datasources/s.yml": SOURCES}),
    files("alert-not-reduced", {"r.yml": THRESHOLD.replace("expression: B", "expression: A"), "p/datasources/s.yml": SOURCES}, {"r.yml": THRESHOLD, "p/datasources/s.yml": SOURCES}),
    expressions("unknown-metric", "sum(rate(error_total[5m]))", "sum(rate(http_requests_total[5m])) + up + job:errors:rate5m", beside={"rules.yml": RECORD}, knowledge=SERVED),
    Twin("grafana/alert-metric", {"a.json": board(), "r.yml": RULE, "p/datasources/s.yml": SOURCES}, {"a.json": board(), "r.yml": RULE.replace("a_bucket", "latency_bucket"), "p/datasources/s.yml": SOURCES}, knowledge=SERVED),
    expressions("unknown-job", "up{job='web'} == 0", "up{job=~'web|api'} + up{job='$job'}", beside={"s.yml": ONE_SOURCE, "p.yml": "scrape_configs: [{job_name: api}]"}),
    files("alert-window", {"r.yml": RULE.replace("5m", "30s"), "p/datasources/s.yml": SOURCES, "p.yml": SCRAPES}, {"r.yml": RULE.replace("5m", "1m"), "p/datasources/s.yml": SOURCES, "p.yml": SCRAPES}),
    files("alert-interval", {"r.yml": RULE.replace("- name: api", "- name: api\n  interval: 15s")}, {"r.yml": RULE.replace("- name: api", "- name: api\n  interval: 1m")}),
    files("alert-label-lost", {"r.yml": RULE.replace("    condition", "    annotations: {summary: 'on {{ $labels.instance }}'}\n    condition"), "p/datasources/s.yml": SOURCES}, {"r.yml": RULE.replace("    condition", "    annotations: {summary: '{{ $labels.grafana_folder }} {{ if $labels.instance }}{{ $labels.instance }}{{ end }}'}\n    condition"), "p/datasources/s.yml": SOURCES}),
    files("policy-shadowed", {"n.yml": TREE.replace("FIRST", TEAM).replace("SECOND", f"{TEAM}, {PAGE}")}, {"n.yml": TREE.replace("FIRST", f"{TEAM}, {PAGE}").replace("SECOND", TEAM)}),
    files("policy-contradicting", {"n.yml": TREE.replace("FIRST", f"{PAGE}, [severity, '=', warning]").replace("SECOND", TEAM)}, {"n.yml": TREE.replace("FIRST", f"{PAGE}, [severity, '=~', 'warning|page']").replace("SECOND", TEAM)}),
    files("policy-mute-time", {"n.yml": POLICIES.replace("{receiver: pager}]", "{mute_time_intervals: [night]}]"), "m.yml": MUTED}, {"n.yml": POLICIES.replace("{receiver: pager}]", "{mute_time_intervals: [nights]}]"), "m.yml": MUTED}),
    files("policy-repeat", {"n.yml": POLICIES.replace("routes", "group_interval: 10m, repeat_interval: 1m, routes")}, {"n.yml": POLICIES.replace("routes", "group_interval: 1m, repeat_interval: 10m, routes")}),
    files("policy-receiver", {"n.yml": POLICIES.replace("[{receiver: pager}]", "[{receiver: pagers}]")}, {"n.yml": POLICIES}),
    files("empty-contact-point", {"n.yml": POLICIES.replace("[{uid: p, type: webhook}]", "[]")}, {"n.yml": POLICIES}),
)  # fmt: skip  # a table: one case, one row


def found(folder: Path, twin: Twin, shape: Any) -> list[Finding]:
    is_board = isinstance(shape, str) or ("a.json" not in shape and not any("." in name for name in shape))
    everything = {"boards/board.json": shape, **twin.beside} if is_board else {**shape, **twin.beside}
    for name, content in everything.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    setup = replace(discover([folder], folder), knowledge=twin.knowledge)
    judged = judge(setup, lambda rule: rule.startswith("grafana/"))
    assert not judged.unjudged
    return list(judged.findings)


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.id)
def test_a_mistake_is_found_and_its_neighbour_is_not(twin: Twin, tmp_path: Path) -> None:
    seen = [finding for finding in found(tmp_path / "bad", twin, twin.bad) if finding.rule == twin.id]
    assert len(seen) == 1
    assert seen[0].severity is (twin.severity or seen[0].severity)
    assert seen[0].effect and seen[0].todo and seen[0].see  # noqa: PT018  (all three are the reader's)
    assert twin.id not in [finding.rule for finding in found(tmp_path / "good", twin, twin.good)]


def test_every_kind_has_a_mistake_and_a_neighbour_and_says_why() -> None:
    names = {name for name in KINDS.names() if name.startswith("grafana/")}
    assert names == {twin.id for twin in TWINS}
    for name in names:
        kind = KINDS.get(name)
        assert kind.why
        assert kind.example != kind.instead


def test_two_variables_at_all_differ_and_logs_are_no_promql(tmp_path: Path) -> None:
    loki = {"type": "loki", "uid": "l"}
    shape = board(
        panel(
            query('{app="a"} |= "x"', datasource=loki), query("sum by ($by) (rate(a_total[5m]))", refId="B")
        ),
        panel(query("topk($n, a)", datasource={"uid": "$ds"})),
        **variables(
            DS,
            {"name": "by", "type": "query", "includeAll": True, "multi": True},
            {"name": "n", "type": "custom"},
        ),
    )
    assert found(tmp_path, TWINS[0], shape) == []


def test_a_dashboard_is_not_judged_by_the_sources_of_another_folder(tmp_path: Path) -> None:
    shape = {"b/c/d/e.json": board(panel(query(datasource={"uid": "gone"})))}
    assert found(tmp_path, TWINS[0], {**shape, "a/provisioning/datasources/s.yml": SOURCES}) == []


def test_what_a_reader_or_another_program_fills_in_is_not_judged(tmp_path: Path) -> None:
    shape = board(
        panel(query("histogram_quantile(0.9, sum by ($by) (rate(a_bucket[5m])))", legendFormat="p90")),
        panel(query("histogram_quantile($q, rate(a_bucket[5m]))", legendFormat="p99")),
        panel(query("sum_over_time(a[5i]) > 2Gi")),
        **variables(
            {"name": "by", "type": "custom", "query": "job,le"},
            {"name": "q", "type": "custom", "query": "0.5"},
        ),
    )
    assert found(tmp_path / "reader", TWINS[0], shape) == []
    template = board(panel(query("up{job='${job}', x='$${x}'}", datasource={"uid": "${source}"})))
    assert found(tmp_path / "template", TWINS[0], template) == []


def test_a_query_without_names_whose_data_source_is_not_told_may_be_logql(tmp_path: Path) -> None:
    shape = board(panel({"refId": "A", "expr": "sum(increase({app='a'}[5m]))"}, datasource=None, fieldConfig={"defaults": {"unit": "reqps"}}))  # fmt: skip  # a table: one case, one row
    assert found(tmp_path, TWINS[0], shape) == []


def test_a_resource_of_the_second_schema_is_judged(tmp_path: Path) -> None:
    asked = {"refId": "A", "query": {"kind": "DataQuery", "group": "prometheus", "datasource": {"name": "prom"}, "spec": {"expr": "sum(increase(a_total[5m]))"}}}  # fmt: skip  # a table: one case, one row
    element = {"kind": "Panel", "spec": {
        "id": 1, "title": "T", "vizConfig": {"kind": "VizConfig", "group": "timeseries", "spec": {"fieldConfig": {"defaults": {"unit": "reqps", "max": 9}}}},
        "data": {"kind": "QueryGroup", "spec": {"queries": [{"kind": "PanelQuery", "spec": asked}]}},
    }}  # fmt: skip  # a table: one case, one row
    choice = {"name": "job", "includeAll": True, "current": {"value": "api"}, "query": {"group": "prometheus", "datasource": {"name": "prom"}, "spec": {"query": "label_values(up, job)"}}}  # fmt: skip  # a table: one case, one row
    variable = {"kind": "QueryVariable", "spec": choice}
    row = {"kind": "RowsLayoutRow", "spec": {"variables": [variable]}}
    shape = {
        "apiVersion": "dashboard.grafana.app/v2beta1",
        "kind": "Dashboard",
        "spec": {
            "title": "A",
            "elements": {"p-1": element},
            "variables": [variable],
            "layout": {"kind": "RowsLayout", "spec": {"rows": [row]}},
        },
    }
    findings = found(tmp_path, TWINS[0], {"d.json": shape})
    assert sorted(f"{finding.rule.removeprefix('grafana/')} {finding.path}" for finding in findings) == [
        "axis-cuts $.spec.elements.p-1.spec.vizConfig.spec.fieldConfig.defaults.max",
        "narrow-choice $.spec.layout.spec.rows[0].spec.variables[0].spec.current",
        "narrow-choice $.spec.variables[0].spec.current",
        "total-as-rate $.spec.elements.p-1.spec.data.spec.queries[0].spec.expr",
    ]
