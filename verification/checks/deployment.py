"""deployment/…: what the compose file promises, judged on the file as Compose resolves it (`config --format json`).

The record `deployment` holds that document under `config`. Nothing has to run for these claims.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from verification.checks.base import Check, Claim, findings
from verification.contract import Contract
from verification.evidence import Evidence
from verification.verdict import Verdict

PORTS = {"prometheus": 9090, "grafana": 3001, "node-exporter": 9100, "alertmanager": 9093, "cadvisor": 8080}
"""The page's list of services and ports."""
MOUNTS = {"prometheus": "/etc/prometheus", "alertmanager": "/etc/alertmanager"}
RETENTION = ("--storage.tsdb.retention.time=15d", "--storage.tsdb.retention.size=8GB")


def _one(claim_id: str) -> Callable[[Contract], list[Claim]]:
    return lambda contract: [Claim(claim_id)]


def wrong_ports(services: dict[str, Any]) -> list[str]:
    """Services without their documented port, and ports that are published on more than 127.0.0.1."""
    found = []
    for name, port in PORTS.items():
        published = [str(one.get("published")) for one in services.get(name, {}).get("ports") or ()]
        if str(port) not in published:
            found.append(f"{name} is not on port {port}: {published or 'nothing'} published")
    for name, service in services.items():
        found += [
            f"{name} publishes {one.get('published')} on {one.get('host_ip') or 'all addresses'}"
            for one in service.get("ports") or ()
            if one.get("host_ip") != "127.0.0.1"
        ]
    return found


def unpinned_images(services: dict[str, Any]) -> list[str]:
    """Images that may be another one tomorrow; the API's own is built here."""
    found = []
    for name, service in services.items():
        image = str(service.get("image", ""))
        tag = image.rpartition("/")[2].partition(":")[2]
        if "build" not in service and "@" not in image and tag in ("", "latest"):
            found.append(f"{name} uses {image}, which is not pinned")
    return found


def wrong_storage(services: dict[str, Any]) -> list[str]:
    """Configuration that is not mounted read-only, retention that is not the documented, data without a volume."""
    found = []
    for name, target in MOUNTS.items():
        mounts = {one["target"]: one for one in services.get(name, {}).get("volumes") or ()}
        if target not in mounts:
            found.append(f"{name} has no {target}: its configuration is not mounted")
        elif not mounts[target].get("read_only"):
            found.append(f"{name} may write to {target}")
    prometheus = services.get("prometheus", {})
    found += [
        f"prometheus runs without {one}" for one in RETENTION if one not in (prometheus.get("command") or ())
    ]
    data = [one for one in prometheus.get("volumes") or () if one["target"] == "/prometheus"]
    if not data or data[0]["type"] != "volume":
        found.append("prometheus keeps /prometheus in no named volume")
    return found


def _judge(
    look: Callable[[dict[str, Any]], list[str]], good: str, expected: str
) -> Callable[[Claim, Evidence], Verdict]:
    def judge(claim: Claim, evidence: Evidence) -> Verdict:
        record = evidence.need("deployment")
        services = record.data["config"]["services"]
        return findings(claim, look(services), good=good, expected=expected, evidence=[record.number])

    return judge


CHECKS = [
    Check(
        "deployment-ports",
        _one("deployment/ports"),
        _judge(wrong_ports, "documented ports, on loopback", "the page's ports, on 127.0.0.1 only"),
    ),
    Check(
        "deployment-images",
        _one("deployment/images-pinned"),
        _judge(unpinned_images, "all images pinned", "a version for every image, none `latest`"),
    ),
    Check(
        "deployment-storage",
        _one("deployment/storage"),
        _judge(
            wrong_storage,
            "mounts, retention and volume as documented",
            "read-only mounts, 15d, 8GB, a volume",
        ),
    ),
]
