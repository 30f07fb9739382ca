"""Twins through the real stack: many broken targets of one Prometheus, each turning exactly its claims red."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from promproof.verdict import Outcome, Verdict
from tests.conftest import chosen
from tests.twins import cases
from tests.twins.bench import failed, run_variants
from tests.twins.variants import NAMES

pytestmark = pytest.mark.stack


def metric(name: str, *aspects: str) -> set[str]:
    return {f"metric/{name}/{aspect}" for aspect in aspects}


REQUESTS, DURATIONS, PROGRESS = (
    "http_requests_total",
    "http_request_duration_seconds",
    "http_requests_in_progress",
)
PROMPTS, PIPELINES, USERS = "prompt_executions_total", "pipeline_executions_total", "active_users"
PROMPT_SECONDS, PROMPT_COST = "prompt_execution_seconds_total", "prompt_execution_cost_usd_total"

EXPECTED: dict[str, set[str]] = {
    "sound": set(),
    "double-counting": metric(REQUESTS, "born", "exact", "during"),
    "every-hundredth-lost": metric(REQUESTS, "exact", "during"),
    "exceptions-uncounted": metric(REQUESTS, "exact", "during"),
    "swapped-labels": metric(REQUESTS, "form", "born", "exact", "during", "cardinality"),
    "milliseconds": metric(DURATIONS, "buckets", "sum"),
    "gauge-never-up": metric(PROGRESS, "during", "moves", "parked"),
    "frozen-users": metric(USERS, "during", "moves", "window"),
    "users-never-age": metric(USERS, "during", "window"),
    "pipeline-never-fails": metric(PIPELINES, "exact", "during"),
    "born-with-first-event": metric(PROMPTS, "lifecycle", "limit")
    | metric(PROMPT_SECONDS, "sums")
    | metric(PROMPT_COST, "sums"),
    "outlives-prompt": metric(PROMPTS, "exact", "lifecycle", "limit")
    | metric(PROMPT_SECONDS, "sums")
    | metric(PROMPT_COST, "sums"),
    "execution-milliseconds": metric(PROMPT_SECONDS, "sums"),
    "failures-cost-nothing": metric(PROMPT_SECONDS, "sums") | metric(PROMPT_COST, "sums"),
    "cost-born-with-first-event": metric("pipeline_execution_cost_usd_total", "sums"),
    "stale-totals": metric("prompt_total", "moves", "rows") | metric("pipeline_total", "moves", "rows"),
    "exposed-twice": {"target/exposition"} | metric(USERS, "form"),
    "frozen-timestamps": {"target/fresh"} | metric(USERS, "moves", "stored"),
    "undocumented": {"target/exposition"},
    "top-bucket-at-threshold": metric(DURATIONS, "form", "buckets"),
    "renamed-metric": {"target/exposition"}
    | metric(PIPELINES, "form", "born", "exact", "moves", "stored", "lifecycle", "limit"),
    "headers-only": metric(REQUESTS, "exact", "during") | metric(DURATIONS, "buckets", "sum"),
    "leaking-gauge": metric(PROGRESS, "exact", "during", "parked"),
    "retries-counted": metric(PROMPTS, "exact", "during"),
}
TOGETHER = {
    "wrong-values": (
        "double-counting",
        "milliseconds",
        "gauge-never-up",
        "frozen-users",
        "outlives-prompt",
        "stale-totals",
    ),
    "wrong-names": ("swapped-labels", "renamed-metric", "frozen-timestamps"),
}
"""Faults of different metrics in one API: exactly the claims of each are red."""
EXPECTED |= {name: set().union(*(EXPECTED[fault] for fault in faults)) for name, faults in TOGETHER.items()}
# A scrape has to fall into the body of a stream to see these: red in most runs, not in all.
MAY: dict[str, set[str]] = {"headers-only": metric(PROGRESS, "during") | metric(DURATIONS, "during")}
# Several targets at once: a busy machine loses a scrape now and then, whatever is broken.
LOST = {"target/up"}
# What these break spreads: the named claims must be red, and others may be.
AT_LEAST: dict[str, set[str]] = {
    "empty-exposition": {"target/exposition"} | metric(REQUESTS, "form", "exact", "moves", "stored"),
    "raw-paths": metric(REQUESTS, "form", "exact", "during", "cardinality"),
    "two-workers": metric(REQUESTS, "exact"),
    "other-process": metric("process_cpu_seconds_total", "kernel")
    | metric("process_resident_memory_bytes", "kernel")
    | metric("process_open_fds", "kernel"),
}


ONE_OF_EACH_KIND = {"sound", *TOGETHER, "other-process"}
"""Every kind of claim about a metric is red in one of these; each fault by itself is tried at night."""


def _each(names: Iterable[str]) -> list[object]:
    return [
        name if name in ONE_OF_EACH_KIND else pytest.param(name, marks=pytest.mark.nightly) for name in names
    ]


def test_every_kind_of_claim_is_red_in_a_variant_that_is_tried_every_day() -> None:
    """Kinds by the last word of a claim's id; a stimulus needs a fault port, a restart another twin."""
    kinds = {
        claim.rpartition("/")[2]
        for name in ONE_OF_EACH_KIND & EXPECTED.keys() | ONE_OF_EACH_KIND & AT_LEAST.keys()
        for claim in EXPECTED.get(name, set()) | AT_LEAST.get(name, set())
    }
    everything = {
        claim.rpartition("/")[2] for red in (*EXPECTED.values(), *AT_LEAST.values()) for claim in red
    }
    assert kinds == everything


@pytest.fixture(scope="module")
def judged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Verdict]]:
    return run_variants(chosen(request, "name"), tmp_path_factory.mktemp("twins"))


NO_FAULT_PORT = {
    "metric/process_resident_memory_bytes/stimulus",
    "target/outage",
    "metric/prompt_total/outage",
    "metric/pipeline_total/outage",
}
"""Without a fault port nobody holds memory for us or takes the database away."""
CASES = cases.METRICS.keys() | cases.INSTRUMENTATION.keys() | cases.EXECUTIONS.keys()
"""Theirs are in test_cases.py."""


def test_every_variant_has_an_expectation() -> None:
    assert set(NAMES) - CASES == EXPECTED.keys() | AT_LEAST.keys()


def _late(verdict: Verdict) -> bool:
    """Whether nothing could be said: several targets compute at once, and scrapes of that moment may be cut off."""
    return verdict.outcome is Outcome.UNKNOWN and verdict.reason.startswith("no scrape before or during")


@pytest.mark.whole_run(alone=True)
@pytest.mark.parametrize("name", ["sound"])
def test_the_sound_target_passes_every_claim_about_its_metrics(
    name: str, judged: dict[str, list[Verdict]]
) -> None:
    about = [
        verdict for verdict in judged[name] if verdict.claim.startswith(("metric/", "target/", "traffic/"))
    ]
    troubled = {
        verdict.claim: verdict.reason
        for verdict in about
        if verdict.outcome is not Outcome.PASS and not _late(verdict)
    }
    assert troubled.keys() <= NO_FAULT_PORT, troubled


@pytest.mark.whole_run(alone=True)
@pytest.mark.parametrize("name", _each(EXPECTED))
def test_a_broken_target_turns_exactly_its_claims_red(name: str, judged: dict[str, list[Verdict]]) -> None:
    reasons = {verdict.claim: verdict.reason for verdict in judged[name] if verdict.outcome is Outcome.FAIL}
    assert failed(judged[name]) - MAY.get(name, set()) - LOST == EXPECTED[name], reasons


@pytest.mark.whole_run(alone=True)
@pytest.mark.parametrize("name", _each(AT_LEAST))
def test_a_target_broken_through_and_through_is_red(name: str, judged: dict[str, list[Verdict]]) -> None:
    assert failed(judged[name]) >= AT_LEAST[name]
