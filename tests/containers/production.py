"""The production examples as their README says: the documented file and the example on top, driven and compared."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import requests
import yaml

from promproof.checks import CHECKS
from promproof.config.timescale import TimeScale
from promproof.config.yamlfile import load
from promproof.contract.model import load as load_contract
from promproof.observe.prometheus import Prometheus
from promproof.stack import compose
from promproof.stack.images import local_images
from promproof.stack.journal import Journal
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session, unmet_http, wait_until
from tests.containers.bench import MONITORING, ROOT

PRODUCTION = MONITORING / "production"
SCALE = TimeScale(60)
SHIPPED = ("prometheus", "alertmanager", "node-exporter", "api")
DEADLINE = 60.0


@dataclass
class Example:
    """An example that is up: the folder of its files, its compose project and the published ports by variable."""

    folder: Path
    project: compose.Project
    ports: Mapping[str, int]
    database: str

    def url(self, variable: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.ports[variable]}"


@contextmanager
def up(
    journal: Journal,
    folder: Path,
    name: str,
    extra: tuple[str, ...],
    configurations: Mapping[str, Path],
    variables: Mapping[str, str] | None = None,
) -> Iterator[Example]:
    names = (
        "PROMETHEUS_PORT",
        "ALERTMANAGER_PORT",
        "NODE_EXPORTER_PORT",
        "API_PORT",
        "GRAFANA_PORT",
        "STORE_PORT",
    )
    ports = dict(zip(names, allocate_ports(len(names)), strict=True))
    database = f"sqlite:///{folder}/data/promptpilot.db"
    own = {"PROMPTPILOT_DATABASE_URL": database, "API_USER": f"{os.getuid()}:{os.getgid()}"}
    values = {**local_images(), **own, **{key: str(port) for key, port in ports.items()}, **(variables or {})}
    env_file = folder / "variables.env"
    env_file.write_text("".join(f"{key}={value}\n" for key, value in values.items()), encoding="utf-8")
    services: dict[str, Any] = {
        service: {"restart": "no", "pull_policy": "never"} for service in (*SHIPPED, *extra)
    }
    rules = folder / "rules"
    rules.mkdir()
    for file in (MONITORING / "prometheus" / "rules").glob("*.yml"):
        (rules / file.name).write_text(
            yaml.safe_dump(SCALE.rule_file(load(file, "rules").data)), encoding="utf-8"
        )
    data = folder / "data"
    data.mkdir()
    services["api"]["volumes"] = [f"{data}:{data}"]
    services["prometheus"]["volumes"] = [f"{rules}:/etc/prometheus/rules:ro"]
    for service, path in configurations.items():
        services[service].setdefault("volumes", []).append(
            f"{_scaled(path, folder)}:/etc/prometheus/prometheus.yml:ro"
        )
    override = folder / "override.yml"
    override.write_text(yaml.safe_dump({"services": services}), encoding="utf-8")
    files = [MONITORING / "docker-compose.yml", PRODUCTION / name / "docker-compose.yml", override]
    project = compose.Project(compose.project_name(journal.run), files, env_file, ["api"])
    project.services = list(services)
    project.start()
    example = Example(folder, project, ports, database)
    wait_until(partial(unmet_http, f"{example.url('API_PORT')}/metrics"), DEADLINE)  # it counts nowhere
    yield example


def _scaled(path: Path, folder: Path) -> Path:
    """A configuration at the run's time scale, without the targets that have no image here."""
    data = SCALE.prometheus(load(path, "a Prometheus configuration").data)
    data["scrape_configs"] = [job for job in data["scrape_configs"] if job["job_name"] != "cadvisor"]
    scaled = folder / f"{path.parent.name}.yml"
    scaled.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    return scaled


def drive(url: str, count: int) -> None:
    """Requests whose number is known: `count` lists and three unknown prompts."""
    with loopback_session() as session:
        for _ in range(count):
            session.get(f"{url}/api/v1/prompts", timeout=5).raise_for_status()
        for _ in range(3):
            assert session.get(f"{url}/api/v1/prompts/999", timeout=5).status_code == requests.codes.not_found


def application_series(url: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """What the API itself says now, without the figures of its process, which move by themselves."""
    from promproof.exposition import parse

    with loopback_session() as session:
        parsed = parse(session.get(f"{url}/metrics", timeout=5).text)
    return {
        (name, frozenset(labels)): value
        for (name, labels), value in parsed.values.items()
        if not name.startswith(("process_", "python_"))
    }


def stored_series(prometheus: Prometheus) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """The newest stored values of the API's series, without the labels that tell where they were scraped.

    What rules record of them (a colon is in its name) has their job too, and is not the API's.
    """
    found = {}
    for labels, value in prometheus.query(
        '{job="promptpilot-api",__name__!~"up|scrape_.*|process_.*|python_.*|.*:.*"}'
    ):
        rest = {key: text for key, text in labels if key not in ("__name__", "job", "instance")}
        found[dict(labels)["__name__"], frozenset(rest.items())] = value
    return found


# VictoriaMetrics keeps decimal numbers, converted with a precision of 1e12 (lib/decimal/decimal.go): counts are exact,
# sums of seconds lose their last digits.
STORE_DIGITS = 1e-12
# So every claim about a metric is verified through it but one: that a sum is stored to the last digit.
CONTRACT = load_contract(MONITORING / "contract.yaml")
STORE_CLAIMS = [
    claim.id
    for check in CHECKS
    for claim in check.claims(CONTRACT)
    if claim.id.startswith("metric/")
    and not (claim.id.endswith("/stored") and CONTRACT.metric(claim.subject).truth.kind == "rows_sum")
]


def await_equal(api: str, server: str, *, relative: float = 0.0) -> int:
    """Wait until a server holds what the API says, to within `relative`; returns the number of series."""
    prometheus = Prometheus(server)
    count = 0

    def unmet() -> str:
        nonlocal count
        wanted = application_series(api)  # anew: an alert of a busy machine is a request too
        count = len(wanted)
        seen = stored_series(prometheus)
        wrong = [
            key
            for key in wanted.keys() | seen.keys()
            if not math.isclose(wanted.get(key, math.nan), seen.get(key, math.nan), rel_tol=relative)
        ]
        shown = [f"{key}: {wanted.get(key)!r} is {seen.get(key)!r}" for key in wrong[:2]]
        return f"{len(wrong)} of {len(wanted)} series differ: {shown}" if wrong else ""

    try:
        wait_until(unmet, DEADLINE)
    finally:
        prometheus.close()
    return count


def metric_suite(
    example: Example, folder: Path, configuration: Path, server: str, claims: Sequence[str] = ("metric/",)
) -> str:
    """Run the metric suite on an example's API through one of its servers; what it printed, when it exits with 0.

    The example's intervals are scaled in its files, so that the suite takes them as they are, at scale 1.
    """
    monitoring = folder / "monitoring"
    (monitoring / "prometheus" / "rules").mkdir(parents=True)
    data = load(configuration, "the scaled configuration").data
    data.pop("rule_files", None)
    (monitoring / "prometheus" / "prometheus.yml").write_text(yaml.safe_dump(data), encoding="utf-8")
    text = (MONITORING / "contract.yaml").read_text(encoding="utf-8")
    assert "window: 5m}" in text
    text = text.replace("window: 5m}", "window: 5s}").replace("../", f"{ROOT}/")
    contract = monitoring / "contract.yaml"
    contract.write_text(text, encoding="utf-8")
    options = {
        "--contract": contract,
        "--monitoring": monitoring,
        "--target": example.url("API_PORT"),
        "--prometheus": server,
        "--instance": "api:8000",
        "--database": example.database,
        "--reports": folder / "reports",
    }
    command = [sys.executable, "-m", "promproof", "verify"]
    command += ["--no-drill", *(str(word) for pair in options.items() for word in pair)]
    command += [word for claim in claims for word in ("--claim", claim)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
