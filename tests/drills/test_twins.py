"""Must-fail twins through the real command: one thing broken, and the right claims do not pass.

Most of them are about HighMemoryUsage, which needs no traffic: several runs fit side by side on a small machine.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import chosen
from tests.drills.bench import Ran, drill, folder
from verification.drills.drill import FOLDER

pytestmark = [pytest.mark.stack, pytest.mark.whole_run]
RESOURCES = "prometheus/rules/resources.yml"
ALERTMANAGER = "alertmanager/alertmanager.yml"
AT_ONCE = 5
INHIBITION = """inhibit_rules:
  - source_matchers: [alertname = "HighMemoryUsage"]
    target_matchers: [severity = "warning"]
    equal: [job]

receivers:
  - name: webhook
"""
TOGETHER = ("name: High", "together: both\nname: High")


@dataclass(frozen=True)
class Twin:
    """A change of the monitoring folder or of the harness, and the aspects that must not pass, by drill."""

    name: str
    changes: tuple[tuple[str, str, str], ...] = ()
    broken: str = ""
    drills: tuple[str, ...] = ("HighMemoryUsage",)
    red: frozenset[str] = frozenset()
    status: int = 1
    own: tuple[tuple[str, str, str], ...] = field(default=())
    """Changes of drill and scenario files: (file, before, after)."""


def _rule(name: str, before: str, after: str, *red: str) -> Twin:
    return Twin(name, ((RESOURCES, before, after),), red=frozenset(f"HighMemoryUsage/{one}" for one in red))


DEAD = Twin(
    "a webhook that dies",
    broken="dead-webhook",
    red=frozenset({"HighMemoryUsage/notified", "HighMemoryUsage/resolved", "HighMemoryUsage/quiet"}),
    status=2,
)
TWINS = (
    _rule("threshold off by a point", "> 0.85", "> 0.86", "fires-above", "notified"),
    _rule("comparator turned", "> 0.85", "< 0.85", "silent-below"),
    _rule("for doubled", "for: 5m", "for: 10m", "fires-above", "notified"),
    _rule("another metric in the ratio", "node_memory_MemAvailable_bytes", "node_memory_MemFree_bytes", "silent-below"),
    _rule("a label that nothing has", 'Total_bytes{job="node"}', 'Total_bytes{job="nodes"}', "fires-above", "notified"),
    _rule("an annotation without its value", "$value | humanizePercentage", "$labels.value", "notified"),
    Twin(
        "route to another receiver",
        ((ALERTMANAGER, "    - receiver: webhook\n", "    - receiver: operator\n"),),
        red=frozenset({"HighMemoryUsage/notified", "HighMemoryUsage/resolved"}),
    ),
    Twin(
        "resolved notifications off",
        ((ALERTMANAGER, "send_resolved: true", "send_resolved: false"),),
        red=frozenset({"HighMemoryUsage/resolved"}),
    ),
    Twin(
        "an inhibition that is too wide",
        ((ALERTMANAGER, "receivers:\n  - name: webhook\n", INHIBITION),),
        drills=("HighMemoryUsage", "HighCPUUsage"),
        red=frozenset({"HighCPUUsage/notified"}),
        own=(("high-memory-usage.yaml", *TOGETHER), ("high-cpu-usage.yaml", *TOGETHER)),
    ),
    Twin(
        "a fault that injects half",
        broken="half-dose",
        red=frozenset({"HighMemoryUsage/three-ledgers", "HighMemoryUsage/fires-above"}),
        status=2,
    ),
    Twin("a webhook that drops every second call", broken="deaf-webhook", red=frozenset({"HighMemoryUsage/resolved"})),
    DEAD,
    Twin(
        "traffic that stops before it is judged",
        drills=("HighErrorRate",),
        red=frozenset({"HighErrorRate/fires-above", "HighErrorRate/three-ledgers"}),
        status=2,
        own=(
            ("high-error-rate.yaml", "name: High", "name: High"),
            ("steady.yaml", "duration: 60s", "duration: 60s\nmax_requests: 2500"),
        ),
    ),
)  # fmt: skip
GOOD = Twin("nothing broken", status=0)
PATH = Twin(
    "the path's own drills",
    drills=("WebhookFails", "AlertmanagerRestarts", "PrometheusRestarts", "Intermittent"),
    status=0,
)


def run(twin: Twin, where: Path) -> Ran:
    where.mkdir()
    arguments = [*twin.drills, "--monitoring", str(folder(where / "monitoring", twin.changes))]
    if twin.own:
        arguments += ["--drills", str(_drills(where / "drills", twin))]
    return drill(where / "reports", *arguments, broken=twin.broken)


def _drills(out: Path, twin: Twin) -> Path:
    out.mkdir()
    for name, before, after in twin.own:
        shipped = FOLDER / name if (FOLDER / name).is_file() else FOLDER.parent / name
        text = shipped.read_text(encoding="utf-8")
        assert before in text
        # a scenario lies outside of the folder, where nobody takes it for a drill
        target = out / name if "scenario: 1" not in text else out.parent / name
        target.write_text(text.replace(before, after, 1), encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ran]:
    """All that are asked for, a few at a time, the longest first."""
    root = tmp_path_factory.mktemp("twins")
    wanted: list[Twin] = sorted(chosen(request, "twin"), key=lambda twin: -len(twin.drills))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        folders = [root / str(number) for number in range(len(wanted))]
        return {one.name: done for one, done in zip(wanted, pool.map(run, wanted, folders), strict=True)}


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_a_broken_drill_passes(twin: Twin, ran: dict[str, Ran]) -> None:
    done = ran[twin.name]
    red = {f"drill/{one}" for one in twin.red}
    assert red <= done.not_passed().keys(), done.output
    assert done.status == twin.status, done.output
    if twin.status == 1:
        assert all(done.verdicts[one][0] == "fail" for one in red), done.output


@pytest.mark.parametrize("twin", [DEAD], ids=lambda twin: twin.name)
def test_a_webhook_that_dies_is_not_told(twin: Twin, ran: dict[str, Ran]) -> None:
    done = ran[twin.name]
    assert "webhook receiver: it no longer listens on 127.0.0.1:" in done.output
    assert "a notification for webhook, answered 200" in done.output
    assert {outcome for outcome, _ in done.verdicts.values()} == {"unknown"}, done.output


@pytest.mark.parametrize("twin", [GOOD, PATH], ids=lambda twin: twin.name)
def test_a_drill_of_what_is_shipped_fails(twin: Twin, ran: dict[str, Ran]) -> None:
    done = ran[twin.name]
    assert not done.not_passed(), done.output
    assert done.status == 0, done.output
