"""A Prometheus of somebody else: TLS by an authority of its own, a path as prefix, and a tenant that must be named."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from promproof.observe.prometheus import Prometheus
from promproof.stack.binaries import find_binary
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import unmet_http, wait_until
from tests.observe.front import before, signed
from tests.services.test_replicas import serving
from tests.services.test_services import told

pytestmark = [pytest.mark.stack, pytest.mark.nightly, pytest.mark.whole_run]
CONFIGURATION = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
scrape_configs: [{job_name: shop, static_configs: [{targets: ["TARGET"]}]}]
"""


def test_a_closed_prometheus_is_drafted_from_verified_and_checked(tmp_path: Path) -> None:
    authority, pair = signed(tmp_path)
    [port] = allocate_ports(1)
    with serving("app.py") as target:
        text = CONFIGURATION.replace("TARGET", target.removeprefix("http://"))
        (tmp_path / "prometheus.yml").write_text(text, encoding="utf-8")
        words = [f"--config.file={tmp_path / 'prometheus.yml'}", f"--storage.tsdb.path={tmp_path / 'data'}"]
        program = [str(find_binary("prometheus").path), *words, f"--web.listen-address=127.0.0.1:{port}"]
        with (tmp_path / "log").open("w") as log, subprocess.Popen(program, stderr=log) as process:
            try:
                wait_until(lambda: unmet_http(f"http://127.0.0.1:{port}/-/ready"), 30)
                server = Prometheus(f"http://127.0.0.1:{port}")
                wait_until(lambda: "" if server.targets() else "it lists no targets", 30)
                server.close()
                with before(f"http://127.0.0.1:{port}", {"X-Scope-OrgID": "shop"}, pair) as url:
                    _played(tmp_path, target, url, authority)
            finally:
                process.terminate()


def _played(folder: Path, target: str, url: str, authority: Path) -> None:
    shown = ["--ca-file", str(authority), "--header", "prometheus=X-Scope-OrgID: shop"]
    places = ["--target", target, "--prometheus", url]
    draft = folder / "draft"
    told(["init", *places, *shown, "--route", "/items", "--output", str(draft)], folder)
    verify = [
        "verify",
        *places,
        "--contract",
        str(draft / "contract.yaml"),
        "--reports",
        str(folder / "reports"),
    ]
    told([*verify, *shown], folder)
    report = json.loads((folder / "reports" / "latest" / "report.json").read_text())
    found = {row["claim"]: row["outcome"] for row in report["verdicts"]}
    assert set(found.values()) <= {"pass", "not verified"}
    assert found["metric/shop_requests_total/exact"] == "pass"
    told(["check", "--prometheus", url, *shown], folder)
    for less in (shown[:2], []):
        for command in (["init", *places, "--output", str(draft)], verify, ["check", "--prometheus", url]):
            told([*command, *less], folder, status={4})
