"""Every kind of finding about rules is seen in its example, and is silent about what its page says to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.findings.finding import Severity
from promproof.findings.kind import KINDS
from tests.findings.ruletexts import alert, found, ids

pytestmark = pytest.mark.unit
NAMES = [name for name in KINDS.names() if name.startswith("rule/")]


@pytest.mark.parametrize("name", NAMES)
def test_each_example_is_found(name: str, tmp_path: Path) -> None:
    (finding,) = [finding for finding in found(tmp_path, KINDS.get(name).example) if finding.rule == name]
    assert finding.line
    assert all((finding.message, finding.effect, finding.todo, finding.see))


@pytest.mark.parametrize("name", NAMES)
def test_what_the_page_says_to_write_has_no_finding(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, KINDS.get(name).instead) == []


SERVER = "# prometheus.yml\nglobal: {scrape_interval: 1m}\nrule_files: [r.yml]\n"
JOBS = "scrape_configs: [{job_name: slow}, {job_name: fast, scrape_interval: 10s}]\n"


def loaded(expression: str, jobs: str = JOBS, interval: str = "1m") -> str:
    group = f"groups:\n- name: a\n  interval: {interval}\n  rules:\n  - alert: A\n    expr: {expression}\n"
    return f"{SERVER}{jobs}# r.yml\n{group}"


@pytest.mark.parametrize(
    "expression",
    ["rate(a_total{job='slow'}[1m]) > 1", "delta(a{job=~'sl.*'}[90s]) > 1", "changes(a{job='slow'}[1m]) > 1"],
)
def test_a_window_is_judged_by_the_job_that_the_selector_names(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, loaded(expression)) == ["rule/window-too-short"]


@pytest.mark.parametrize(
    ("expression", "jobs"),
    [
        ("rate(a_total[1m]) > 1", JOBS),
        ("rate(a_total{job='fast'}[1m]) > 1", JOBS),
        ("rate(a_total{job='other'}[20s]) > 1", JOBS),
        ("max_over_time(a{job='slow'}[1m]) > 1", JOBS),
        ("changes(a{job='slow'}[90s]) > 1", JOBS),
        ("rate(a_total{job='slow'}[1m]) > 1", JOBS.replace("10s", "10s, honor_labels: true")),
        (
            "rate(a_total{job='slow'}[1m]) > 1",
            JOBS.replace(
                "slow", "slow, relabel_configs: [{target_label: __scrape_interval__, replacement: 5s}]"
            ),
        ),
        ("rate(a_total[1m]) > 1", "scrape_configs: [{job_name: slow}]\nscrape_config_files: [more/*.yml]\n"),
        ("rate(a_total[1m]) > 1", ""),
    ],
)
def test_a_window_is_not_judged_where_a_faster_scrape_is_possible(
    expression: str, jobs: str, tmp_path: Path
) -> None:
    assert set(ids(tmp_path, loaded(expression, jobs))) <= {"rule/unknown-job"}


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("rate(a_total{job='slow'}[90s]) > 1", "often holds one"),
        ("max_over_time(a{job='slow'}[30s]) > 1", "often holds none"),
        ("absent_over_time(a{job='slow'}[30s])", "often holds none"),
    ],
)
def test_a_window_that_holds_enough_now_and_then_is_a_warning(
    expression: str, said: str, tmp_path: Path
) -> None:
    (finding,) = found(tmp_path, loaded(expression))
    assert finding.severity is Severity.WARNING
    assert said in finding.message


def test_an_interval_is_the_shortest_of_those_that_load_the_rules(tmp_path: Path) -> None:
    rules = "# r.yml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n    for: 30s\n"
    slow = f"# slow.yml\nglobal: {{evaluation_interval: 1m}}\nrule_files: [r.yml]\n{rules}"
    assert ids(tmp_path, slow) == ["rule/for-under-interval"]
    assert (
        ids(tmp_path, f"# fast.yml\nglobal: {{evaluation_interval: 15s}}\nrule_files: [r.yml]\n{slow}") == []
    )


def test_a_rule_recorded_below_and_read_over_a_window_is_no_finding(tmp_path: Path) -> None:
    record = "  - record: job:up:sum\n    expr: sum by (job) (up)\n"
    for expression in ("max_over_time(job:up:sum[1h]) == 0", "job:up:sum offset 5m == 0"):
        assert (
            ids(tmp_path, f"groups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expression}\n{record}")
            == []
        )


def test_a_metric_with_a_colon_may_come_from_another_server(tmp_path: Path) -> None:
    jobs = "scrape_configs: [{job_name: a, metrics_path: /federate}]\n"
    assert ids(tmp_path, loaded("job:up:sum == 0", jobs)) == []
    assert ids(tmp_path, loaded("job:up:sum == 0")) == ["rule/never-recorded"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("groups:\n- name: a\n  rules:\n  - just text\n", 4, "just text where a rule is expected"),
        ("groups:\n- just text\n", 2, "just text where a group is expected"),
        ("groups:\n- rules: []\n", 2, "a group without name"),
        ("groups:\n- name: a\n  rules: {a: b}\n", 3, "where a list of rules is expected"),
        ("- alert: A\n", 4, "the rule A without expr"),
        ("- expr: up\n", 4, "a rule without alert or record"),
        ("- record: a:b\n  alert: A\n  expr: up", 4, "a rule with `alert` and `record`"),
        ("- record: a:b\n  expr: up\n  for: 5m", 6, "`for` in a recording rule"),
        ("- alert: A\n  expr: up\n  labels: {__name__: c}", 6, "the label name '__name__'"),
        ("- alert: A\n  expr: up\n  labels: {a: [b]}", 6, "where a text is expected"),
    ],
)
def test_a_shape_that_prometheus_refuses_is_found_with_its_line(
    text: str, line: int, said: str, tmp_path: Path
) -> None:
    (finding,) = [finding for finding in found(tmp_path, text) if finding.rule == "rule/refused-shape"]
    assert finding.line == line
    assert said in finding.message


def test_another_language_in_a_file_that_a_prometheus_loads_is_refused(tmp_path: Path) -> None:
    text = "groups: [{name: a, type: graphite, rules: [{record: 'a:b', expr: median(rate(a)) by (job)}]}]\n"
    assert "rule/unparsable" in ids(tmp_path, f"{SERVER}# r.yml\n{text}")


@pytest.mark.parametrize("expression", ["rate(a_total[$__rate_interval]) > 1", "up{job='a'} == ${floor}"])
def test_a_variable_of_grafana_in_a_rule_is_refused(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, expression) == ["rule/unparsable"]


def test_a_side_of_an_or_that_never_fires_is_named_as_a_side(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "count(up == 1) == 0 or absent(up == 1)")
    assert (finding.rule, finding.effect) == ("rule/never-fires", "it never fires by this side of the `or`")


@pytest.mark.parametrize(
    "text",
    [
        "groups:\n- name: a\n  rules:\n- name: b\n",
        "- alert: A\n  expr: up\n  for:\n  labels:\n  annotations:",
        "- alert: A\n  expr: up == 0\n  labels: {a: 1, b: yes, c: 2024-01-02}",
        "groups:\n- name: a\n  partial_response_strategy: warn\n  rules: []\n",
        '- alert: A\n  expr: \'sum(rate({app="a"} |= "error" [5m])) > 1\'',
        "- alert: A\n  expr: up{cluster='${CLUSTER}'} == ${LIMIT:=0}\n  for: ${FOR}",
        "groups:\n- name: a\n  type: graphite\n  rules: [{alert: A, expr: 'sumSeries(a.*.b)'}]\n",
        "# compose.yml\nservices: {v: {image: 'victoriametrics/vmalert:v1', volumes: ['./r.yml:/rules/r.yml']}}\n"
        "# r.yml\ngroups: [{name: a, rules: [{record: 'a:b', expr: median(rate(a)) by (job)}]}]\n",
    ],
)
def test_a_file_that_prometheus_or_another_program_takes_is_no_finding(text: str, tmp_path: Path) -> None:
    assert ids(tmp_path, text) == []


@pytest.mark.parametrize(
    "expression",
    [
        "rate(a_total[5m]) / sum(rate(b_total[5m])) > 1",
        "sum by (instance) (a) / b > 1",
        "a > 1 and sum by (job) (b) > 1",
        "a > 1 unless sum by (job) (b) > 1",
        "a{mode='x'} + a{mode='y'} > 1",
        "a / on (job, instance) sum by (job) (b) > 1",
        "sum by (pod) (a{pod!=''}) / ignoring (job) sum by (job) (b) > 1",
    ],
)
def test_sides_that_share_no_label_set_are_found_once(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, alert(expression)) == ["rule/labels-never-match"]


@pytest.mark.parametrize(
    "expression",
    [
        "a / b > 1",
        "a / on (job) group_left () sum by (job) (b) > 1",
        "a / ignoring (instance) group_left () sum without (instance) (b) > 1",
        "job:a:rate5m / sum(b) > 1",
        "sum(a) / scalar(b) > 1",
        "a{mode='x'} + ignoring (mode) a{mode='y'} > 1",
        "a{mode='x'} or a{mode='y'}",
        "a > 1 and on () sum(b) > 1",
        "sum(a) > 1 and vector(1) > 0",
        "label_replace(a, 'instance', '', '', '') / sum by (job) (b) > 1",
        "ALERTS > 0 and sum(a)",
        "absent(a) and sum(b) > 1",
    ],
)
def test_sides_that_may_share_a_label_set_are_no_finding(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, alert(expression)) == []


def test_labels_that_only_targets_give_are_a_warning(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, alert("a / sum(b) > 1"))
    assert finding.severity is Severity.WARNING
    (finding,) = found(tmp_path, alert("a{pod='x'} / sum(b) > 1"))
    assert finding.severity is Severity.ERROR


SHARE = "sum(rate(a_errors_total[5m])) / sum(rate(a_requests_total[5m]))"
QUANTILE = "histogram_quantile(0.9, sum by (le) (rate(http_request_seconds_bucket[5m])))"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (f"100 * {SHARE} > 0.05", "over 5% fail"),
        (f"{SHARE} > 5", "over 5 percent fail"),
        ("rate(a_failures_total[5m]) > 0.05", "over 5% fail"),
        ("sum(rate(cost_total[1h])) > 100", "over $100/hour"),
        ("rate(a_total[5m]) > 10", "more than 10 requests per minute"),
        ("rate(a_total[5m]) > 5", "more than 5 orders failed in 5 minutes"),
        ("rate(a_operations_total{status='error'}[5m]) > 0.001", "Error rate above 0.1%"),
        ("rate(a_timeouts_total[5m]) > 0.05", "5% time out"),
        ("rate(a_total[5m]) > 3", "more than 3 failed logins in the last hour"),
        ("process_cpu_seconds_total > 0.8", "over 80% for the last 5 minutes"),
        (f"{QUANTILE} > 500", "over 500ms"),
        (f"{QUANTILE} > 300", "slow"),
        ("rate(http_request_seconds_sum[5m]) / rate(http_request_seconds_count[5m]) > 500", "slow"),
        ("sum(rate(a_seconds_sum[5m])) / sum(rate(a_seconds_count[5m])) > 20", "over 20ms"),
    ],
)
def test_a_threshold_in_another_unit_is_found(expression: str, text: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, alert(expression, f"annotations: {{summary: {text}}}"))
    assert (finding.rule, finding.severity) == ("rule/threshold-unit", Severity.WARNING)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (f"100 * {SHARE} > 0.05", "over 0.05% fail"),
        (f"100 * {SHARE} > 5", "over 5% fail"),
        ("rate(a_total[5m]) > 5", "over 5 requests/s in the last 5 minutes"),
        ("rate(a_total[5m]) > 5", "a rate over 5 in the last 5 minutes"),
        ("increase(a_total[5m]) > 5", "more than 5 orders failed in 5 minutes"),
        ("rate(a_busy_time_total[5m]) > 0.05", "5% busy"),
        ("rate(a_total[5m]) > 0.1", "more than 5 orders failed in 5 minutes"),
        (f"{SHARE} > 0.05", "over 5% fail"),
        (f"{QUANTILE} > 0.5", "over 500ms"),
        ("histogram_quantile(0.9, rate(backup_seconds_bucket[5m])) > 3600", "slow"),
        ("rate(backup_seconds_sum[5m]) / rate(backup_seconds_count[5m]) > 3600", "slow"),
        (
            "rate(http_request_seconds_sum[5m]) / rate(http_request_seconds_count[5m]) * 1000 > 500",
            "over 500ms",
        ),
        ("rate(http_request_seconds_sum[5m]) / rate(http_requests_total[5m]) > 500", "slow"),
        ("age_seconds > 86400", "old"),
        ("rate(a_failures_total[5m]) > 0.05", "more than 3 failures/min"),
        ("rate(a_total[5m]) > 10", "more than 10 requests per second"),
        ("rate(a_total[5m]) * 60 > 10", "more than 10 requests per minute"),
        ("rate(process_cpu_seconds_total[5m]) > 0.8", "over 80%"),
    ],
)
def test_a_threshold_in_the_unit_of_the_value_is_no_finding(
    expression: str, text: str, tmp_path: Path
) -> None:
    seen = found(tmp_path, alert(expression, f"annotations: {{summary: {text}}}"))
    assert [finding.severity for finding in seen if finding.severity is not Severity.HINT] == []


def test_a_type_that_only_another_rule_says_is_a_hint_and_a_name_says_nothing(tmp_path: Path) -> None:
    expression = "a_total > 100"
    assert found(tmp_path, expression) == []
    rate = "- record: a:rate5m\n  expr: rate(a_total[5m])"
    (finding,) = found(tmp_path, f"{alert(expression)}\n{rate}")
    assert (finding.rule, finding.severity) == ("rule/counter-level", Severity.HINT)
    (finding,) = found(tmp_path, f"# types: {{a_total: counter}}\n{expression}")
    assert (finding.rule, finding.severity) == ("rule/counter-level", Severity.WARNING)
    assert found(tmp_path, f"# types: {{a_total: gauge}}\n{expression}") == []


@pytest.mark.parametrize(
    ("expression", "rule"),
    [
        ("http_errors_total > 100", "rule/counter-level"),
        ("sum by (job) (jobs_failed_total) > 5", "rule/counter-level"),
        ("delta(http_requests_total[5m]) > 1", "rule/delta-of-counter"),
        ("rate(queue_depth[5m]) > 1", "rule/rate-of-gauge"),
        ("increase(node_memory_MemAvailable_bytes[5m]) > 1", "rule/rate-of-gauge"),
    ],
)
def test_a_name_that_is_that_of_a_counter_or_a_gauge_makes_a_hint(
    expression: str, rule: str, tmp_path: Path
) -> None:
    (finding,) = found(tmp_path, alert(expression))
    assert (finding.rule, finding.severity) == (rule, Severity.HINT)
    assert "what its name says" in finding.message


@pytest.mark.parametrize(
    "text",
    [
        "changes(http_errors_total[5m]) > 1",
        "http_errors_total - http_errors_total offset 5m > 1",
        "ceph_pg_total > 100",
        "argocd_repo_pending_request_total > 10",
        "rate(node_network_receive_bytes[5m]) > 1",
        "deriv(queue_depth[5m]) > 1",
        "# types: {http_errors_total: gauge}\nhttp_errors_total > 100",
        "# types: {queue_depth: counter}\nrate(queue_depth[5m]) > 1",
        "- {record: 'a:errors', expr: sum by (job) (http_errors_total)}",
    ],
)
def test_a_name_that_says_nothing_or_a_type_that_is_known_makes_no_hint(text: str, tmp_path: Path) -> None:
    assert found(tmp_path, text) == []


@pytest.mark.parametrize(("interval", "times"), [("10m", 1), ("1m", 0)])
def test_a_metric_is_recorded_too_rarely_by_the_interval_of_the_configuration_too(
    interval: str, times: int, tmp_path: Path
) -> None:
    server = f"# prometheus.yml\nglobal: {{evaluation_interval: {interval}}}\nrule_files: [r.yml]\n"
    rules = "# r.yml\ngroups:\n- name: a\n  rules: [{record: 'job:up:sum', expr: sum by (job) (up)}]\n"
    reader = "- name: b\n  interval: 1m\n  rules: [{alert: A, expr: 'job:up:sum == 0'}]\n"
    assert ids(tmp_path, f"{server}{rules}{reader}").count("rule/recorded-too-rarely") == times


USED = "container_memory_usage_bytes"
LIMIT = "container_spec_memory_limit_bytes"


@pytest.mark.parametrize(
    "expression",
    [
        f"100 * ({USED} / {LIMIT}) > 80",
        f"sum by (name) ({USED}) / sum by (name) ({LIMIT}) >= 0.8",
        f"({USED} / {LIMIT} > 0.8) and {USED} > 1e6",
        "redis_memory_used_bytes / redis_memory_max_bytes * 100 > 90",
    ],
)
def test_a_share_of_a_limit_that_may_not_be_there_is_found(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, alert(expression)) == ["rule/share-of-no-limit"]


@pytest.mark.parametrize(
    "expression",
    [
        f"{USED} / ({LIMIT} > 0) > 0.8",
        f"sum by (name) ({USED}) / sum by (name) ({LIMIT} != 0) > 0.8",
        f"{USED} / {LIMIT} > 0.8 and {LIMIT} > 0",
        f"({USED} / {LIMIT} != Inf) > 0.8",
        f"0.8 < {USED} / {LIMIT} < 2",
        f"{USED} / {LIMIT} < 0.1",
        f"{USED} / clamp_min({LIMIT}, 1e9) > 0.8",
        f"{LIMIT} / {USED} > 5",
        f"{USED} > {LIMIT}",
    ],
)
def test_a_share_that_asks_for_the_limit_is_no_finding(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, alert(expression)) == []


def test_a_query_of_a_text_with_an_action_in_its_quotes_is_found(tmp_path: Path) -> None:
    asked = r"""{{ with query "free_bytes{instance=\"{{ $labels.instance }}\"}" }}{{ . | first | value }}{{ end }}"""
    (finding,) = found(tmp_path, alert("up == 0", f"annotations: {{summary: '{asked}'}}"))
    assert finding.rule == "rule/template-query"
    assert "which nothing fills in" in finding.message


def test_a_query_that_printf_puts_together_is_no_finding(tmp_path: Path) -> None:
    asked = (
        r"""{{ with printf "free_bytes{instance=\"%s\"}" $labels.instance | query }}"""
        "{{ . | first | value }}{{ end }}"
    )
    assert ids(tmp_path, alert("up == 0", f"annotations: {{summary: '{asked}'}}")) == []


@pytest.mark.parametrize(
    "expression",
    ["histogram_quantile(0.9, a_bucket) > 1", "histogram_quantile(0.9, sum by (le) (a_bucket{b='c'})) > 1"],
)
def test_a_quantile_of_buckets_without_a_rate_is_found(expression: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, alert(expression))
    assert (finding.rule, finding.severity) == ("rule/counter-level", Severity.INFO)


@pytest.mark.parametrize(
    "expression",
    [
        "histogram_quantile(0.9, rate(a_bucket[5m])) > 1",
        "histogram_quantile(0.9, sum by (le) (increase(a_bucket[5m]))) > 1",
        "histogram_quantile(0.9, sum by (le) (job:a_bucket:sum_rate)) > 1",
        "histogram_quantile(0.9, a_seconds) > 1",
        "histogram_quantile(0.9, a_bucket - a_bucket offset 5m) > 1",
        "a_bucket{le='5'} > 1",
    ],
)
def test_a_quantile_of_what_came_in_a_window_is_not(expression: str, tmp_path: Path) -> None:
    assert ids(tmp_path, alert(expression)) == []
