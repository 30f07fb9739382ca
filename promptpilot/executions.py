"""Running prompts and pipelines: retries, records, and one count per execution.

An execution runs to its end whether its client waits or not. One that ends in an exception (a crash of the
provider, a database that does not take the record, a cancellation) counts as failed.
"""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from promptpilot.metrics import Metrics
from promptpilot.provider import (
    FAILED,
    InputValue,
    Plan,
    Provider,
    ProviderUnavailable,
    Reply,
    Simulation,
)
from promptpilot.store import ExecutionStore, Pipeline, PipelineRun, Prompt, PromptRun
from promptpilot.store.page import utc_now


@dataclass(frozen=True, slots=True)
class Call:
    """One execution of a prompt as it was asked for. `must_fail`: a fault makes it come out failed."""

    prompt: Prompt
    inputs: Mapping[str, InputValue]
    simulation: Simulation
    must_fail: bool = False


class Executions:
    """`attempts` is the most attempts per execution; `clock` is monotonic seconds, `now` the time in records."""

    def __init__(
        self,
        store: ExecutionStore,
        provider: Provider,
        metrics: Metrics,
        attempts: int,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.store = store
        self.provider = provider
        self.metrics = metrics
        self.attempts = attempts
        self.clock = clock
        self.now = now

    async def prompt(self, call: Call) -> tuple[PromptRun, int | None]:
        """How the execution ended, and the id of its record. Raises what the provider raised."""
        started = self.clock()
        status: str = FAILED
        run: PromptRun | None = None
        try:
            run, crash = await self.run(call)
            identity = await self.store.record_prompt(run)
            if crash is not None:
                raise crash
            status = run.status
            return run, identity
        finally:
            self._count(call, status, run, started)

    async def prompt_stream(self, call: Call) -> AsyncGenerator[bytes, None]:
        """The output piece by piece. Raises what the provider raised, after the pieces that came before."""
        started, number = self.clock(), 0
        status: str = FAILED
        ended: str = FAILED
        crash: Exception | None = None
        run: PromptRun | None = None
        output: list[str] = []
        try:
            plan = self.plan(call)
            for number in range(1, self.attempts + 1):
                try:
                    async with aclosing(self.provider.stream(plan, number)) as pieces:
                        async for piece in pieces:
                            output.append(piece)
                            yield piece.encode()
                except ProviderUnavailable:
                    continue
                except Exception as exc:
                    crash = exc
                else:
                    ended = plan.outcome
                break
            else:
                yield f"status: {FAILED}\n".encode()
            run = self._ended(call, ended, "".join(output), number, started)
            await self.store.record_prompt(run)
            if crash is not None:
                raise crash
            status = ended
        finally:
            self._count(call, status, run, started)

    async def pipeline(
        self, pipeline: Pipeline, calls: Sequence[Call], must_fail: Callable[[], bool]
    ) -> tuple[PipelineRun, int | None]:
        """Run the calls in order up to the first that fails. Raises what the provider raised.

        `must_fail` is asked as each step begins.
        """
        started = self.clock()
        status: str = FAILED
        steps: list[PromptRun] = []
        crash: Exception | None = None
        run: PipelineRun | None = None
        try:
            for call in calls:
                step, crash = await self._step(replace(call, must_fail=must_fail()))
                steps.append(step)
                if step.status == FAILED:
                    break
            cost = sum(step.cost_usd for step in steps)
            seconds = self.clock() - started
            run = PipelineRun(pipeline.id, steps[-1].status, steps, seconds, cost, self.now())
            identity = await self.store.record_pipeline(run)
            if crash is not None:
                raise crash
            status = run.status
            return run, identity
        finally:
            self.metrics.pipeline_executed(pipeline.id, status)
            # One that was cut off has paid for the steps that had ended.
            seconds = self.clock() - started if run is None else run.duration_seconds
            self.metrics.pipeline_spent(pipeline.id, seconds, sum(step.cost_usd for step in steps))

    async def _step(self, call: Call) -> tuple[PromptRun, Exception | None]:
        started = self.clock()
        status: str = FAILED
        run: PromptRun | None = None
        try:
            run, crash = await self.run(call)
            status = run.status
            return run, crash
        finally:
            self._count(call, status, run, started)

    async def run(self, call: Call) -> tuple[PromptRun, Exception | None]:
        """Attempt until there is a reply; what else an attempt raises ends the execution as failed."""
        started, number = self.clock(), 0
        plan = self.plan(call)
        for number in range(1, self.attempts + 1):
            try:
                reply = await self.attempt(call, plan, number)
            except ProviderUnavailable:
                continue
            except Exception as exc:
                return self._ended(call, FAILED, str(exc), number, started), exc
            return self._ended(call, reply.status, reply.output, number, started), None
        return self._ended(call, FAILED, "the provider was unavailable", number, started), None

    async def attempt(self, call: Call, plan: Plan, number: int) -> Reply:
        return await self.provider.attempt(plan, number)

    def plan(self, call: Call) -> Plan:
        return self.provider.plan(call.prompt, call.inputs, call.simulation, call.must_fail)

    def _ended(self, call: Call, status: str, output: str, attempts: int, started: float) -> PromptRun:
        seconds = self.clock() - started
        cost = self.provider.cost_usd
        return PromptRun(call.prompt.id, status, output, attempts, seconds, cost, self.now())

    def _count(self, call: Call, status: str, run: PromptRun | None, started: float) -> None:
        # One that was cut off took until now, and the provider has charged nothing for it.
        seconds, cost = (self.clock() - started, 0.0) if run is None else (run.duration_seconds, run.cost_usd)
        self.metrics.prompt_executed(call.prompt.id, status)
        self.metrics.prompt_spent(call.prompt.id, seconds, cost)
