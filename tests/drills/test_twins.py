"""Must-fail twins through the real command: one thing broken, and the right claims do not pass.

What is wrong in rules and routes is drilled side by side in one run; what is wrong in the harness needs one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from promproof.places import DRILLS
from promproof.verdict import Outcome, Verdict
from tests.conftest import at_once, chosen
from tests.drills import side_by_side
from tests.drills.bench import Ran, drill

pytestmark = [pytest.mark.stack, pytest.mark.whole_run(alone=True)]
AT_ONCE = 4


@dataclass(frozen=True)
class Twin:
    """What is broken in the harness itself or in the drill's files, and the claims that must not pass."""

    name: str
    drills: tuple[str, ...] = ("HighMemoryUsage",)
    broken: str = ""
    red: frozenset[str] = frozenset()
    status: int = 0
    own: tuple[tuple[str, str, str], ...] = field(default=())
    """Changes of drill and scenario files: (file, before, after)."""


DEAD = Twin(
    "a webhook that dies",
    broken="dead-webhook",
    red=frozenset({"HighMemoryUsage/notified", "HighMemoryUsage/resolved", "HighMemoryUsage/quiet"}),
    status=2,
)
TWINS = (
    Twin(
        "a fault that injects half",
        broken="half-dose",
        red=frozenset({"HighMemoryUsage/three-ledgers", "HighMemoryUsage/fires-above"}),
        status=2,
    ),
    DEAD,
)
MORE_AT_NIGHT = (
    Twin(
        "a webhook that drops every second call",
        broken="deaf-webhook",
        red=frozenset({"HighMemoryUsage/resolved"}),
        status=1,
    ),
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
)
"""Every aspect that is red here is red every day as well, in a twin above or in an alert of side_by_side."""
SOUND = (
    Twin("the webhook fails, Alertmanager restarts", drills=("WebhookFails", "AlertmanagerRestarts")),
    Twin("Prometheus restarts, pulses", drills=("PrometheusRestarts", "Intermittent")),
)


def run(twin: Twin, where: Path) -> Ran:
    where.mkdir()
    drills = ["--drills", str(_drills(where / "drills", twin))] if twin.own else []
    return drill(where / "reports", *twin.drills, *drills, broken=twin.broken)


def _drills(out: Path, twin: Twin) -> Path:
    out.mkdir()
    for name, before, after in twin.own:
        shipped = DRILLS / name if (DRILLS / name).is_file() else DRILLS.parent / name
        text = shipped.read_text(encoding="utf-8")
        assert before in text
        # a scenario lies outside of the folder, where nobody takes it for a drill
        target = out / name if "scenario: 1" not in text else out.parent / name
        target.write_text(text.replace(before, after, 1), encoding="utf-8")
    return out


@dataclass(frozen=True)
class Shared:
    """What the tests of this file are asked about; each run is waited for by the first test that needs it."""

    runs: dict[str, Future[Ran]]
    beside: Future[tuple[Ran, dict[str, Verdict]]] | None


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """All that are asked for, a few at a time, the longest first."""
    root = tmp_path_factory.mktemp("twins")
    wanted: list[Twin] = sorted(chosen(request, "twin"), key=lambda twin: -len(twin.drills))
    with at_once(AT_ONCE) as pool:
        asked = any("beside" in getattr(test, "fixturenames", ()) for test in request.session.items)
        beside = pool.submit(run_beside, root / "beside") if asked else None
        wait(
            [beside] if beside else []
        )  # its sound alert is judged by when things happen: nothing runs beside it
        runs = {twin.name: pool.submit(run, twin, root / str(number)) for number, twin in enumerate(wanted)}
        yield Shared(runs, beside)


def run_beside(where: Path) -> tuple[Ran, dict[str, Verdict]]:
    """One run with all broken alerts beside the sound one, and the verdicts of each alert."""
    where.mkdir()
    made = side_by_side.make(where)
    given = ("--monitoring", made.monitoring, "--contract", made.contract, "--drills", made.drills)
    done = drill(where / "reports", *map(str, given), broken="patient")
    [history] = (where / "reports").glob("drill-*/history.jsonl")
    return done, side_by_side.judged(made, history)


@pytest.fixture
def beside(shared: Shared) -> tuple[Ran, dict[str, Verdict]]:
    assert shared.beside is not None
    return shared.beside.result()


@pytest.mark.parametrize("alert", side_by_side.BROKEN, ids=lambda alert: alert.name)
def test_a_broken_alert_fails_in_its_aspects(
    alert: side_by_side.Broken, beside: tuple[Ran, dict[str, Verdict]]
) -> None:
    done, verdicts = beside
    mine = {aspect: verdicts[f"{alert.name}/{aspect}"] for aspect in alert.red}
    assert {verdict.outcome for verdict in mine.values()} == {Outcome.FAIL}, f"{mine}\n{done.output}"


def test_the_sound_alert_passes_beside_broken_ones(beside: tuple[Ran, dict[str, Verdict]]) -> None:
    done, _ = beside
    assert not done.not_passed(), done.output
    assert done.status == 0, done.output


@pytest.mark.parametrize(
    "twin",
    [*TWINS, *(pytest.param(twin, marks=pytest.mark.nightly) for twin in MORE_AT_NIGHT)],
    ids=lambda twin: twin.name,
)
def test_a_broken_drill_is_red_in_its_claims(twin: Twin, shared: Shared) -> None:
    done = shared.runs[twin.name].result()
    red = {f"drill/{claim}" for claim in twin.red}
    assert red <= done.not_passed().keys(), done.output
    assert done.status == twin.status, done.output
    if twin.status == 1:
        assert all(done.verdicts[claim][0] == "fail" for claim in red), done.output


@pytest.mark.parametrize("twin", [DEAD], ids=lambda twin: twin.name)
def test_a_webhook_that_dies_is_reported(twin: Twin, shared: Shared) -> None:
    done = shared.runs[twin.name].result()
    assert "webhook receiver: it no longer listens on 127.0.0.1:" in done.output
    assert "a notification for webhook, answered 200" in done.output
    assert {outcome for outcome, _ in done.verdicts.values()} == {"unknown"}, done.output


@pytest.mark.nightly
@pytest.mark.parametrize("twin", SOUND, ids=lambda twin: twin.name)
def test_a_drill_of_what_is_shipped_passes(twin: Twin, shared: Shared) -> None:
    done = shared.runs[twin.name].result()
    assert not done.not_passed(), done.output
    assert done.status == 0, done.output
