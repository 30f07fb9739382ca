"""What only an unusual request shows: the main job's scenario sends it, and the claim it breaks is red.

In this process, without a stack: each fault with the sessions that make its case.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.twins import cases
from tests.twins.inside import OUTAGE, failed, verdicts
from tests.twins.variants import build

pytestmark = [pytest.mark.stack, pytest.mark.takes(2)]
REQUESTS, DURATIONS, OPEN = (
    "metric/http_requests_total",
    "metric/http_request_duration_seconds",
    "metric/http_requests_in_progress",
)
PROMPTS, PIPELINES, USERS = (
    "metric/prompt_executions_total",
    "metric/pipeline_executions_total",
    "metric/active_users",
)
USUAL = "users with a word to say, and nobody's requests"
PATHS, NOWHERE, HEADERS, BODY = (
    "paths that look like others",
    "requests that count nowhere",
    "headers that speak of other requests",
    "clients that leave within a body",
)
QUICK = (
    PATHS,
    NOWHERE,
    HEADERS,
    BODY,
    USUAL,
    "unknown paths by further methods",
    "methods that a route does not have",
    "every method that a route does not have",
    "every method that an execution does not have",
    "a pipeline that is deleted late",
    "bodies that say nothing",
    "prompts that can't be deleted",
    "what nobody executes",
    "pipelines that are tried again",
    "births and deaths of pipelines",
    "streams that fail, and that are tried again",
    "executions that never begin",
)
"""Sessions that wait for nothing."""
RED: dict[str, tuple[str, tuple[str, ...]]] = {
    "options-passed": (f"{REQUESTS}/exact", (HEADERS,)),
    "head-passed": (f"{REQUESTS}/exact", (HEADERS,)),
    "scrapers-passed": (f"{REQUESTS}/exact", (HEADERS,)),
    "health-passed": (f"{REQUESTS}/exact", (PATHS,)),
    "unmatched-passed": (f"{REQUESTS}/exact", (PATHS,)),
    "other-methods-passed": (f"{REQUESTS}/exact", ("methods that a route does not have",)),
    "all-below-metrics-passed": (f"{REQUESTS}/exact", (PATHS,)),
    "queried-metrics-counted": (f"{REQUESTS}/exact", (NOWHERE,)),
    "only-reading-metrics-passed": (f"{REQUESTS}/exact", (NOWHERE,)),
    "users-of-metrics": (f"{USERS}/during", (USUAL,)),
    "slash-stripped": (f"{REQUESTS}/exact", (PATHS,)),
    "case-ignored": (f"{REQUESTS}/exact", (PATHS,)),
    "undecoded-path": (f"{REQUESTS}/exact", (PATHS,)),
    "original-url-trusted": (f"{REQUESTS}/exact", (HEADERS,)),
    "prefix-matched": (f"{REQUESTS}/exact", (PATHS,)),
    "not-allowed-unmatched": (f"{REQUESTS}/exact", ("methods that a route does not have",)),
    "method-overridden": (f"{REQUESTS}/exact", (HEADERS,)),
    "head-as-get": (f"{REQUESTS}/exact", (HEADERS,)),
    "other-methods-raw": (f"{REQUESTS}/exact", ("methods that a route does not have",)),
    "status-class": (f"{REQUESTS}/form", (PATHS,)),
    "broken-bodies-uncounted": (f"{REQUESTS}/exact", (BODY,)),
    "broken-bodies-are-400": (f"{REQUESTS}/exact", (BODY,)),
    "broken-bodies-are-500": (f"{REQUESTS}/exact", (BODY,)),
    "gauge-leaks-for-broken-bodies": (f"{OPEN}/exact", (BODY,)),
    "refusals-uncounted": (f"{REQUESTS}/exact", ("bodies that say nothing",)),
    "conflicts-uncounted": (f"{REQUESTS}/exact", ("prompts that can't be deleted",)),
    "series-go-with-refused-delete": (f"{PROMPTS}/lifecycle", ("prompts that can't be deleted",)),
    "gauge-clamped": (f"{OPEN}/during", ("parked executions",)),
    "errors-untimed": (f"{DURATIONS}/exact", (PATHS,)),
    "rounded": (f"{DURATIONS}/buckets", ("bodies that come late",)),
    "whole-seconds": (f"{DURATIONS}/buckets", ("bodies that come late",)),
    "a-twentieth-longer": (f"{DURATIONS}/sum", ("a body that comes very late",)),
    "a-tenth-shorter": (f"{DURATIONS}/sum", ("a body that comes very late",)),
    "cut-at-the-last-edge": (
        f"{DURATIONS}/buckets",
        ("a body for which one waits longer than any bucket is long",),
    ),
    "long-ones-untimed": (f"{DURATIONS}/exact", ("a body that comes very late",)),
    "timed-from-whole-body": (f"{DURATIONS}/buckets", ("bodies that come late",)),
    "counted-at-start": (f"{REQUESTS}/during", ("parked executions",)),
    "left-are-499": (f"{REQUESTS}/exact", ("clients that leave an execution",)),
    "anonymous-is-somebody": (f"{USERS}/during", (USUAL,)),
    "empty-is-somebody": (f"{USERS}/during", (USUAL,)),
    "users-in-small-letters": (f"{USERS}/during", (USUAL,)),
    "users-cut-off": (f"{USERS}/during", (USUAL,)),
    "users-of-routes-only": (f"{USERS}/during", (USUAL,)),
    "users-of-success": (f"{USERS}/during", (USUAL,)),
    "users-by-cookie": (f"{USERS}/during", (USUAL,)),
    "users-without-tenant": (f"{USERS}/during", (USUAL,)),
    "users-but-the-unlucky": (f"{USERS}/during", (USUAL,)),
    "users-of-whole-requests": (f"{USERS}/during", (USUAL,)),
    "options-raw": (f"{REQUESTS}/exact", ("every method that a route does not have",)),
    "prefetches-passed": (f"{REQUESTS}/exact", (HEADERS,)),
    "paths-in-ascii": (f"{REQUESTS}/exact", (PATHS,)),
    "heads-take-nothing": (f"{DURATIONS}/buckets", ("late: head",)),
    "conflicts-take-nothing": (f"{DURATIONS}/buckets", ("late: conflict",)),
    "long-paths-passed": (f"{REQUESTS}/exact", (PATHS,)),
    "strange-methods-never-open": (f"{OPEN}/during", ("late: no such method",)),
    "failures-take-nothing": (f"{DURATIONS}/buckets", ("a pipeline that crashes late",)),
    "outlived-under-own-id": (f"{PROMPTS}/exact", ("executions that outlive their prompt",)),
    "outlived-uncounted": (f"{PROMPTS}/exact", ("executions that outlive their prompt",)),
    "prompt-cost-born-late": (
        "metric/prompt_execution_cost_usd_total/sums",
        ("what nobody executes", "every prompt"),
    ),
    "other-born-late": (f"{PROMPTS}/born", ("every prompt",)),
    "totals-kept": ("metric/prompt_total/outage", (PATHS,)),
    "totals-zero": ("metric/pipeline_total/outage", (PATHS,)),
    "all-goes-with-the-database": ("target/outage", (PATHS,)),
    "statuses-born-late": (f"{REQUESTS}/born", (PATHS,)),
    "errors-born-late": (f"{REQUESTS}/born", (PATHS,)),
    "durations-born-late": (f"{DURATIONS}/born", (PATHS,)),
    "executions-counted-at-start": (f"{PROMPTS}/during", ("parked executions",)),
    "real-failures-of-streams-are-200": (f"{REQUESTS}/exact", (OUTAGE, PATHS)),
    "pipeline-record-refused-succeeds": (f"{PIPELINES}/during", (OUTAGE, PATHS)),
    "record-refused-succeeds": (f"{PROMPTS}/during", (OUTAGE, PATHS)),
    "stream-failures-succeed": (f"{PROMPTS}/exact", ("streams that fail, and that are tried again",)),
    "stream-retries-counted": (f"{PROMPTS}/exact", ("streams that fail, and that are tried again",)),
    "steps-once-per-prompt": (f"{PROMPTS}/exact", ("births and deaths of pipelines",)),
    "failed-steps-uncounted": (f"{PROMPTS}/exact", ("pipelines that fail",)),
    "pipeline-costs-its-last-step": (
        "metric/pipeline_execution_cost_usd_total/sums",
        ("births and deaths of pipelines", "pipelines that fail"),
    ),
}
"""A fault of `cases`: the claim that names it, and the sessions that make its case."""


SMALL = {"rounded", "a-twentieth-longer", "a-tenth-shorter"}
"""What a busy machine adds to each request may hide them; tests/checks/test_durations_held.py has them by hand."""


def test_every_fault_has_a_session_that_shows_it() -> None:
    assert RED.keys() == cases.METRICS.keys() | cases.INSTRUMENTATION.keys() | cases.EXECUTIONS.keys()


def test_a_sound_target_is_green_under_every_unusual_request(tmp_path: Path) -> None:
    found = verdicts(build("sound"), tmp_path, *QUICK, OUTAGE)
    assert failed(found) == {}
    assert found["traffic/complete"].outcome == "pass", found["traffic/complete"].reason
    shown = {claim for claim, verdict in found.items() if verdict.outcome == "pass"}
    assert shown >= {
        f"{REQUESTS}/exact",
        f"{DURATIONS}/sum",
        f"{OPEN}/exact",
        f"{PROMPTS}/exact",
        f"{USERS}/during",
        "target/outage",
        "metric/prompt_total/outage",
        f"{REQUESTS}/born",
    }


@pytest.mark.parametrize(
    "name",
    [
        "slash-stripped",
        "totals-kept",
        *(pytest.param(name, marks=pytest.mark.nightly) for name in sorted(RED.keys() - SMALL)),
    ],
)
def test_what_only_an_unusual_request_shows_is_red(tmp_path: Path, name: str) -> None:
    claim, sessions = RED[name]
    reasons = failed(verdicts(build(name), tmp_path, *sessions))
    assert claim in reasons, reasons
