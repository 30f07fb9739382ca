"""The built-in provider: works offline, with settable latency, failure share and cost.

It decides the outcome of an execution once, when it starts, so that retries and streams cannot change a dose.
"""

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Literal

from promptpilot.asgi import SimulatedError
from promptpilot.clock import sleep_at_least
from promptpilot.dosing import Dose, parts
from promptpilot.store import Prompt

SUCCESS: Literal["success"] = "success"
FAILED: Literal["failed"] = "failed"
CRASH: Literal["crash"] = "crash"
Outcome = Literal["success", "failed", "crash"]
InputValue = str | int | float | bool | None

_LONGEST_OUTPUT = 10_000
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class ProviderUnavailable(Exception):
    """This attempt failed; another one may succeed."""


class ProviderCrash(SimulatedError):
    """The provider broke in a way nobody expects."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the caller wants to happen. `outcome` None: as the provider's failure share decides.

    `latency_seconds` adds to the provider's own latency, once per execution. The first `fail_attempts`
    attempts fail.
    """

    outcome: Outcome | None = None
    latency_seconds: float = 0.0
    chunks: int = 5
    fail_attempts: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What will happen in one execution."""

    outcome: Outcome
    text: str
    latency_seconds: float
    chunks: int
    fail_attempts: int


@dataclass(frozen=True, slots=True)
class Reply:
    status: Literal["success", "failed"]
    output: str


class Provider:
    """`latency_seconds` and `cost_usd` are per execution; `failure_rate` from 0 to 1 is dosed exactly."""

    def __init__(
        self, latency_seconds: float = 0.0, failure_rate: float = 0.0, cost_usd: float = 0.0
    ) -> None:
        self.cost_usd = cost_usd
        self._latency = latency_seconds
        self._failure_parts = parts(failure_rate)
        self._failures = Dose()

    def plan(
        self, prompt: Prompt, inputs: Mapping[str, InputValue], simulation: Simulation, must_fail: bool
    ) -> Plan:
        """Decide an execution. `must_fail` turns all but a crash into a failure."""
        outcome = simulation.outcome
        if outcome is None:
            outcome = FAILED if self._failures.take(self._failure_parts) else SUCCESS
        if must_fail and outcome == SUCCESS:
            outcome = FAILED
        text = "the provider refused" if outcome == FAILED else _rendered(prompt.template, inputs)
        latency = self._latency + simulation.latency_seconds
        return Plan(outcome, text, latency, simulation.chunks, simulation.fail_attempts)

    async def attempt(self, plan: Plan, number: int) -> Reply:
        """The reply to attempt `number`, counted from 1. Raises ProviderUnavailable, ProviderCrash."""
        if number <= plan.fail_attempts:
            raise ProviderUnavailable(number)
        await sleep_at_least(plan.latency_seconds)
        if plan.outcome == CRASH:
            raise ProviderCrash("the provider crashed, as it was told to")
        return Reply(plan.outcome, plan.text)

    async def stream(self, plan: Plan, number: int) -> AsyncGenerator[str, None]:
        """The reply in `chunks` pieces, the latency spread before each; a crash comes half way.

        The last piece ends with a line `status: success` or `status: failed`. Raises like `attempt`.
        """
        if number <= plan.fail_attempts:
            raise ProviderUnavailable(number)
        for piece in range(1, plan.chunks + 1):
            await sleep_at_least(plan.latency_seconds / plan.chunks)
            if plan.outcome == CRASH and piece > plan.chunks // 2:
                raise ProviderCrash("the provider crashed within a stream, as it was told to")
            text = f"{piece}/{plan.chunks} {plan.text}\n"
            yield text if piece < plan.chunks else f"{text}status: {plan.outcome}\n"


def _rendered(template: str, inputs: Mapping[str, InputValue]) -> str:
    def value(match: re.Match[str]) -> str:
        return str(inputs.get(match[1], match[0]))

    return _PLACEHOLDER.sub(value, template)[:_LONGEST_OUTPUT]
