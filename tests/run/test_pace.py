"""The deadlines of a drill are those of the contract; those of the files where it says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promproof.contract.settings import JobSettings, ReceiverSettings, Settings
from promproof.evidence.records import Timing
from promproof.run.options import Options
from promproof.run.pace import timing_of
from promproof.run.prepare import prepare
from promproof.run.prepared import Prepared

pytestmark = pytest.mark.unit
WRONG = Settings(
    group_wait="5m",
    group_interval="30m",
    repeat_interval="4d",
    scrape_interval="1m",
    evaluation_interval="2m",
)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    return prepare(Options.of(drill=False, time_scale=60.0))


def timing(prepared: Prepared, settings: Settings | None, alert: str = "HighErrorRate") -> Timing:
    contract = prepared.contract.model_copy(update={"settings": settings})
    return timing_of(replace(prepared, contract=contract), contract.alert(alert))


def test_files_that_are_as_documented_give_the_same_deadlines(prepared: Prepared) -> None:
    assert timing(prepared, prepared.contract.settings) == timing(prepared, None)


def test_the_contract_gives_the_deadlines_whatever_the_files_say(prepared: Prepared) -> None:
    told = timing(prepared, WRONG)
    assert (told.group_wait, told.group_interval, told.repeat_interval) == (5.0, 30.0, 5760.0)
    assert (told.scrape, told.evaluation) == (1.0, 2.0)


def test_a_receiver_and_a_job_of_their_own_keep_theirs(prepared: Prepared) -> None:
    own = WRONG.model_copy(
        update={
            "receivers": {"operator": ReceiverSettings(group_wait="1m", repeat_interval="1h")},
            "jobs": {"promptpilot-api": JobSettings(scrape_interval="30s")},
        }
    )
    told = timing(prepared, own, "ServiceDown")
    assert (told.group_wait, told.repeat_interval, told.scrape) == (5.0, 60.0, 0.5)  # both receivers are told


@pytest.mark.parametrize(
    ("name", "window", "unit", "seconds"),
    [
        pytest.param("HighErrorRate", None, "ratio", 5.0, id="of the rule"),
        pytest.param("HighErrorRate", "10m", "ratio", 10.0, id="as promised"),
        pytest.param("HighErrorRate", "0s", "ratio", 0.0, id="promised to be none"),
        pytest.param("HighErrorRate", None, "state", 0.0, id="a state"),
        pytest.param("HighMemoryUsage", None, "ratio", 0.0, id="the rule has none"),
        pytest.param("ErrorBudgetFastBurn", None, "ratio", 0.0, id="the rule has two"),
    ],
)
def test_a_window_that_is_not_promised_is_that_of_the_rule(
    prepared: Prepared, name: str, window: str | None, unit: str, seconds: float
) -> None:
    alert = prepared.contract.alert(name)
    told = alert.model_copy(update={"window": window, "short_window": None, "unit": unit})
    assert timing_of(prepared, told).window == seconds
