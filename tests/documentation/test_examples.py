"""The how-tos of the monitoring page, run as they are printed: who copies them gets what is promised.

Each has a twin: the example with one mistake in it must be noticed by the same test.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from promproof.contract.documentation import Page
from promproof.stack.children import Child, log_tail, start_child
from promproof.stack.waiting import loopback_session, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.takes(1.5)]

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "monitoring" / "prometheus"
DEADLINE_SECONDS = 30.0


@contextmanager
def _running(command: Sequence[str], folder: Path, address: str) -> Iterator[tuple[Child, str]]:
    """A child process, and the first group of `address` in its log."""
    child = start_child(
        command,
        name=folder.name,
        log=folder / "log.txt",
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
    )
    try:
        _wait(child, lambda: "" if re.search(address, child.log.read_text()) else "it announces no address")
        found = re.search(address, child.log.read_text())
        assert found is not None
        yield child, found[1]
    finally:
        child.stop()


def _wait(child: Child, unmet: Callable[[], str]) -> None:
    """Wait for a condition as long as the child runs; otherwise its log says why not."""

    def unmet_alive() -> str:
        assert child.is_running(), "\n".join([f"{child.name} has ended:", *log_tail(child.log)])
        return unmet()

    wait_until(unmet_alive, DEADLINE_SECONDS)


@contextmanager
def _custom_api(source: str, folder: Path) -> Iterator[str]:
    """The address of an API that runs `source`, after one prompt was created and deleted."""
    folder.mkdir()
    (folder / "custom_metric.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "custom_metric.py", "--port", "0"]
    with _running(command, folder, r"promptpilot listening on (http://\S+)") as (_, url):
        session = loopback_session()
        prompt = {"name": "short-lived", "template": "Hello"}
        created = session.post(f"{url}/api/v1/prompts", json=prompt, timeout=10)
        assert created.status_code == 201, created.text
        deleted = session.delete(f"{url}/api/v1/prompts/{created.json()['id']}", timeout=10)
        assert deleted.status_code == 204, deleted.text
        yield url


def _exposed(url: str) -> str:
    return loopback_session().get(f"{url}/metrics", timeout=10).text


def test_the_custom_metric_does_not_reach_prometheus(page: Page, prometheus: Path, tmp_path: Path) -> None:
    with _custom_api(page.block("custom-metric").text, tmp_path / "api") as api:
        folder = tmp_path / "prometheus"
        folder.mkdir()
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 250ms, scrape_timeout: 250ms}\n"
            "scrape_configs:\n"
            "  - job_name: promptpilot-api\n"
            f"    static_configs: [{{targets: ['{api.removeprefix('http://')}']}}]\n"
        )
        command = [str(prometheus), "--config.file=prometheus.yml", "--web.listen-address=127.0.0.1:0"]
        with _running(command, folder, r"Listening on\".* address=(\S+)") as (child, address):
            session = loopback_session()
            values: list[str] = []

            def unmet() -> str:
                query = {"query": 'prompt_deletions_total{job="promptpilot-api"}'}
                answer = session.get(f"http://{address}/api/v1/query", params=query, timeout=10)
                if answer.ok:
                    values[:] = [sample["value"][1] for sample in answer.json()["data"]["result"]]
                return "" if values else f"Prometheus answers {answer.text}; the API exposes {_exposed(api)}"

            _wait(child, unmet)
            assert values == ["1"]


def test_a_custom_metric_in_the_wrong_registry_goes_unnoticed(page: Page, tmp_path: Path) -> None:
    right = page.block("custom-metric").text
    wrong = right.replace(", registry=registry)", ")")
    assert wrong != right
    with _custom_api(right, tmp_path / "right") as api:
        assert "prompt_deletions_total 1.0" in _exposed(api)
    with _custom_api(wrong, tmp_path / "wrong") as api:
        assert "prompt_deletions" not in _exposed(api)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl: the printed command calls it")
def test_the_printed_command_does_not_show_the_custom_metric(page: Page, tmp_path: Path) -> None:
    with _custom_api(page.block("custom-metric").text, tmp_path / "api") as api:
        command = page.block("custom-metric-look").text.replace("http://localhost:8000", api)
        outcome = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False
        )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.splitlines()[-1] == "prompt_deletions_total 1.0"


def _custom_alert(page: Page, promtool: Path, folder: Path, old: str = "", new: str = "") -> tuple[int, str]:
    """Status and words of the printed check, in a copy of the shipped folder, after one edit of the rule."""
    copy = folder / "prometheus"
    shutil.copytree(PROMETHEUS, copy)
    rule = page.block("custom-alert").text
    assert old in rule
    (copy / "rules" / "custom.yml").write_text(rule.replace(old, new) if old else rule, encoding="utf-8")
    (copy / "custom.test.yml").write_text(page.block("custom-alert-test").text, encoding="utf-8")
    outcome = subprocess.run(
        ["sh", "-e", "-c", page.block("custom-alert-check").text],
        cwd=copy,
        env={**os.environ, "PATH": f"{promtool.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return outcome.returncode, outcome.stdout + outcome.stderr


def test_the_custom_alert_does_not_do_what_its_test_says(page: Page, promtool: Path, tmp_path: Path) -> None:
    status, said = _custom_alert(page, promtool, tmp_path)
    assert status == 0, said


def test_prometheus_does_not_load_the_custom_alert(page: Page, promtool: Path, tmp_path: Path) -> None:
    _custom_alert(page, promtool, tmp_path)
    outcome = subprocess.run(
        [promtool, "check", "config", tmp_path / "prometheus" / "prometheus.yml"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    shipped = len(list(PROMETHEUS.glob("rules/*.yml")))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert f"{shipped + 1} rule files found" in outcome.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("> 0.1", "> 0.08"),
        ("> 0.1", "> 0.12"),
        ("sum by (job, pipeline_id) ", ""),
        ("severity: warning", "severity: critical"),
        ("HighPipelineFailureRate", "PipelineFailureRate"),
        ("expr: |", "exper: |"),
    ],
)
def test_a_broken_custom_alert_goes_unnoticed(
    page: Page, promtool: Path, tmp_path: Path, old: str, new: str
) -> None:
    status, said = _custom_alert(page, promtool, tmp_path, old, new)
    assert status != 0, said


@pytest.mark.parametrize("name", ["federation", "remote-write"])
def test_prometheus_refuses_a_printed_configuration(
    name: str, page: Page, promtool: Path, tmp_path: Path
) -> None:
    path = tmp_path / "prometheus.yml"
    path.write_text(page.block(name).text, encoding="utf-8")
    outcome = subprocess.run(
        [promtool, "check", "config", path], capture_output=True, text=True, timeout=60, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_a_misspelt_key_in_a_printed_configuration_goes_unnoticed(
    page: Page, promtool: Path, tmp_path: Path
) -> None:
    path = tmp_path / "prometheus.yml"
    path.write_text(page.block("federation").text.replace("honor_labels", "honour_labels"), encoding="utf-8")
    outcome = subprocess.run(
        [promtool, "check", "config", path], capture_output=True, text=True, timeout=60, check=False
    )
    assert outcome.returncode != 0, outcome.stdout + outcome.stderr
