"""Links of alerts to Grafana lead to their own panel."""

from __future__ import annotations

import pytest

from promproof.checks.alert_links import wrong_links, wrong_runbooks
from promproof.grafana.provisioning import parsed, texts
from promproof.places import DEFAULT_MONITORING
from promproof.run.options import Options
from promproof.run.prepare import prepare

pytestmark = pytest.mark.unit
CONTRACT = prepare(Options.of(stack="processes")).contract
BOARDS = parsed(texts(DEFAULT_MONITORING)).dashboards
GRAFANA = "http://localhost:3001"


def wrong(text: str, name: str = "HighErrorRate") -> list[str]:
    return list(wrong_links(CONTRACT.alert(name), text, CONTRACT, BOARDS))


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (f"{GRAFANA}/d/system-overview?viewPanel=3", "leads to Disk Usage of System Overview"),
        (f"{GRAFANA}/d/system-overview?viewPanel=17", "panel 17 of System Overview, which it has not"),
        (f"{GRAFANA}/d/system-overviews?viewPanel=5", "the dashboard system-overviews"),
        (f"{GRAFANA}/d/system-overview/any-words?orgId=1&viewPanel=panel-1", "leads to CPU Usage"),
        ("http://localhost:3000/d/system-overview?viewPanel=5", "documented is port 3001"),
    ],
)
def test_a_link_that_leads_elsewhere_is_a_finding(link: str, said: str) -> None:
    (found,) = wrong(f"see {link}.")
    assert said in found


@pytest.mark.parametrize(
    "text",
    [
        f"{GRAFANA}/d/system-overview?viewPanel=5",
        f"{GRAFANA}/d/system-overview/any-words?viewPanel=panel-5&from=now-1h",
        f"{GRAFANA}/d/system-overview",
        f"{GRAFANA}/d/http-performance?viewPanel=4&orgId=1",
        "https://grafana.example.org/d/system-overview?viewPanel=5",
        "http://localhost:3000/user/monitoring.md",
        "no link",
    ],
)
def test_a_link_to_its_panel_or_to_a_whole_dashboard_is_no_finding(text: str) -> None:
    """The panel of another dashboard may be meant only where none of that dashboard is the alert's."""
    assert not wrong(text)


def test_an_alert_without_a_panel_may_link_any() -> None:
    assert not wrong(f"{GRAFANA}/d/system-overview?viewPanel=3", "DiskWillFill")


def test_an_alert_without_a_panel_may_not_link_that_of_another_quantity() -> None:
    (found,) = wrong(f"{GRAFANA}/d/system-overview?viewPanel=2", "DiskWillFill")
    assert "the panel of HighMemoryUsage" in found
    assert not wrong(f"{GRAFANA}/d/system-overview?viewPanel=5", "ErrorBudgetBurn")


def test_a_runbook_that_prometheus_serves_is_the_file_of_the_other_link() -> None:
    served = "{{ $externalURL }}/user/alerts.md#cpu"
    (found,) = wrong_runbooks({"runbook": "docs/monitoring.md#cpu", "runbook_url": served})
    assert "of the runbook is in monitoring.md" in found
    assert not list(wrong_runbooks({"runbook_url": served}))
    assert not list(wrong_runbooks({"runbook": "docs/alerts.md#cpu", "runbook_url": served}))


def test_without_dashboards_no_link_is_a_finding() -> None:
    assert not list(wrong_links(CONTRACT.alert("HighErrorRate"), f"{GRAFANA}/d/gone", CONTRACT, ()))


SERVED = "{{ $externalURL }}/user/monitoring.md#servicedown"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"runbook": "docs/monitoring.md#servicedown", "runbook_url": f"{SERVED}s"}, "different sections"),
        ({"runbook_url": SERVED.replace("/user", "")}, "no such page"),
        ({"link": "{{.ExternalURL}}/alert"}, "/alert"),
    ],
)
def test_runbooks_that_lead_apart_or_nowhere_are_told(said: dict[str, str], told: str) -> None:
    (found,) = wrong_runbooks(said)
    assert told in found


@pytest.mark.parametrize(
    "said",
    [
        {"runbook": "docs/monitoring.md#servicedown", "runbook_url": SERVED},
        {"runbook": "docs/other.md#down", "runbook_url": SERVED},
        {"runbook_url": "https://example.org/runbooks/ServiceDown"},
        {
            "link": "{{ $externalURL }}/graph?g0.expr=up",
            "other": "{{ $externalURL }}",
            "third": "{{ .ExternalURL }}/",
        },
        {"description": "docs/monitoring.md#ports and docs/monitoring.md#alerts"},
    ],
)
def test_runbooks_that_agree_are_not(said: dict[str, str]) -> None:
    assert not list(wrong_runbooks(said))


def test_a_link_to_the_same_panel_of_another_quantity_is_a_finding() -> None:
    (found,) = wrong(f"{GRAFANA}/d/pipeline-metrics?viewPanel=2", "HighPromptFailureRate")
    assert "shows no metric of HighPromptFailureRate; its panel is Success Rates of Prompt Analytics" in found


@pytest.mark.parametrize("link", ["d/pipeline-metrics", "d/system-overview?viewPanel=7"])
def test_a_link_to_the_dashboard_or_to_all_alerts_is_none(link: str) -> None:
    assert wrong(f"{GRAFANA}/{link}", "HighPromptFailureRate") == []
