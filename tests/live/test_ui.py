"""The verification page inside Locust's web UI, in a real browser, against a real API and a real Prometheus."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session
from tests.browser.chromium import BROWSER, Chromium
from tests.live.webui import COUNTS, IN_ORDER, PHONE, SETTLED, WebUi, alert, click
from tests.load.processes import DEADLINE_SECONDS, ROOT, wait_for
from tests.load.stack import TOKEN, Running, running
from tests.observe.front import before

pytestmark = pytest.mark.takes(11)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("stack")) as found:
        yield found


@pytest.fixture
def ui(stack: Running, tmp_path: Path) -> Iterator[Callable[..., WebUi]]:
    started: list[WebUi] = []

    def start(*options: str, **named: Any) -> WebUi:
        given = ["--target", stack.api, "--prometheus", stack.prometheus, *options]
        started.append(WebUi(tmp_path, *given, **named))
        return started[-1]

    yield start
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
        program.process.communicate()


def is_clean(stack: Running) -> bool:
    """Whether no fault is left at the API."""
    with loopback_session() as session:
        left = session.get(
            stack.faults + "/faults", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=DEADLINE_SECONDS
        )
    return bool(left.json()["clean"])


@pytest.mark.browser
@pytest.mark.whole_run
@pytest.mark.skipif(not BROWSER.exists(), reason=f"needs Chromium: {BROWSER} is not installed")
def test_the_page_shows_what_the_monitoring_believes(
    stack: Running, ui: Callable[..., WebUi], tmp_path: Path
) -> None:
    # a third of the scenario's rate: a browser and another whole run compute beside the generator
    page = ui("--fault-url", stack.faults, "--fault-token", TOKEN, "--rate", "40").ready()
    with Chromium(tmp_path) as browser:
        browser.open(f"{page.url}/?tab=verification", "document.getElementById('verification-state')")
        assert "No run yet" in browser.evaluate("document.getElementById('verification-state').textContent")
        # Locust's page takes an answer that was under way when it was started for the newer state
        wait_for(lambda: browser.evaluate(SETTLED), "Locust's page at rest")
        click(browser, "Start")
        click(browser, "Verification")
        # live: what the client sent, what the API and Prometheus count, and that they agree
        wait_for(
            lambda: (row := browser.evaluate(COUNTS)) and float(row[2]) > 300 and row[4] == "0 / 0",
            "equal counts",
        )
        assert browser.evaluate(IN_ORDER)
        assert alert(browser, "HighErrorRate") == "inactive"
        click(browser, "start HighErrorRate: errors at 5.5%")
        wait_for(lambda: alert(browser, "HighErrorRate") == "firing", "the alert fires")
        wait_for(
            lambda: browser.evaluate("document.querySelectorAll('#verification canvas').length") >= 3,
            "charts",
        )
        width = browser.evaluate(PHONE)
        assert width is not None
        assert width[0] <= width[1]
        assert width[2]
        click(browser, "stop HighErrorRate: errors at 5.5%")
        wait_for(lambda: alert(browser, "HighErrorRate") == "inactive", "the alert is resolved")
        click(browser, "Stop")
        wait_for(
            lambda: browser.evaluate("Boolean(document.getElementById('verification-verdict-table'))"),
            "verdicts",
        )
        found = browser.evaluate("document.getElementById('verification-verdict-table').textContent")
        assert "metric http_requests_totalpass" in found
        assert "unexpected == 0fail" in found  # the fault's errors
        assert not browser.troubles()
        assert not [url for url in browser.requested() if not url.startswith((page.url, "data:"))]
        report = (page.reports / "report-1.html").read_text(encoding="utf-8")
        assert "metric http_requests_total" in report
        assert "What the monitoring believes" in report
    with loopback_session() as session:
        metrics = session.get(page.url + "/metrics", timeout=DEADLINE_SECONDS).text
    assert re.search(r'load_requests_total\{[^}]*status="502"} [1-9]', metrics), metrics
    assert is_clean(stack)


@pytest.mark.nightly  # every day: the web UI of `used`, ended by SIGTERM
@pytest.mark.stack
def test_a_web_ui_that_is_interrupted_keeps_its_report(ui: Callable[..., WebUi]) -> None:
    page = ui("--autostart").ready()
    wait_for(lambda: page.state()["run"]["seconds"] > 1, "a run")
    status, output = page.end(signal.SIGINT)
    assert "interrupted after" in (page.reports / "report-1.html").read_text(encoding="utf-8")
    assert "Traceback" not in output
    assert status == 0 or "unexpected" in output


@pytest.mark.nightly
@pytest.mark.stack
@pytest.mark.whole_run(alone=True)
def test_a_page_whose_workers_send_counts_what_they_sent(ui: Callable[..., WebUi], tmp_path: Path) -> None:
    port = str(allocate_ports(1)[0])
    page = ui("--autostart", "--master", "--master-bind-port", port, "--expect-workers", "2")
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--worker"]
    with (tmp_path / "workers.log").open("wb") as log:
        workers = [
            subprocess.Popen([*command, "--master-port", port], cwd=ROOT, stdout=log, stderr=log)
            for _ in range(2)
        ]
    try:
        page.ready()

        def counted() -> bool:
            seen = page.state()
            assert seen["run"]["state"] != "ended", seen["run"]
            return bool(seen["counts"]) and float(seen["counts"][0]["prometheus"]) > 300

        wait_for(counted, "requests")
        with loopback_session() as session:
            session.post(page.url + "/stop", timeout=DEADLINE_SECONDS)
        wait_for(lambda: page.state()["run"]["state"] == "ended", "the verdicts")
        state = page.state()
    finally:
        for worker in workers:
            worker.terminate()
            worker.wait(DEADLINE_SECONDS)
    assert not state["run"]["invalid"], state["run"]
    verdicts = {verdict["claim"]: verdict["outcome"] for verdict in state["verdicts"]}
    assert verdicts["metric http_requests_total"] == "pass", state["verdicts"]
    assert {(count["api_difference"], count["prometheus_difference"]) for count in state["counts"]} == {
        (0.0, 0.0)
    }


@pytest.mark.nightly
@pytest.mark.stack
def test_a_target_and_a_prometheus_that_want_a_token_are_compared(
    stack: Running, ui: Callable[..., WebUi]
) -> None:
    token, tenant = {"Authorization": "Bearer of-the-tests"}, {"X-Scope-OrgID": "shop"}
    with before(stack.api, token) as api, before(stack.prometheus, tenant) as prometheus:
        shown = [
            *("--header", "target=Authorization: Bearer of-the-tests"),
            *("--header", "prometheus=X-Scope-OrgID: shop"),
        ]
        page = ui("--autostart", "--target", api, "--prometheus", prometheus, *shown, "--rate", "20").ready()

        def counted() -> bool:
            seen = page.state()
            assert seen["run"]["state"] != "ended", seen["run"]
            return bool(seen["counts"]) and float(seen["counts"][0]["prometheus"]) > 100

        wait_for(counted, "requests")
        with loopback_session() as session:
            session.post(page.url + "/stop", timeout=DEADLINE_SECONDS)
        wait_for(lambda: page.state()["run"]["state"] == "ended", "the verdicts")
        state = page.state()
    verdicts = {verdict["claim"]: verdict["outcome"] for verdict in state["verdicts"]}
    assert verdicts["metric http_requests_total"] == "pass", state
    assert not state["trouble"]
    assert {curve for chart in state["charts"] for curve in chart["series"]} >= {"Prometheus errors"}


@pytest.mark.stack
def test_the_page_is_closed_to_everybody_without_the_login(ui: Callable[..., WebUi]) -> None:
    page = ui("--web-login", env={"LOCUST_WEB_PASSWORD": "right"}).ready()
    with loopback_session() as session:

        def log_in(password: str) -> requests.Response:
            form = {"username": "locust", "password": password}
            return session.post(page.url + "/authenticate", data=form, timeout=DEADLINE_SECONDS)

        state = page.url + "/verification/state.json"
        for asked in (state, page.url + "/verification/page.js"):
            answer = session.get(asked, timeout=DEADLINE_SECONDS, allow_redirects=False)
            assert answer.status_code == 302
            assert "/login" in answer.headers["Location"]
        denied = session.post(
            page.url + "/verification/fault", timeout=DEADLINE_SECONDS, allow_redirects=False
        )
        assert denied.status_code == 302
        assert "Wrong name or password" in log_in("wrong").text
        assert "verification/page.js" in log_in("right").text
        assert session.get(state, timeout=DEADLINE_SECONDS).json()["run"]["state"] == "waiting"


@dataclass(frozen=True)
class Used:
    """What one web UI answered: to a start that it refuses, to two pages, to a start; and what its end left."""

    refused: dict[str, Any]
    runs: int
    statuses: dict[str, int]
    on: list[str]
    status: int
    output: str
    report: str
    is_clean: bool


@pytest.fixture(scope="module")
def used(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Used]:
    """Ended by SIGTERM while its run is under way and its fault is on."""
    addresses = ("--target", stack.api, "--prometheus", stack.prometheus)
    page = WebUi(
        tmp_path_factory.mktemp("used"), *addresses, "--fault-url", stack.faults, "--fault-token", TOKEN
    )
    fault = {"key": "HighErrorRate-above", "action": "start"}

    def post(path: str, data: dict[str, str], origin: str = "") -> requests.Response:
        headers = {"Origin": origin} if origin else {}
        with loopback_session() as session:
            return session.post(page.url + path, data=data, headers=headers, timeout=DEADLINE_SECONDS)

    try:
        page.ready()
        refused = post("/swarm", {"scenario": "stedy", "host": stack.api}).json()
        runs = page.state()["run"]["number"]
        sites = {"another": "http://elsewhere.example", "its own": page.url}
        statuses = {
            name: post("/verification/fault", fault, site).status_code for name, site in sites.items()
        }
        on = [switch["key"] for switch in page.state()["faults"]["switches"] if switch["on"]]
        started = post("/swarm", {"user_count": "1", "spawn_rate": "1", "host": stack.api})
        assert started.json()["success"], started.text
        wait_for(lambda: page.state()["run"]["seconds"] > 1, "a run")
        status, output = page.end()
        report = (page.reports / "report-1.html").read_text(encoding="utf-8")
        yield Used(refused, runs, statuses, on, status, output, report, is_clean(stack))
    finally:
        if page.process.poll() is None:
            page.process.kill()
        page.process.communicate()


@pytest.mark.stack
def test_a_web_ui_that_ends_names_its_report_and_leaves_the_tables_of_locust_out(used: Used) -> None:
    assert re.search(r"^report: .*/reports/report-1\.html$", used.output, re.MULTILINE), used.output
    assert "Aggregated" not in used.output
    assert "percentiles (approximated)" not in used.output


@pytest.mark.stack
def test_a_start_of_no_scenario_is_refused(used: Used) -> None:
    assert not used.refused["success"]
    assert used.refused["message"].startswith("stedy: no such scenario")
    assert used.runs == 0


@pytest.mark.stack
def test_another_sites_page_can_not_start_a_fault(used: Used) -> None:
    assert used.statuses == {"another": 403, "its own": 200}
    assert used.on == ["HighErrorRate-above"]


@pytest.mark.stack
def test_a_web_ui_that_is_ended_keeps_its_report_and_heals_its_fault(used: Used) -> None:
    assert "interrupted after" in used.report
    assert "Traceback" not in used.output
    assert used.status == 0 or "unexpected" in used.output
    assert used.is_clean, "the fault outlives the page"


@pytest.mark.stack
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--web-port", "99999"], "cannot be used"),
        # said by Locust's own process, as the port that is taken below; a login is tried below
        pytest.param(["--web-login"], "--web-password: missing", marks=pytest.mark.nightly),
        # read by what reads them for every command
        *(
            pytest.param(options, words, marks=pytest.mark.nightly)
            for options, words in (
                (["--contract", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
                (["--scenario", "stedy"], "stedy: no such scenario"),
                (["--target", "http://["], "--target: 'http://[' is no usable URL"),
            )
        ),
    ],
)
def test_a_wrong_option_of_the_web_ui_ends_with_4(
    ui: Callable[..., WebUi], options: list[str], words: str
) -> None:
    page = ui(*options)
    output, _ = page.process.communicate(timeout=DEADLINE_SECONDS)
    assert page.process.returncode == 4, output
    assert words in output
    assert "Traceback" not in output


@pytest.mark.stack
def test_a_port_that_is_taken_ends_the_web_ui_with_4(stack: Running, ui: Callable[..., WebUi]) -> None:
    page = ui("--web-port", stack.api.rsplit(":", 1)[1])
    output, _ = page.process.communicate(timeout=DEADLINE_SECONDS)
    assert page.process.returncode == 4
    assert "cannot be used" in output
    assert "Traceback" not in output
