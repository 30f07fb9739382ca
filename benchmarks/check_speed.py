"""How fast `promproof check` is: 200 dashboards of 30 panels and 1,000 rules, and a single rule file.

    python -m benchmarks.check_speed            # nice -n 10 on a machine that does something else

Prints rates, and the time of each part as a share of its bound (10 s and 0.5 s of wall time on two idle cores). The
processor time of an empty Python process is printed beside it: on a busy machine both grow alike.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import words

DASHBOARDS, PANELS, RULES, GROUP = 200, 30, 1_000, 20
BOUNDS = {"folder": 10.0, "file": 0.5}
REPEATS = 3
EXPRESSIONS = (
    'sum by (job) (rate(http_requests_total{{job="api-{n}", code=~"5.."}}[5m]))',
    "histogram_quantile(0.95, sum by (le, handler) (rate(http_seconds_bucket{{job='api-{n}'}}[$__rate_interval])))",
    'sum(rate(errors_{n}_total{{instance=~"$instance"}}[5m])) / sum(rate(done_{n}_total{{instance=~"$instance"}}[5m]))',
    "process_resident_memory_bytes{{job='api-{n}'}} / 1024",
    "topk(5, increase(jobs_done_{n}_total[1h]))",
)
INSTANCE = {"name": "instance", "type": "query", "query": "label_values(up, instance)", "includeAll": True}


def dashboard(number: int) -> str:
    """A dashboard as Grafana saves it, indented."""
    source = {"type": "prometheus", "uid": "prom"}
    panels = [
        {
            "id": index,
            "type": "timeseries",
            "title": f"Panel {index}",
            "datasource": source,
            "gridPos": {"x": 0, "y": index * 8, "w": 12, "h": 8},
            "fieldConfig": {"defaults": {"unit": "short", "custom": {"lineWidth": 1, "fillOpacity": 10}}},
            "targets": [
                {
                    "refId": "A",
                    "datasource": source,
                    "expr": EXPRESSIONS[(number + index) % len(EXPRESSIONS)].format(
                        n=number * PANELS + index
                    ),
                    "legendFormat": "{{job}}",
                }
            ],
        }
        for index in range(PANELS)
    ]
    board = {"title": f"Board {number}", "uid": f"board-{number}", "panels": panels}
    return json.dumps({**board, "templating": {"list": [INSTANCE]}}, indent=2)


def rules(first: int, count: int) -> str:
    """A rule file of `count` alerts in groups."""
    lines = ["groups:"]
    for number in range(first, first + count):
        if number % GROUP == 0:
            lines += [f"- name: group-{number}", "  rules:"]
        expression = EXPRESSIONS[number % 2].format(n=number).replace("$__rate_interval", "5m")
        lines += [
            f"  - alert: Alert{number}",
            f"    expr: {expression} > 0.5",
            "    for: 5m",
            "    labels: {severity: critical}",
            "    annotations: {summary: 'job {{ $labels.job }} is at {{ $value }}'}",
        ]
    return "\n".join(lines) + "\n"


def write(folder: Path) -> Path:
    """The files, and one of the rule files."""
    for number in range(DASHBOARDS):
        (folder / f"board-{number}.json").write_text(dashboard(number), encoding="utf-8")
    for first in range(0, RULES, 100):
        (folder / f"rules-{first}.yml").write_text(rules(first, 100), encoding="utf-8")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 15s}\nrule_files: [rules-*.yml]\nscrape_configs: [{job_name: api}]\n",
        encoding="utf-8",
    )
    return folder / "rules-0.yml"


def timed(*command: str) -> tuple[float, float]:
    """The best wall and processor time of a command, in seconds."""
    best = (float("inf"), float("inf"))
    for _ in range(REPEATS):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.returncode in (0, 1), done.stderr + done.stdout[-2000:]
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = min(best[0], wall), min(best[1], busy)
    return best


def main() -> None:
    """Print the figures."""
    words.nothing(__doc__)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # who installs a program has it compiled
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = write(folder)
        os.environ["PYTHONPYCACHEPREFIX"] = str(folder / ".pycache")
        check = (sys.executable, "-m", "promproof", "check", "--severity", "info")
        wall, busy = timed(*check, name)
        print(f"{DASHBOARDS} dashboards of {PANELS} panels and {RULES} rules:")
        print(f"  {wall:.2f} s wall, {busy:.2f} s of processor, {wall / BOUNDS['folder']:.0%} of the bound")
        print(f"  {DASHBOARDS * PANELS / wall:,.0f} panels and {RULES / wall:,.0f} rules in a second")
        single = timed(*check, str(file))
        empty = timed(sys.executable, "-c", "pass")
        print("one file of 100 rules:")
        print(
            f"  {single[0]:.2f} s wall, {single[1]:.2f} s of processor, {single[0] / BOUNDS['file']:.0%} of the bound"
        )
        print(f"  {single[1] / empty[1]:.0f} times an empty Python process, of {empty[1]:.3f} s")


if __name__ == "__main__":
    main()
