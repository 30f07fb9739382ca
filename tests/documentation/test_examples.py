"""The how-tos of the monitoring page, run as they are printed: who copies them gets what is promised.

Each has a twin: the example with one mistake in it must be noticed by the same test.
"""

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


def test_the_custom_metric_reaches_prometheus(page: Page, prometheus: Path, tmp_path: Path) -> None:
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


def test_a_custom_metric_in_the_wrong_registry_is_not_exposed(page: Page, tmp_path: Path) -> None:
    right = page.block("custom-metric").text
    wrong = right.replace(", registry=registry)", ")")
    assert wrong != right
    with _custom_api(right, tmp_path / "right") as api:
        assert "prompt_deletions_total 1.0" in _exposed(api)
    with _custom_api(wrong, tmp_path / "wrong") as api:
        assert "prompt_deletions" not in _exposed(api)


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl: the printed command calls it")
def test_the_printed_command_shows_the_custom_metric(page: Page, tmp_path: Path) -> None:
    with _custom_api(page.block("custom-metric").text, tmp_path / "api") as api:
        command = page.block("custom-metric-look").text.replace("http://localhost:8000", api)
        outcome = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False
        )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.splitlines()[-1] == "prompt_deletions_total 1.0"
