"""A stack that runs already and is fast by itself: what is shipped, with every duration a sixtieth, as files.

A run that only looks at it takes it at time scale 1, and its drills end within a minute.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import yaml

from promproof.config.timescale import TimeScale
from promproof.contract.model import seconds
from promproof.observe.prometheus import Prometheus
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING, REPOSITORY
from promproof.render.monitoring import Rendered, render
from promproof.stack.binaries import find_binaries
from promproof.stack.children import start_child, stop_all
from promproof.stack.journal import Journal
from promproof.stack.ports import allocate_ports
from promproof.stack.processes import Ports, ProcessStack
from promproof.stack.waiting import unmet_http, wait_until
from tests.twins.folders import changed

TOKEN = "token-of-the-tests"
SCALE = TimeScale(60)
SECONDS = 60.0
WINDOW = "5s"
SETTINGS = {
    "scrape_interval",
    "scrape_timeout",
    "evaluation_interval",
    "group_wait",
    "group_interval",
    "repeat_interval",
    "interval",
    "query_offset",
}
"""The settings that are durations, for all or for one of OWN."""
OWN = ("receivers", "jobs", "groups")


@dataclass(frozen=True)
class Fast:
    """Where it runs, and the files that document it."""

    api: str
    faults: str
    prometheus: str
    alertmanager: str
    monitoring: Path
    contract: Path

    @property
    def arguments(self) -> list[str]:
        """The options with which a run only looks at it."""
        return [
            "--target",
            self.api,
            "--prometheus",
            self.prometheus,
            "--alertmanager",
            self.alertmanager,
            "--fault-url",
            self.faults,
            "--fault-token",
            TOKEN,
            "--monitoring",
            str(self.monitoring),
            "--contract",
            str(self.contract),
        ]


def _environment(where: Path) -> dict[str, str]:
    return {
        "PROMPTPILOT_FAULT_TOKEN": TOKEN,
        "PROMPTPILOT_DATABASE_URL": f"sqlite:///{where}/promptpilot.db",
        "PROMPTPILOT_ACTIVE_USERS_WINDOW": WINDOW,
    }


@contextmanager
def running(
    where: Path, changes: Sequence[tuple[str, str, str]] = (), told: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Fast]:
    """Start all of it. changes: texts (file, before, after) in which what runs is not what is documented.

    told: the URLs of receivers that are told elsewhere than the target.
    """
    api, faults = allocate_ports(2)
    shipped = changed(where / "shipped", ()), changed(where / "changed", changes)

    def rendered(source: Path, out: Path, ports: Ports) -> Rendered:
        addresses = {
            "promptpilot-api": f"127.0.0.1:{api}",
            "prometheus": ports.address("prometheus"),
            "node": ports.address("node_exporter"),
            "alertmanager": ports.address("alertmanager"),
        }
        receivers = dict.fromkeys(("webhook", "operator"), f"http://127.0.0.1:{api}/api/v1/alerts")
        receivers.update(told)
        return render(
            source,
            out,
            scale=SCALE,
            addresses=addresses,
            alertmanager=ports.address("alertmanager"),
            receivers=receivers,
        )

    def configure(ports: Ports) -> Rendered:
        rendered(shipped[0], where / "monitoring", ports)
        return rendered(shipped[1], where / "running", ports)

    command = [sys.executable, "-m", "promptpilot", "--port", str(api), "--fault-port", str(faults)]
    with ExitStack() as cleanup:
        child = start_child(
            command, name="api", log=where / "api.log", cwd=REPOSITORY, env=_environment(where)
        )
        cleanup.callback(stop_all, [child])
        wait_until(partial(unmet_http, f"http://127.0.0.1:{api}/health"), SECONDS)
        journal = cleanup.enter_context(Journal(where / "runs"))
        stack = ProcessStack(find_binaries(), configure, where / "stack", SCALE, journal)
        cleanup.enter_context(stack)
        prometheus = Prometheus(stack.endpoints.prometheus)
        cleanup.callback(prometheus.close)
        wait_until(lambda: "" if prometheus.query("up == 1") else "nothing was scraped", SECONDS)
        assert stack.endpoints.alertmanager is not None
        yield Fast(
            f"http://127.0.0.1:{api}",
            f"http://127.0.0.1:{faults}",
            stack.endpoints.prometheus,
            stack.endpoints.alertmanager,
            where / "monitoring",
            contract(where / "monitoring" / DEFAULT_CONTRACT.name),
        )


def contract(out: Path) -> Path:
    """The shipped contract with the durations of its alerts and settings a sixtieth, and the users' window."""
    data = yaml.safe_load(DEFAULT_CONTRACT.read_text(encoding="utf-8"))
    for metric in data["metrics"]:
        if metric["truth"]["kind"] == "distinct_users":
            metric["truth"]["window"] = WINDOW
    for alert in data["alerts"]:
        for key in ("window", "short_window", "for"):
            if key in alert:
                alert[key] = f"{round(1000 * SCALE.seconds(seconds(alert[key])))}ms"
    settings = data["settings"]
    for own in (settings, *(own for key in OWN for own in settings.get(key, {}).values())):
        own.update({key: SCALE.duration(own[key]) for key in own.keys() & SETTINGS})
    out.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")
    for name in ("scenarios", "docs"):  # the contract names them by their place beside it
        if not (out.parent.parent / name).exists():
            (out.parent.parent / name).symlink_to(REPOSITORY / name)
    for name in ("docker-compose.yml", "grafana"):
        source = DEFAULT_MONITORING / name
        if not (out.parent / name).exists():
            (shutil.copytree if source.is_dir() else shutil.copy)(source, out.parent / name)
    return out
