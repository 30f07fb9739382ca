"""Executions of PromptPilot that count their steps, costs and failures wrongly."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

from promptpilot.executions import Call, Executions
from promptpilot.provider import Plan
from promptpilot.store import Pipeline, PipelineRun, PromptRun


class ExecutionsCountedAtStart(Executions):
    async def run(self, call: Call) -> tuple[PromptRun, Exception | None]:
        self.metrics.prompt_executed(call.prompt.id, "success")
        found = await super().run(call)
        label = self.metrics.prompt_places.label(call.prompt.id)
        self.metrics.prompt_executions.labels(*self.metrics.execution_labels(label, "success"))._value.inc(-1)
        return found


class StreamFailuresSucceed(Executions):
    """Counts a stream as a success when its last piece was sent."""

    async def prompt_stream(self, call: Call) -> AsyncGenerator[bytes, None]:
        own = self._count

        def counted(call: Call, status: str, run: PromptRun | None, started: float) -> None:
            own(
                call,
                "success" if run is not None and call.simulation.outcome != "crash" else status,
                run,
                started,
            )

        self._count = counted  # type: ignore[method-assign]  # of this stream
        try:
            async for piece in super().prompt_stream(call):
                yield piece
        finally:
            self._count = own  # type: ignore[method-assign]  # of this call


class StreamRetriesCounted(Executions):
    def plan(self, call: Call) -> Plan:
        plan = super().plan(call)
        for _ in range(plan.fail_attempts if call.simulation.fail_attempts else 0):
            self.metrics.prompt_executed(call.prompt.id, "failed")
        return plan


class StepsOncePerPrompt(Executions):
    """Counts the prompts of a pipeline, not its steps."""

    async def pipeline(self, pipeline, calls, must_fail):  # type: ignore[no-untyped-def]  # as the base class has it
        seen: set[int] = set()
        own = self._count

        def counted(call: Call, status: str, run: PromptRun | None, started: float) -> None:
            if call.prompt.id not in seen:
                own(call, status, run, started)
            seen.add(call.prompt.id)

        self._count = counted  # type: ignore[method-assign]  # of this call
        try:
            return await super().pipeline(pipeline, calls, must_fail)
        finally:
            self._count = own  # type: ignore[method-assign]  # of this call


class FailedStepsUncounted(Executions):
    async def _step(self, call: Call) -> tuple[PromptRun, Exception | None]:
        own = self._count

        def counted(call: Call, status: str, run: PromptRun | None, started: float) -> None:
            if status == "success":
                own(call, status, run, started)

        self._count = counted  # type: ignore[method-assign]  # of this step
        try:
            return await super()._step(call)
        finally:
            self._count = own  # type: ignore[method-assign]  # as it was


class PipelineCostsItsLastStep(Executions):
    async def pipeline(self, pipeline, calls, must_fail):  # type: ignore[no-untyped-def]  # as the base class has it
        run, identity = await super().pipeline(pipeline, calls, must_fail)
        self.metrics.pipeline_cost.labels(str(pipeline.id))._value.inc(run.steps[-1].cost_usd - run.cost_usd)
        return run, identity


class RecordRefusedSucceeds(Executions):
    """Takes the outcome of an execution before its record is written."""

    def _count(self, call: Call, status: str, run: PromptRun | None, started: float) -> None:
        super()._count(call, status if run is None else run.status, run, started)


class PipelineRecordRefusedSucceeds(Executions):
    """Takes the outcome of a pipeline before its record is written."""

    async def pipeline(
        self, pipeline: Pipeline, calls: Sequence[Call], must_fail: Callable[[], bool]
    ) -> tuple[PipelineRun, int | None]:
        try:
            return await super().pipeline(pipeline, calls, must_fail)
        except OSError:
            label = self.metrics.pipeline_places.label(pipeline.id)
            for outcome, change in (("failed", -1), ("success", 1)):
                labels = self.metrics.execution_labels(label, outcome)
                self.metrics.pipeline_executions.labels(*labels)._value.inc(change)
            raise
