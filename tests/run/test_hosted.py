"""A stack that runs already as hosted ones do: TLS with its own CA, a path prefix, a token, a tenant, a password."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from promproof.config.timescale import TimeScale
from promproof.render.monitoring import Rendered, render
from promproof.report.panels import draw
from promproof.run.clock import SystemClock
from promproof.run.main import run
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.stack.binaries import find_binaries
from promproof.stack.journal import Journal
from promproof.stack.ports import allocate_ports
from promproof.stack.processes import Ports, ProcessStack
from promproof.stack.waiting import unmet_http, wait_until
from tests.observe.front import before, certificate
from tests.run.test_shop import SHOP, not_passed, say

pytestmark = [pytest.mark.stack, pytest.mark.whole_run, pytest.mark.nightly]
TOKEN, TENANT = {"Authorization": "Bearer hush-hush-1"}, {"X-Scope-OrgID": "shop"}
PASSWORD = {"Authorization": "Basic c2hvcDpodXNoLWh1c2gtMg=="}


def test_everything_that_can_be_read_of_a_hosted_stack_is_judged(tmp_path: Path) -> None:
    folder = tmp_path / "monitoring"
    shutil.copytree(SHOP / "monitoring", folder)
    config = folder / "prometheus.yml"
    config.write_text(config.read_text().replace("30s", "500ms"))
    [port] = allocate_ports(1)
    url = f"http://127.0.0.1:{port}"

    def configure(ports: Ports) -> Rendered:
        own = f"127.0.0.1:{ports.alertmanager}"
        where = {"webshop": f"127.0.0.1:{port}"}
        return render(
            folder, tmp_path / "copy", scale=TimeScale(1), addresses=where, alertmanager=own, receivers={}
        )

    pair = certificate(tmp_path)
    process = subprocess.Popen([sys.executable, str(SHOP / "shop.py"), str(port)])
    try:
        wait_until(lambda: unmet_http(f"{url}/alive"), 60)
        with (
            Journal(tmp_path / "runs") as journal,
            ProcessStack(find_binaries(), configure, tmp_path / "stack", TimeScale(1), journal) as stack,
            before(stack.endpoints.prometheus, {**TOKEN, **TENANT}, pair) as prometheus,
            before(str(stack.endpoints.alertmanager), PASSWORD) as alertmanager,
        ):
            wanted = Options.of(
                contract=SHOP / "contract.yaml",
                monitoring=folder,
                target=url,
                prometheus=prometheus,
                alertmanager=alertmanager.replace("http://", "http://shop:hush-hush-2@"),
                header=(
                    f"prometheus=Authorization: {TOKEN['Authorization']}",
                    "prometheus=X-Scope-OrgID: shop",
                ),
                ca_file=pair[0],
                stack="external",
            )
            done = run(prepare(wanted), tmp_path / "run", SystemClock(), say, draw)
    finally:
        process.kill()
        process.wait()
    assert done.ending.trouble is None
    verdicts = {verdict.claim: verdict for verdict in done.verdicts}
    left = not_passed(verdicts)
    said = left.pop("config/alertmanager-connected")
    assert said.startswith("not verified: Prometheus sends to http")  # the front is another address of it
    assert left == {
        "config/reload": "not verified: a stack that runs already keeps its files",
    }
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert [str(path) for path in files if b"hush-hush" in path.read_bytes()] == []
