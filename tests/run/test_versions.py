"""A folder that needs a newer program than was found is told as that; any other key that is refused is a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.errors import InputError
from promproof.evidence.records import ToolResult
from promproof.run.versions import FIRST, refuse_too_old
from promproof.stack.binaries import Binaries, Binary

pytestmark = pytest.mark.unit
OLD = Binary(Path("/programs/promtool"), "2.42.0", "cache")
AM = Binary(Path("/programs/amtool"), "0.25.0", "cache")
BINARIES = Binaries(OLD, OLD, AM, AM, OLD)
PROMTOOL = """Checking prometheus.yml
  FAILED: parsing YAML file prometheus.yml: yaml: unmarshal errors:
  line 3: field {key} not found in type {kind}
"""
AMTOOL = """Checking 'alertmanager.yml'  FAILED: yaml: unmarshal errors:
  line 2: field msteamsv2_configs not found in type config.plain
  line 3: field discord_configs not found in type config.plain
"""


def said(key: str, kind: str = "config.ScrapeConfig", status: int | None = 1) -> list[ToolResult]:
    """What promtool says of a key that it does not know."""
    return [ToolResult("promtool check config prometheus.yml", status, PROMTOOL.format(key=key, kind=kind))]


def test_a_key_of_prometheus_3_is_reported_with_both_versions_and_the_option() -> None:
    with pytest.raises(InputError) as caught:
        refuse_too_old(said("scrape_fallback_protocol"), BINARIES)
    assert str(caught.value) == (
        "prometheus.yml: scrape_fallback_protocol (line 3), which Prometheus knows since 3.0; the promtool that was "
        "found is 2.42.0 (cache: /programs/promtool)\n"
        "  expected: Prometheus 3.0 or newer\n"
        "  to do: --binary prometheus=PATH --binary promtool=PATH name one"
    )


def test_the_newest_of_several_keys_says_which_alertmanager_would_do() -> None:
    results = [ToolResult("amtool check-config alertmanager.yml", 1, AMTOOL)]
    with pytest.raises(InputError) as caught:
        refuse_too_old(results, BINARIES)
    assert caught.value.expected == "Alertmanager 0.28 or newer"
    assert "--binary alertmanager=PATH" in caught.value.todo


def test_labels_of_a_group_are_new_and_labels_of_anything_else_are_not() -> None:
    with pytest.raises(InputError, match="labels"):
        refuse_too_old(said("labels", "rulefmt.RuleGroup"), BINARIES)
    refuse_too_old(said("labels", "config.ScrapeConfig"), BINARIES)


@pytest.mark.parametrize("key", ["scrape_intervall", "targets", "recievers"])
def test_a_mistyped_key_is_not_told_as_a_too_old_program(key: str) -> None:
    assert all(key not in keys for keys in FIRST.values())
    refuse_too_old(said(key), BINARIES)


@pytest.mark.parametrize("status", [0, None])
def test_a_file_that_was_taken_or_not_asked_about_is_not_refused(status: int | None) -> None:
    refuse_too_old(said("scrape_fallback_protocol", status=status), BINARIES)
