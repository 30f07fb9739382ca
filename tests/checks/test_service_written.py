"""What of a compose service is a mistake although nobody promises it: a log of a moment, one variable of two ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.checks.deployment_written import _differences
from promproof.contract.deployment import Written
from promproof.findings.checking import Subject
from promproof.findings.facts import facts

pytestmark = pytest.mark.unit
BOTH = """
services:
  prometheus:
    image: prom/prometheus:v3.5.0
    restart: always
    logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
    ports: ["${PROMETHEUS_PORT:-9090}:9090"]
  grafana:
    image: grafana/grafana:12.2.0
    restart: always
    ports: ["127.0.0.1:${GRAFANA_PORT:-3000}:3000"]
"""


def told(text: str, folder: Path) -> list[str]:
    file = folder / "docker-compose.yml"
    file.write_text(text, encoding="utf-8")
    services = facts(Subject((folder,), root=folder).setup(), None, compose=file)["services"]
    return [
        found
        for service in services.values()
        for found in _differences(Written(), service, set())
        if "log" in found or "moves its port" in found
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("10m", "200k"),
        ("10m", "100k"),
        ("10m", "-1"),
        ("10m", "'${LOG_SIZE}'"),
        ("max-size: 10m, ", ""),
        ("json-file, options: {max-size: 10m", "syslog, options: {syslog-address: 'udp://log:514'"),
        ("${GRAFANA_PORT:-3000}", "${PROMETHEUS_PORT:-9090}"),
        ("${GRAFANA_PORT:-3000}", "3000"),
        (
            "restart: always",
            "restart: always\n    profiles: [NAME]",
        ),
    ],
)
def test_what_a_stranger_has_is_no_finding(old: str, new: str, tmp_path: Path) -> None:
    text = BOTH.replace(old, new) if old else BOTH
    if "NAME" in text:  # each in a profile of its own
        text = (
            text.replace("NAME", "one", 1).replace("NAME", "other").replace("GRAFANA_PORT", "PROMETHEUS_PORT")
        )
    assert told(text, tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("10m", "10k", "keeps 30 KiB of its log"),
        ("GRAFANA_PORT", "PROMETHEUS_PORT", "PROMETHEUS_PORT moves its port, and that of another service"),
    ],
)
def test_a_log_of_a_moment_and_a_variable_of_two_ports_are_told(
    old: str, new: str, said: str, tmp_path: Path
) -> None:
    found = told(BOTH.replace(old, new), tmp_path)
    assert found
    assert all(said in text for text in found)
