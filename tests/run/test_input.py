"""Bad input is told with file, line and key before anything starts."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from promproof.config.arithmetic import evaluate
from promproof.config.timescale import TimeScale
from promproof.contract import model as contracts
from promproof.contract.documentation import parse as parse_page
from promproof.drills import drill as drills
from promproof.drills.drill import Loaded
from promproof.drills.plan import power_gate
from promproof.errors import InputError
from promproof.evidence.records import Timing
from promproof.load import baseline
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING, REPOSITORY
from promproof.run.options import Options
from promproof.run.prepare import check_target, prepare

pytestmark = pytest.mark.unit
DRILL = REPOSITORY / "scenarios" / "drills" / "high-error-rate.yaml"
TIMING = Timing(0.05, window=5, hold=5, scrape=0.25, evaluation=0.25, group_wait=0.5, group_interval=1)


@pytest.mark.parametrize(
    ("before", "after", "key", "words"),
    [
        ("    type: histogram", "    type: histgram", "metrics.1.type", "histgram"),
        ("    unit: requests", "    units: requests", "metrics.0.units", "unknown key"),
        ("threshold: 0.05\n    guards", "threshold: five\n    guards", "alerts.0.threshold", "five"),
        ("    for: 1m", "    for: 1 minute", "alerts.4.for", "1 minute"),
        ("name: SlowResponses", "name: HighErrorRate", "named twice", "HighErrorRate"),
        (
            "{kind: requests, before_answer: true, at_end: true}",
            "{kind: promql}",
            "metrics.0.truth",
            "promql",
        ),
        ("buckets: [0.005, 0.01", "buckets: [0.01, 0.005", "metrics.1", "ascend"),
        ("contract: 1", "contract: 2", "contract", "2"),
        (
            "alert: HighCPUUsage",
            "alert: HighCpu",
            "System Overview, CPU Usage",
            "no alert is called 'HighCpu'",
        ),
        (
            "{kind: rate, metric: http_requests_total}",
            "{kind: rate, metric: http_total}",
            "HTTP Request Rate",
            "http_total",
        ),
        (
            "{kind: rate, metric: http_requests_total}",
            "{kind: rate, metric: active_users}",
            "HTTP Request Rate",
            "does not count",
        ),
        ("by: [method, endpoint]}", "by: [verb, endpoint]}", "Request Rate by Endpoint", "has no label verb"),
        ("part: {status: success}}", "part: {state: success}}", "Success Rates", "has no label state"),
        (
            "quantile, metric: http_request_duration_seconds, q",
            "quantile, metric: http_requests_total, q",
            "Percentiles",
            "histogram",
        ),
        ("label: prompt_id", "label: prompt", "Average Execution Time", "has no label prompt"),
        ("uid: http-performance", "uid: system-overview", "uid named twice", "system-overview"),
        ("title: Error Rate", "title: cpu-usage", "dashboards.0", "panel named twice: cpu-usage"),
        ("figure: cpu_used", "figure: cpu", "dashboards.0.panels.4.truth", "cpu"),
        ("part: {status: success}}", "part: {status: '('}}", "part.status", "not a regular expression"),
        ("rate: 20 * q", "rate: q ** 9", "alerts.0.boundary.series.0", "not arithmetic"),
        ("rate: 20 * q", "rate: q * 1e308 * 1e308", "alerts.0.boundary.series.0", "not finite"),
        ("    for: 1m", "    for: 300y", "alerts.4.for", "over 292 years"),
        ("threshold: 0.05\n    guards", "threshold: .nan\n    guards", "alerts.0.threshold", "finite"),
        (
            'labels: {prompt_id: {pattern: "[0-9]+|other"}}\n    born: [{prompt_id: [other]}]',
            "labels: {}",
            "metrics.5",
            "only label is its subject",
        ),
    ],
)
def test_a_wrong_contract_is_refused_with_its_place(
    tmp_path: Path, before: str, after: str, key: str, words: str
) -> None:
    text = DEFAULT_CONTRACT.read_text(encoding="utf-8")
    assert before in text
    path = tmp_path / "contract.yaml"
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        contracts.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:")
    assert key in message
    assert words in message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options.of(app="x", target="http://127.0.0.1:1"), "exclude each other"),
        (Options.of(stack="external"), "needs --prometheus"),
        (Options.of(prometheus="http://127.0.0.1:1"), "needs --target"),
        (Options.of(target="127.0.0.1:1"), "no usable URL"),
        (Options.of(grafana="localhost:3000"), "'localhost:3000' is no usable URL"),
        (Options.of(target="http://127.0.0.1:1", fault_url="http://127.0.0.1:2"), "belong together"),
        (Options.of(instance="api:8000"), "Prometheus that runs already"),
        (Options.of(database="sqlite:///x.db"), "target that runs already"),
        (Options.of(stack="containers", prometheus="http://127.0.0.1:1"), "a Prometheus of its own"),
        (Options.of(time_scale=0.5), "time scale"),
        (
            Options.of(target="http://127.0.0.1:1", prometheus="http://127.0.0.1:2", time_scale=60),
            "keeps its durations",
        ),
        (Options.of(monitoring=Path("nowhere")), "no Prometheus configuration"),
        (Options.of(contract=Path("nowhere.yaml")), "cannot be read"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: Options, words: str) -> None:
    with pytest.raises(InputError, match=words):
        prepare(options)


def test_a_drill_too_weak_to_tell_its_sides_apart_is_refused() -> None:
    alert = contracts.load(DEFAULT_CONTRACT).alert("HighErrorRate")
    drill = drills.load(DRILL)

    def gate(**changed: float) -> None:
        loaded = Loaded(plan=drill.model_copy(update=changed), path=DRILL)
        power_gate(loaded, alert, TIMING, TimeScale(60), ())

    gate()
    with pytest.raises(InputError, match="600 are needed") as caught:
        gate(rate=60.0)
    assert "rate: 127 or more" in str(caught.value)
    assert re.search(r"high-error-rate\.yaml:\d+", str(caught.value))
    with pytest.raises(InputError, match="do not enclose"):
        gate(above=0.048)


def test_a_drill_file_with_a_mistake_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "drill.yaml"
    for before, after, words in (
        ("below: 0.045", "below: 4.5", "below"),
        ("kind: errors", "kind: slow", "delay"),
        ("alert: HighErrorRate", "alarm: HighErrorRate", "alarm"),
    ):
        path.write_text(DRILL.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
        with pytest.raises(InputError, match=words):
            drills.load(path)


def test_only_arithmetic_is_evaluated() -> None:
    assert evaluate("100 * (1 - q)", 0.25) == 75
    assert evaluate("1 * (q > 0.5)", 0.4) == 0
    for text in ("__import__('os')", "q ** 9", "x", "q if q else 1", "1 +"):
        with pytest.raises(ValueError, match="not arithmetic"):
            evaluate(text, 1.0)


def test_a_broken_rule_is_found_before_anything_starts(tmp_path: Path) -> None:
    folder = tmp_path / "monitoring"
    shutil.copytree(DEFAULT_MONITORING, folder)
    path = folder / "prometheus" / "rules" / "http.yml"
    text = path.read_text(encoding="utf-8")
    line = next(number for number, row in enumerate(text.splitlines(), 1) if "expr:" in row)
    path.write_text(text.replace("sum by", "sum by by", 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        prepare(Options.of(monitoring=folder))
    assert f"http.yml:{line}" in str(caught.value)
    path.write_text(text.replace("groups:", "groups: [", 1), encoding="utf-8")
    with pytest.raises(InputError, match="not YAML"):
        prepare(Options.of(monitoring=folder))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"parts": None}, "not a run of a baseline"),
        ({"parts": {"p50": [10**400]}}, "not a run of a baseline"),
        ({"parts": {"p50": [-1]}}, "no measured number"),
        ({"parts": {"p50": "12345"}}, "is no list"),
        ({"baseline": [1]}, "expected 1"),
    ],
    ids=["null", "huge", "negative", "text", "version"],
)
def test_a_baseline_line_that_is_none_is_reported_with_its_line(
    tmp_path: Path, changed: dict[str, object], words: str
) -> None:
    path = tmp_path / "baseline.jsonl"
    row = {"baseline": 1, "scenario": "steady", "parts": {name: [0.1] for name in baseline.QUANTITIES}}
    path.write_text(json.dumps(row) + "\n\n" + json.dumps(row | changed) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        baseline.load(path, "steady")
    assert caught.value.where == f"{path}:3"


def test_a_pipe_in_place_of_a_page_or_a_baseline_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for read in (parse_page, lambda path: baseline.load(path, "steady")):
        with pytest.raises(InputError, match="no regular file"):
            read(tmp_path / "pipe")


def test_a_contract_without_a_way_to_start_its_target_is_told_first(
    tmp_path: Path,
) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text("contract: 1\nservice: hits\n", encoding="utf-8")
    monitoring = tmp_path / "monitoring"
    monitoring.mkdir()
    job = "scrape_configs: [{job_name: hits, static_configs: [{targets: ['hits:80']}]}]\n"
    (monitoring / "prometheus.yml").write_text(job, encoding="utf-8")
    prepared = prepare(
        Options.of(contract=path, monitoring=monitoring)
    )  # its files can be judged all the same
    with pytest.raises(InputError, match="nothing says how the target is started") as caught:
        check_target(prepared)
    assert caught.value.where == str(path)


def test_a_folder_of_the_target_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "contract.yaml"
    target = "{app: 'server {port}', directory: nowhere-at-all}"
    path.write_text(f"contract: 1\nservice: hits\ntarget: {target}\n", encoding="utf-8")
    job = "scrape_configs: [{job_name: hits, static_configs: [{targets: ['hits:80']}]}]\n"
    (tmp_path / "prometheus.yml").write_text(job, encoding="utf-8")
    with pytest.raises(InputError, match="nowhere-at-all is no folder"):
        check_target(prepare(Options.of(contract=path, monitoring=tmp_path)))
