"""The built-in provider."""

import asyncio
import time
from datetime import UTC, datetime

import pytest

from promptpilot.provider import Outcome, Provider, ProviderCrash, ProviderUnavailable, Simulation
from promptpilot.store import Prompt

pytestmark = pytest.mark.unit

PROMPT = Prompt(1, "greeting", "Hello {who}, {unknown}", datetime.now(UTC))


def test_the_failure_share_is_dosed_exactly() -> None:
    provider = Provider(failure_rate=0.3)
    outcomes = [provider.plan(PROMPT, {}, Simulation(), False).outcome for _ in range(100)]
    assert outcomes.count("failed") == 30
    assert outcomes[:4] == ["success", "success", "success", "failed"]


@pytest.mark.parametrize(
    ("wanted", "must_fail", "planned"),
    [
        ("success", False, "success"),
        ("success", True, "failed"),
        ("failed", False, "failed"),
        ("crash", True, "crash"),
        (None, False, "failed"),
    ],
)
def test_an_outcome_that_was_asked_for_wins_over_the_failure_share(
    wanted: Outcome | None, must_fail: bool, planned: Outcome
) -> None:
    assert Provider(failure_rate=1.0).plan(PROMPT, {}, Simulation(wanted), must_fail).outcome == planned


def test_an_outcome_that_was_asked_for_uses_up_no_failure_share() -> None:
    provider = Provider(failure_rate=0.5)
    for _ in range(3):
        provider.plan(PROMPT, {}, Simulation("success"), False)
    outcomes = [provider.plan(PROMPT, {}, Simulation(), False).outcome for _ in range(2)]
    assert outcomes == ["success", "failed"]


def test_known_placeholders_are_filled_and_others_stay() -> None:
    reply = asyncio.run(Provider().attempt(Provider().plan(PROMPT, {"who": "Ada"}, Simulation(), False), 1))
    assert reply.output == "Hello Ada, {unknown}"


def test_the_output_of_a_request_is_bounded() -> None:
    prompt = Prompt(1, "", "{a}" * 3000, datetime.now(UTC))
    assert len(Provider().plan(prompt, {"a": "x" * 1000}, Simulation(), False).text) == 10_000


def test_the_first_attempts_fail_as_often_as_asked_for() -> None:
    provider = Provider()
    plan = provider.plan(PROMPT, {}, Simulation(fail_attempts=2), False)
    for number in (1, 2):
        with pytest.raises(ProviderUnavailable):
            asyncio.run(provider.attempt(plan, number))
    assert asyncio.run(provider.attempt(plan, 3)).status == "success"


def test_latency_is_at_least_that_of_the_provider_and_the_request() -> None:
    provider = Provider(latency_seconds=0.01)
    plan = provider.plan(PROMPT, {}, Simulation(latency_seconds=0.0123), False)
    for _ in range(20):
        began = time.monotonic()
        asyncio.run(provider.attempt(plan, 1))
        assert time.monotonic() - began >= 0.0223


async def collect(provider: Provider, simulation: Simulation) -> list[str]:
    plan = provider.plan(PROMPT, {"who": "Ada"}, simulation, False)
    return [piece async for piece in provider.stream(plan, 1)]


def test_a_stream_has_the_number_of_pieces_asked_for() -> None:
    for chunks in (1, 2, 7):
        pieces = asyncio.run(collect(Provider(), Simulation(chunks=chunks)))
        assert len(pieces) == chunks
        assert pieces[-1].endswith("\nstatus: success\n")


def test_a_crash_comes_in_the_middle_of_a_stream() -> None:
    async def until_the_crash(chunks: int) -> int:
        provider = Provider()
        plan = provider.plan(PROMPT, {}, Simulation("crash", chunks=chunks), False)
        count = 0
        try:
            async for _ in provider.stream(plan, 1):
                count += 1
        except ProviderCrash:
            return count
        raise AssertionError("no crash")

    assert [asyncio.run(until_the_crash(chunks)) for chunks in (1, 2, 5, 6)] == [0, 1, 2, 3]
