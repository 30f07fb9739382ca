"""A stack that runs already as hosted ones do: TLS with its own CA, a path prefix, a token, a tenant, a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.config.timescale import TimeScale
from promproof.report.panels import draw
from promproof.run.clock import SystemClock
from promproof.run.main import run
from promproof.run.options import Options
from promproof.run.prepare import prepare
from promproof.stack.binaries import find_binaries
from promproof.stack.journal import Journal
from promproof.stack.processes import ProcessStack
from tests.observe.front import before, certificate
from tests.run.shops import SHOP, beside, not_passed, often, open_shop, say

pytestmark = [pytest.mark.stack, pytest.mark.whole_run, pytest.mark.nightly]
TOKEN, TENANT = {"Authorization": "Bearer hush-hush-1"}, {"X-Scope-OrgID": "shop"}
PASSWORD = {"Authorization": "Basic c2hvcDpodXNoLWh1c2gtMg=="}


def test_everything_that_can_be_read_of_a_hosted_stack_is_judged(tmp_path: Path) -> None:
    folder = often(tmp_path / "monitoring")
    pair = certificate(tmp_path)
    with open_shop() as (url, _), Journal(tmp_path / "runs") as journal:
        configure = beside(url, folder, tmp_path / "copy", is_told=True)
        with (
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
