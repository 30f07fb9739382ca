"""A folder that needs a newer program than was found is told as that; any other key that is refused is a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from promproof.errors import EvidenceError, InputError
from promproof.evidence.records import ToolResult
from promproof.exposition import parse
from promproof.run.sidebyside import files_checked
from promproof.run.versions import FIRST, has_newer, refuse_names, refuse_too_old
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
        refuse_too_old(said("fallback_scrape_protocol"), BINARIES)
    assert str(caught.value) == (
        "prometheus.yml: fallback_scrape_protocol (line 3), which Prometheus knows since 3.0; the promtool that was "
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


@pytest.mark.parametrize("key", ["timeout", "url_file", "message_thread_id"])
def test_a_key_that_a_newer_receiver_takes_is_reported_as_that(key: str) -> None:
    said_of_it = f"Checking 'a.yml'  FAILED: yaml:\n  line 7: field {key} not found in type config.plain\n"
    with pytest.raises(InputError, match="Alertmanager knows"):
        refuse_too_old([ToolResult("amtool check-config a.yml", 1, said_of_it)], BINARIES)


def test_a_key_that_no_alertmanager_knows_is_a_mistake_and_no_matter_of_the_version() -> None:
    said_of_it = "Checking 'a.yml'  FAILED: yaml:\n  line 7: field time_out not found in type config.plain\n"
    refuse_too_old([ToolResult("amtool check-config a.yml", 1, said_of_it)], BINARIES)


def test_a_stack_that_did_not_come_up_since_a_program_is_too_old_is_refused_for_that() -> None:
    died = EvidenceError("prometheus", "it ended before it was ready")
    with (
        pytest.raises(InputError, match="fallback_scrape_protocol"),
        files_checked(lambda: said("fallback_scrape_protocol"), BINARIES),
    ):
        raise died
    with (
        pytest.raises(EvidenceError, match="before it was ready"),
        files_checked(lambda: said("scrape_intervall"), BINARIES),
    ):
        raise died  # and any other for what ended it


def test_a_stack_with_programs_of_its_own_is_not_refused_for_those_that_were_found_here() -> None:
    with files_checked(lambda: said("fallback_scrape_protocol"), None):
        pass


def test_labels_of_a_group_are_new_and_labels_of_anything_else_are_not() -> None:
    with pytest.raises(InputError, match="labels"):
        refuse_too_old(said("labels", "rulefmt.RuleGroup"), BINARIES)
    refuse_too_old(said("labels", "config.ScrapeConfig"), BINARIES)


@pytest.mark.parametrize("key", ["scrape_intervall", "targets", "recievers"])
def test_a_mistyped_key_is_not_told_as_a_too_old_program(key: str) -> None:
    assert all(key not in keys for keys in FIRST.values())
    refuse_too_old(said(key), BINARIES)


def test_a_key_that_a_new_program_refuses_is_a_mistake() -> None:
    refuse_too_old(said("scrape_classic_histograms"), Binaries(NEW, NEW, AM, AM, NEW))  # gone since 3.0
    with pytest.raises(InputError, match=r"which Prometheus knows since 2\.45"):
        refuse_too_old(said("scrape_classic_histograms"), BINARIES)


@pytest.mark.parametrize("status", [0, None])
def test_a_file_that_was_taken_or_not_asked_about_is_not_refused(status: int | None) -> None:
    refuse_too_old(said("fallback_scrape_protocol", status=status), BINARIES)


NEW = Binary(Path("/programs/promtool"), "3.5.0", "cache")
IN_QUOTES = """Checking rules.yml
  FAILED: rules.yml: 4:31: group "g", rule 1, "Errors": could not parse expression: 1:11: parse error: unexpected string
"\\"http.requ"... in label matching, expected identifier or "}"
""".replace("string\n", "string ")


def test_a_name_in_quotes_needs_prometheus_3_and_a_new_one_that_refuses_it_is_a_mistake() -> None:
    results = [ToolResult("promtool check config prometheus.yml", 1, IN_QUOTES)]
    with pytest.raises(InputError, match=r"a name in quotes, which Prometheus reads since 3\.0") as caught:
        refuse_too_old(results, BINARIES)
    assert "--binary prometheus=PATH" in caught.value.todo
    refuse_too_old(results, Binaries(NEW, NEW, AM, AM, NEW))


UNREAD = 'expected metric name after HELP, got "INVALID"'
DOTTED = '# TYPE "http.requests_total" counter\n{"http.requests_total",code="200"} 1\n'
LABELLED = '# TYPE r_total counter\nr_total{"http.code"="200"} 1\n'


@pytest.mark.parametrize(("text", "name"), [(DOTTED, '"http.requests_total"'), (LABELLED, '"http.code"')])
def test_a_target_with_names_that_the_program_cannot_read_is_told_as_that(text: str, name: str) -> None:
    with pytest.raises(InputError) as caught:
        refuse_names(UNREAD, parse(text), OLD)
    assert caught.value.what.startswith(f"it exposes {name}, a name that Prometheus reads since 3.0; ")


@pytest.mark.parametrize(
    ("error", "text", "binary"),
    [
        ("connection refused", DOTTED, OLD),
        (UNREAD, "# TYPE r_total counter\nr_total 1\n", OLD),
        (UNREAD, DOTTED, NEW),
    ],
    ids=["down", "plain names", "a new program"],
)
def test_a_target_that_is_down_for_another_reason_is_for_the_checks(
    error: str, text: str, binary: Binary
) -> None:
    refuse_names(error, parse(text), binary)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("Prometheus", {"scrape_configs": [{"fallback_scrape_protocol": "x"}]}, True),
        ("Prometheus", {"groups": [{"name": "g", "labels": {}, "rules": []}]}, True),
        ("Prometheus", {"groups": [{"name": "g", "rules": [{"labels": {}, "expr": "up"}]}]}, False),
        ("Prometheus", {"groups": [{"rules": [{"expr": '{"http.requests"} > 1'}]}]}, True),
        ("Prometheus", {"groups": [{"rules": [{"expr": 'up{job="a"} > 1'}]}]}, False),
        ("Alertmanager", {"receivers": [{"msteamsv2_configs": []}]}, True),
        ("Alertmanager", {"receivers": [{"discord_configs": []}]}, False),
        ("Alertmanager", {"receivers": [{"webhook_configs": []}]}, False),
    ],
)
def test_only_a_file_with_something_new_may_need_a_newer_program(
    name: str, data: object, expected: bool
) -> None:
    version = "2.42.0" if name == "Prometheus" else "0.25.0"
    assert has_newer(name, data, version) is expected
    assert not has_newer(name, data, "3.5.3" if name == "Prometheus" else "0.33.1")
