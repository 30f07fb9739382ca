"""The installed wheel, used from an empty folder and from a stranger's repository, whose files mean others."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from promproof.places import REPOSITORY
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session, unmet_http, wait_until
from tests.test_contributing import SCENARIO
from tests.wheel.building import build, build_plugin

pytestmark = [pytest.mark.stack, pytest.mark.takes(5)]
SHOP = REPOSITORY / "tests" / "run" / "shop"
DEADLINE_SECONDS = 60.0
SHADOWS = (
    "yaml.py",
    "requests.py",
    "locust.py",
    "pydantic.py",
    "conftest.py",
    "verification/__init__.py",
    "tests/__init__.py",
    "tests/test_mine.py",
    "loadtests/__init__.py",
    "loadtests/locustfile.py",
)
STRANGE = "raise SystemExit('a file of the stranger was imported')\n"
CONFIGURATION = {
    "pytest.ini": "[pytest]\naddopts = --an-option-of-the-stranger\n",
    "locust.conf": "host = http://127.0.0.1:9\nheadless = true\nmaster = true\nexpect-workers = 3\nweb-port = 9\n",
}
DOWN = """  - name: ShopDown
    comparator: "=="
    threshold: 0
    unit: state
    for: 1m
    severity: page
    receivers: [desk]
    metrics: [up]
    boundary:
      threshold: 0.5
      fires_when: below
      series: [{series: 'up{job="webshop",instance="shop.internal:80"}', value: 1 * (q > 0.5)}]
"""
DOWN_RULE = """
      - alert: ShopDown
        expr: up{job="webshop"} == 0
        for: 1m
        labels: {severity: page}
        annotations: {summary: The shop is down}
"""
DRILL = """drill: 1
name: ShopDown
description: a killed process is seen
alert: ShopDown
scenario: ../calm.yaml
rate: 20.0
fault: {kind: killed}
"""
CALM = """scenario: 1
name: calm
mix: [{name: home, steps: [{request: GET /}]}]
arrival: {model: open, rate: 20/s}
duration: 30s
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with the wheel and its dependencies, in the versions of the lock."""
    folder = tmp_path_factory.mktemp("installed")
    wheel, home = build(folder), folder / "environment"
    lock = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    (folder / "versions.txt").write_text("\n".join(re.findall(r"^[\w.-]+==[^\s;]+", lock, re.MULTILINE)))
    uv = [sys.executable, "-m", "uv", "-q"]
    for command in (
        [*uv, "venv", "--python", sys.executable, str(home)],
        [
            *uv,
            "pip",
            "install",
            "--python",
            str(home),
            "-c",
            str(folder / "versions.txt"),
            str(wheel),
            str(build_plugin(folder)),
        ],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
    return home / "bin"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A stranger's: a monitored service, and files and folders that are called like ours or like our libraries."""
    folder = tmp_path / "repository"
    shutil.copytree(SHOP / "monitoring", folder / "monitoring")
    for name in ("contract.yaml", "traffic.yaml"):
        shutil.copy(SHOP / name, folder / "monitoring" / name)
    shutil.copytree(SHOP, folder / "service", ignore=shutil.ignore_patterns("*.y*ml", "monitoring"))
    for name in SHADOWS:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(STRANGE, encoding="utf-8")
    for name, text in CONFIGURATION.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(
    programs: Path, folder: Path, *words: str, program: str = "promproof"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(programs / program), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env=environment(),
    )


def environment() -> dict[str, str]:
    """Nothing of this checkout is in it, and something that is meant for other runs of Locust."""
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))
    }
    return {**own, "LOCUST_PROCESSES": "4", "LOCUST_RUN_TIME": "1s", "LOCUST_MODE_WORKER": "true"}


@contextmanager
def service(folder: Path) -> Iterator[str]:
    """The stranger's service as it runs already; its URL."""
    [port] = allocate_ports(1)
    process = subprocess.Popen([sys.executable, str(folder / "service" / "shop.py"), str(port)])
    try:
        wait_until(lambda: unmet_http(f"http://127.0.0.1:{port}/alive"), DEADLINE_SECONDS)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def test_the_program_says_its_version_and_checks_a_shipped_scenario(programs: Path, tmp_path: Path) -> None:
    assert run(programs, tmp_path, "--version").stdout == "promproof 0.1.0\n"
    done = run(programs, tmp_path, "scenarios", "check", "root")
    assert (done.returncode, done.stderr) == (0, "")
    assert "promproof/scenarios/root.yaml: root" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_plugin_of_an_installed_distribution_is_found_by_its_entry_point(
    programs: Path, tmp_path: Path
) -> None:
    path = tmp_path / "burst.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    done = run(programs, tmp_path, "scenarios", "check", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    path.write_text(SCENARIO.replace("bursts", "floods"), encoding="utf-8")
    done = run(programs, tmp_path, "scenarios", "check", str(path))
    assert "arrival: model must be one of bursts, closed, open" in done.stderr


def test_verify_collects_the_claims_of_the_working_folder_s_contract(
    programs: Path, repository: Path
) -> None:
    done = run(programs, repository, "verify", "--", "--collect-only")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "monitoring/contract.yaml::metric/shop_calls_total/exact" in done.stdout
    assert not (repository / "reports").exists()


def test_an_empty_folder_has_no_contract_and_the_message_says_so(programs: Path, tmp_path: Path) -> None:
    done = run(programs, tmp_path, "verify")
    assert done.returncode == 4, done.stdout + done.stderr
    assert str(tmp_path / "monitoring" / "contract.yaml") in done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []


def test_pytest_finds_the_plugin_by_its_entry_point_and_its_own_tests_run_as_before(
    programs: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    heavy = "'locust', 'gevent', 'requests', 'promproof.pytest_plugin.hooks'"
    (mine / "test_mine.py").write_text(
        f"import sys\ndef test_it():\n    assert not {{{heavy}}} & set(sys.modules)\n"
    )
    done = run(programs, mine, "-q", program="pytest")
    assert done.returncode == 0, done.stdout + done.stderr
    claims = [f"--promproof-contract={SHOP / 'contract.yaml'}", "--collect-only", "-q"]
    done = run(programs, mine, *claims, f"--promproof-monitoring={SHOP / 'monitoring'}", program="pytest")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "28 tests collected" in done.stdout


@pytest.mark.nightly  # every day the web UI starts the same Locust among the same files
@pytest.mark.whole_run(alone=True)  # the scenario is shipped with an honest generator's limits
def test_a_shipped_scenario_is_played_and_reported_in_the_working_folder(
    programs: Path, repository: Path
) -> None:
    with service(repository) as url:
        words = ("--target", url, "--duration", "1s", "--junit", "load.xml")
        done = run(programs, repository, "load", "root", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'name="unexpected == 0"' in (repository / "load.xml").read_text(encoding="utf-8")
    (report,) = (repository / "reports").glob("load-root-*/report.html")
    assert str(report) in done.stdout


def test_the_web_ui_serves_the_verification_page(programs: Path, repository: Path) -> None:
    [port] = allocate_ports(1)
    with service(repository) as url:
        process = subprocess.Popen(
            [
                str(programs / "promproof"),
                "ui",
                "--web-port",
                str(port),
                "--target",
                url,
                "--scenario",
                "root",
            ],
            cwd=repository,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:

            def page() -> str:
                if process.poll() is not None:
                    raise AssertionError(process.communicate()[0])
                try:
                    with loopback_session() as session:
                        answer = session.get(f"http://127.0.0.1:{port}/verification/page.js", timeout=5)
                    return "" if answer.ok else f"{answer.status_code}"
                except requests.ConnectionError as error:
                    return str(error)

            wait_until(page, DEADLINE_SECONDS)
        finally:
            process.terminate()
            process.communicate(timeout=DEADLINE_SECONDS)


@pytest.mark.whole_run
@pytest.mark.nightly
def test_a_stranger_s_service_is_verified_and_judged_again_elsewhere(
    programs: Path, repository: Path, tmp_path: Path
) -> None:
    app = f"{sys.executable} -P {repository / 'service' / 'shop.py'} {{port}}"
    done = run(programs, repository, "verify", "--stack", "processes", "--app", app)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "28 claims: 28 pass" in done.stdout
    (folder,) = (path for path in (repository / "reports").iterdir() if not path.is_symlink())
    assert {"junit.xml", "report.json", "history.jsonl"} <= {path.name for path in folder.iterdir()}
    moved = tmp_path / "empty" / "moved"
    moved.parent.mkdir()
    shutil.move(folder, moved)
    done = run(programs, moved.parent, "judge", str(moved))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "28 claims: 28 pass" in done.stdout


@pytest.mark.whole_run
@pytest.mark.nightly
def test_a_stranger_s_alert_is_taken_live(programs: Path, repository: Path) -> None:
    for path, text in (("contract.yaml", DOWN), ("shop.rules.yml", DOWN_RULE)):
        with (repository / "monitoring" / path).open("a", encoding="utf-8") as file:
            file.write(text)
    drills = repository / "scenarios" / "drills"
    drills.mkdir(parents=True)
    (drills / "shop-down.yaml").write_text(DRILL, encoding="utf-8")
    (drills.parent / "calm.yaml").write_text(CALM, encoding="utf-8")
    app = f"{sys.executable} -P {repository / 'service' / 'shop.py'} {{port}}"
    done = run(programs, repository, "drill", "ShopDown", "--stack", "processes", "--app", app)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((repository / "reports").glob("drill-*/report.json"))
