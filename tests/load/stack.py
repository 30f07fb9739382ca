"""A real API and a real Prometheus that scrapes it four times a second, with one alert whose windows are short."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from promproof.stack.binaries import find_binaries
from promproof.stack.children import start_child, stop_all
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session, unmet_http, wait_until
from tests.load.processes import ROOT

TOKEN = "token-of-the-tests"
SECONDS = 60.0
PROMETHEUS = """
global: {{scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}}
rule_files: [rules.yml]
scrape_configs:
  - job_name: promptpilot-api
    static_configs: [{{targets: ["127.0.0.1:{api}"]}}]
"""
RULES = """
groups:
  - name: http
    rules:
      - alert: HighErrorRate
        expr: |
          sum by (job) (rate(http_requests_total{job="promptpilot-api",status=~"5.."}[5s]))
            / sum by (job) (rate(http_requests_total{job="promptpilot-api"}[5s])) > 0.05
        for: 1s
"""


@dataclass(frozen=True)
class Running:
    """Addresses of what runs."""

    api: str
    faults: str
    prometheus: str


def _unscraped(prometheus: str) -> str:
    with loopback_session() as session:
        answer = session.get(
            f"{prometheus}/api/v1/query", params={"query": "up == 1"}, timeout=SECONDS
        ).json()
    return "" if answer["data"]["result"] else "the API has not been scraped yet"


@contextmanager
def running(folder: Path, variant: str | None = None) -> Iterator[Running]:
    """Start both; `variant` is a broken API of the twins."""
    api, faults, prometheus = allocate_ports(3)
    program = (
        ["-m", "promptpilot"] if variant is None else [str(ROOT / "tests" / "twins" / "variants.py"), variant]
    )
    environment = {
        "PROMPTPILOT_FAULT_TOKEN": TOKEN,
        "PROMPTPILOT_DATABASE_URL": f"sqlite:///{folder}/promptpilot.db",
    }
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(api=api), encoding="utf-8")
    (folder / "rules.yml").write_text(RULES, encoding="utf-8")
    children = [
        start_child(
            [sys.executable, *program, "--port", str(api), "--fault-port", str(faults)],
            name="api",
            log=folder / "api.log",
            cwd=ROOT,
            env=environment,
        ),
        start_child(
            [
                str(find_binaries().prometheus.path),
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{prometheus}",
            ],
            name="prometheus",
            log=folder / "prometheus.log",
        ),
    ]
    found = Running(f"http://127.0.0.1:{api}", f"http://127.0.0.1:{faults}", f"http://127.0.0.1:{prometheus}")
    try:
        wait_until(partial(unmet_http, f"{found.api}/health"), SECONDS)
        wait_until(partial(unmet_http, f"{found.prometheus}/-/ready"), SECONDS)
        wait_until(partial(_unscraped, found.prometheus), SECONDS)
        yield found
    finally:
        stop_all(children)
