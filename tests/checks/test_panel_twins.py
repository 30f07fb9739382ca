"""Every kind of finding is seen red once, and the shipped dashboards are green in the same run."""

from __future__ import annotations

import pytest

from promproof.verdict import Outcome
from tests.checks.conftest import Judged, shipped_contract
from tests.grafana.twins import TWINS, Twin

pytestmark = [pytest.mark.stack, pytest.mark.whole_run(alone=True)]


def test_the_run_of_the_broken_panels_comes_to_its_end(judged: Judged) -> None:
    assert judged.trouble is None


def test_the_shipped_panels_are_green(judged: Judged) -> None:
    uids = tuple(f"panel/{dashboard['uid']}/" for dashboard in shipped_contract()["dashboards"])
    about = {claim: verdict for claim, verdict in judged.verdicts.items() if claim.startswith(uids)}
    troubled = {claim: verdict for claim, verdict in about.items() if verdict.outcome is not Outcome.PASS}
    # No disk was read or no packet sent, say: this machine then cannot show that these queries are right.
    idle = {claim for claim, verdict in troubled.items() if "kernel counted nothing" in verdict.reason}
    assert len(about) > 100
    assert {claim: verdict.reason for claim, verdict in troubled.items() if claim not in idle} == {}
    assert all(troubled[claim].outcome is Outcome.NOT_VERIFIED for claim in idle)
    assert idle <= {f"panel/resource-utilization/{panel}/values" for panel in ("disk-i-o", "network-traffic")}


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.name)
def test_a_broken_panel_is_red_and_its_reason_says_why(twin: Twin, judged: Judged) -> None:
    slug = next(
        panel.slug
        for dashboard in judged.evidence.contract.dashboards
        if dashboard.uid == twin.uid
        for panel in dashboard.panels
    )
    verdict = judged.verdicts[f"panel/{twin.uid}/{slug}/{twin.aspect}"]
    assert verdict.outcome is Outcome.FAIL, verdict
    assert twin.says in verdict.reason, verdict.reason


def test_a_broken_file_is_named(judged: Judged) -> None:
    verdict = judged.verdicts["dashboards/readable"]
    assert verdict.outcome is Outcome.FAIL
    assert "broken.json: $: not JSON" in verdict.reason


def test_a_hidden_query_and_an_unknown_metric_are_named(judged: Judged) -> None:
    assert "a hidden query" in judged.verdicts["dashboards/inventory"].reason
    assert "http_request_total" in judged.verdicts["dashboards/metrics"].reason
