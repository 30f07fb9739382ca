"""A stranger's shop with its own monitoring: it runs, a stack beside it, and what is said of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from promproof.config.timescale import TimeScale
from promproof.render.monitoring import Rendered, render
from promproof.stack.ports import allocate_ports
from promproof.stack.processes import Ports
from promproof.stack.waiting import unmet_http, wait_until
from promproof.verdict import Outcome, Verdict

SHOP = Path(__file__).parent / "shop"
SECONDS = 60
"""How long the shop may take to start on a busy machine."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def not_passed(verdicts: dict[str, Verdict]) -> dict[str, str]:
    return {
        name: f"{verdict.outcome}: {verdict.reason}"
        for name, verdict in verdicts.items()
        if verdict.outcome is not Outcome.PASS
    }


@contextmanager
def open_shop() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The shop on a free port: its address and its process, which ends with the test."""
    [port] = allocate_ports(1)
    process = subprocess.Popen([sys.executable, str(SHOP / "shop.py"), str(port)])
    try:
        wait_until(lambda: unmet_http(f"http://127.0.0.1:{port}/alive"), SECONDS)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()


def often(folder: Path) -> Path:
    """A copy of the shop's monitoring that scrapes every half second."""
    shutil.copytree(SHOP / "monitoring", folder)
    config = folder / "prometheus.yml"
    config.write_text(config.read_text().replace("30s", "500ms"))
    return folder


def beside(url: str, folder: Path, out: Path, *, is_told: bool) -> Callable[[Ports], Rendered]:
    """Renders the monitoring of a shop at an address for a stack. is_told: whether its Alertmanager is told."""

    def configure(ports: Ports) -> Rendered:
        return render(
            folder,
            out,
            scale=TimeScale(1),
            addresses={"webshop": url.removeprefix("http://")},
            alertmanager=f"127.0.0.1:{ports.alertmanager}" if is_told else None,
            receivers={},
        )

    return configure
