"""Whole drills from the verification page, in a real browser, against a whole stack that was running before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from promproof.stack.waiting import loopback_session
from tests.browser.chromium import BROWSER, Chromium
from tests.drills.fast import TOKEN, Fast, running
from tests.live.webui import SETTLED, WebUi, alert, click
from tests.load.processes import DEADLINE_SECONDS, wait_for

pytestmark = pytest.mark.takes(36)
LONG_SECONDS = 150.0
DRILLS = """(() => {
  const rows = [...document.querySelectorAll("#verification-drill-table tr")];
  return rows.map((row) => [...row.cells].map((cell) => cell.textContent));
})()"""
LINES = """(() => {
  const found = document.getElementById("verification-drill-lines");
  return found ? found.textContent : "";
})()"""
STATE = """(() => {
  const found = document.getElementById("verification-drill-state");
  return found ? found.textContent : "";
})()"""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fast]:
    with running(tmp_path_factory.mktemp("fast")) as found:
        yield found


@pytest.fixture
def page(stack: Fast, tmp_path: Path) -> Iterator[WebUi]:
    own = [
        "--target",
        stack.api,
        "--prometheus",
        stack.prometheus,
        "--contract",
        str(stack.contract),
        "--fault-url",
        stack.faults,
    ]
    started = WebUi(tmp_path, *own, env={"FAULT_TOKEN": TOKEN})
    yield started.ready()
    if started.process.poll() is None:
        started.end()


def clean(stack: Fast) -> bool:
    """Whether no fault is left at the target."""
    with loopback_session() as session:
        answer = session.get(
            f"{stack.faults}/faults",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=DEADLINE_SECONDS,
        )
    return bool(answer.json()["clean"])


@pytest.mark.whole_run
@pytest.mark.nightly
@pytest.mark.browser
@pytest.mark.skipif(not BROWSER.exists(), reason=f"needs Chromium: {BROWSER} is not installed")
def test_a_drill_of_the_page_shows_its_alert_and_its_verdicts(
    stack: Fast, page: WebUi, tmp_path: Path
) -> None:
    with Chromium(tmp_path) as browser:
        browser.open(f"{page.url}/?tab=verification", "document.getElementById('verification-drills')")
        click(browser, "drill HighErrorRate")
        turned = ("pending", "firing")
        wait_for(lambda: alert(browser, "HighErrorRate") in turned, "the alert turns", LONG_SECONDS)
        wait_for(
            lambda: "HighErrorRate: pending -> firing" in browser.evaluate(LINES), "it fires", LONG_SECONDS
        )
        wait_for(lambda: "status" in browser.evaluate(STATE), "the drill's end", LONG_SECONDS)
        rows = {row[0].rpartition("/")[2]: row[1] for row in browser.evaluate(DRILLS)[1:]}
        log = next(page.reports.glob("drill-1-*/drill.log")).read_text(encoding="utf-8")
        assert "HighErrorRate: status 0" in browser.evaluate(STATE), log
        assert rows.pop("notified") == rows.pop("resolved") == "not verified"
        assert set(rows.values()) == {"pass"}, log
        assert not browser.troubles()
    assert clean(stack)


@pytest.mark.whole_run
@pytest.mark.nightly
@pytest.mark.browser
@pytest.mark.skipif(not BROWSER.exists(), reason=f"needs Chromium: {BROWSER} is not installed")
def test_a_run_ends_the_drill_that_is_sending_and_refuses_another(
    stack: Fast, page: WebUi, tmp_path: Path
) -> None:
    with Chromium(tmp_path) as browser:
        browser.open(f"{page.url}/?tab=verification", "document.getElementById('verification-drills')")
        click(browser, "drill HighErrorRate")
        dosed = "below, errors at 0.045"
        wait_for(lambda: any(dosed in line for line in lines(page)), "the drill's dose", LONG_SECONDS)
        wait_for(lambda: not clean(stack) or drill_of(page)["state"] != "running", "the dose at the API")
        assert drill_of(page)["state"] == "running", drill_of(page)["lines"]
        wait_for(lambda: browser.evaluate(SETTLED), "Locust's page at rest")
        click(browser, "Start")
        wait_for(lambda: page.state()["run"]["seconds"] > 1, "the run", LONG_SECONDS)
        newest = drill_of(page)
        assert newest["state"] == "interrupted, status 2"
        assert clean(stack)
        wait_for(
            lambda: (counts := page.state()["counts"]) and float(counts[0]["api"]) > 200, "the run's requests"
        )
        assert {
            (count["api_difference"], count["prometheus_difference"]) for count in page.state()["counts"]
        } == {(0.0, 0.0)}
        # two seconds after a start Locust's page asks once how it went; on a slow machine it then stays in its form
        browser.open(f"{page.url}/?tab=verification", "document.getElementById('verification-drills')")
        click(browser, "drill HighErrorRate")
        wait_for(lambda: "a run is under way" in browser.evaluate("document.body.textContent"), "the refusal")
        assert drill_of(page) == newest


def ask(page: WebUi, what: str, key: str, action: str = "start") -> requests.Response:
    """Press a button of the page."""
    with loopback_session() as session:
        return session.post(
            f"{page.url}/verification/{what}", data={"key": key, "action": action}, timeout=DEADLINE_SECONDS
        )


@pytest.mark.whole_run
@pytest.mark.stack
def test_a_web_ui_that_is_ended_takes_the_dose_of_its_drill_back(stack: Fast, page: WebUi) -> None:
    # a dose of the page and a drill's own would be one
    assert ask(page, "fault", "SlowResponses-below").status_code == 200
    refused = ask(page, "drill", "HighErrorRate")
    assert (refused.status_code, "a fault is on" in refused.text) == (409, True)
    assert ask(page, "fault", "SlowResponses-below", "stop").status_code == 200
    asked = ask(page, "drill", "HighErrorRate")
    assert asked.status_code == 200, asked.text
    refused = ask(page, "fault", "SlowResponses-below")
    assert (refused.status_code, "a drill is under way" in refused.text) == (409, True)
    wait_for(lambda: not clean(stack), "the drill's dose", LONG_SECONDS)
    _, output = page.end()
    assert "Traceback" not in output
    assert clean(stack)
    assert next(page.reports.glob("drill-1-*/*/report.json")).is_file(), "its verdicts are lost"


def drill_of(page: WebUi) -> dict[str, Any]:
    """The newest drill, as the page has it; empty before the first."""
    newest: dict[str, Any] | None = page.state()["drills"]["newest"]
    return newest or {}


def lines(page: WebUi) -> list[str]:
    """What the drill says."""
    return list(drill_of(page).get("lines", []))
