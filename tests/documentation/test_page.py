"""What the monitoring page quotes is what ships: expressions, excerpts of configuration, sample output."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from promproof.contract.documentation import Page, names, parse

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "monitoring.md"
MONITORING = ROOT / "monitoring"
METRICS = ("metric", "type", "unit", "labels", "meaning")
EXCERPTS = {"prometheus": "prometheus/prometheus.yml", "alertmanager": "alertmanager/alertmanager.yml"}


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def wrong_expressions(page: Page) -> list[str]:
    """Alerts whose expression on the page is not that of the rule, or stands on one side only."""
    shipped = {
        rule["alert"]: rule["expr"].strip()
        for path in (MONITORING / "prometheus" / "rules").glob("*.yml")
        for group in _load(path)["groups"]
        for rule in group["rules"]
    }
    quoted = {block.name: block.text.strip() for block in page.blocks if block.language == "promql"}
    return sorted(name for name in shipped | quoted if shipped.get(name) != quoted.get(name))


def _contains(whole: Any, part: Any) -> bool:
    """Whether every key and every list item of `part` is somewhere in the same place of `whole`."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and _contains(whole[key], value) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(_contains(item, want) for item in whole) for want in part)
    return bool(whole == part)


def wrong_excerpts(page: Page) -> list[str]:
    """Excerpts on the page that the shipped file does not contain."""
    return [
        name
        for name, file in EXCERPTS.items()
        if not _contains(_load(MONITORING / file), yaml.safe_load(page.block(name).text))
    ]


def wrong_sample_lines(page: Page) -> list[str]:
    """Metrics of the sample output whose type, help or labels are not those of the page's own tables."""
    documented = {
        row.cells["metric"]: row.cells for table in page.tables_with(*METRICS) for row in table.rows
    }
    wrong = []
    for family in text_string_to_metric_families(page.block("exposition").text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        cells = documented[name]
        labels = {label for sample in family.samples for label in sample.labels}
        if (family.type, family.documentation, labels) != (
            cells["type"],
            cells["meaning"],
            set(names(cells["labels"])),
        ):
            wrong.append(name)
    return wrong


def wrong_timings(page: Page) -> list[str]:
    """Settings of the page's table that differ from the shipped files."""
    scraping = _load(MONITORING / "prometheus" / "prometheus.yml")["global"]
    routing = _load(MONITORING / "alertmanager" / "alertmanager.yml")["route"]
    shipped = {name.replace("_", " "): value for name, value in (scraping | routing).items()}
    (table,) = page.tables_with("setting", "value")
    return [
        row.cells["setting"]
        for row in table.rows
        if row.cells["setting"] in shipped and row.cells["value"] != shipped[row.cells["setting"]]
    ]


CHECKS: dict[str, tuple[Callable[[Page], list[str]], str, str, str]] = {
    # the check, and the smallest edit of the page that it must find: old, new, what it then names
    "expression": (wrong_expressions, "> 0.85", "> 0.8", "HighMemoryUsage"),
    "missing expression": (wrong_expressions, "promql ServiceDown", "text", "ServiceDown"),
    "target": (wrong_excerpts, 'targets: ["api:8000"]', 'targets: ["localhost:8000"]', "prometheus"),
    "receiver": (wrong_excerpts, "http://operator:9095/", "http://operator:9096/", "alertmanager"),
    "label": (wrong_sample_lines, '",method="GET"', '",verb="GET"', "http_requests_total"),
    "help": (
        wrong_sample_lines,
        "HELP http_requests_total Total",
        "HELP http_requests_total",
        "http_requests_total",
    ),
    "type": (
        wrong_sample_lines,
        "| `prompt_executions_total` | counter",
        "| `prompt_executions_total` | gauge",
        "prompt_executions_total",
    ),
    "timing": (wrong_timings, "| group wait | 30s |", "| group wait | 10s |", "group wait"),
}


@pytest.mark.parametrize(
    "check", dict.fromkeys(check for check, *_ in CHECKS.values()), ids=lambda check: check.__name__
)
def test_the_page_quotes_something_that_does_not_ship(check: Callable[[Page], list[str]]) -> None:
    assert check(parse(PAGE)) == []


@pytest.mark.parametrize("name", CHECKS)
def test_a_wrong_quotation_goes_unnoticed(name: str, tmp_path: Path) -> None:
    check, old, new, named = CHECKS[name]
    text = PAGE.read_text(encoding="utf-8")
    assert old in text
    edited = tmp_path / "monitoring.md"
    edited.write_text(text.replace(old, new), encoding="utf-8")
    assert check(parse(edited)) == [named]


def test_the_timings_are_not_compared_at_all() -> None:
    (table,) = parse(PAGE).tables_with("setting", "value")
    settings = {row.cells["setting"] for row in table.rows}
    assert settings >= {
        "scrape interval",
        "scrape timeout",
        "evaluation interval",
        "group wait",
        "group interval",
        "repeat interval",
    }
