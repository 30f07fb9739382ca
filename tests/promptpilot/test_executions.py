"""Executions without a database: each counts once, whatever ends it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, cast

import pytest

from promptpilot.executions import Call, Executions
from promptpilot.metrics import Metrics
from promptpilot.provider import Plan, Provider, ProviderCrash, ProviderUnavailable, Reply, Simulation
from promptpilot.store import ExecutionStore, Pipeline, PipelineRun, Prompt, PromptRun
from tests.promptpilot.support import Exposition

pytestmark = pytest.mark.unit

NOW = datetime.now(UTC)
PROMPTS = [Prompt(number, f"prompt {number}", "text", NOW) for number in (1, 2, 3)]
PIPELINE = Pipeline(9, "chain", [1, 2, 3], NOW)


@dataclass
class Records:
    """Stands for the database; `broken` makes it refuse."""

    broken: bool = False
    prompts: list[PromptRun] = field(default_factory=list)
    pipelines: list[PipelineRun] = field(default_factory=list)

    async def record_prompt(self, run: PromptRun) -> int:
        if self.broken:
            raise OSError("disk full")
        self.prompts.append(run)
        return len(self.prompts)

    async def record_pipeline(self, run: PipelineRun) -> int:
        if self.broken:
            raise OSError("disk full")
        self.pipelines.append(run)
        return len(self.pipelines)


class Bench:
    def __init__(self, kind: type[Executions] = Executions, attempts: int = 3, broken: bool = False) -> None:
        self.metrics = Metrics(series_limit=10, active_users_window=60.0)
        for prompt in PROMPTS:
            self.metrics.prompt_added(prompt.id)
        self.metrics.pipeline_added(PIPELINE.id)
        self.records = Records(broken)
        store = cast(ExecutionStore, self.records)
        self.executions = kind(store, Provider(cost_usd=0.5), self.metrics, attempts)

    def run(self, action: Callable[[Executions], Coroutine[Any, Any, Any]]) -> Any:
        return asyncio.run(action(self.executions))

    def spent(self, kind: str = "prompt") -> dict[str, tuple[float, float]]:
        """Seconds and USD by id, of those that are not 0."""
        seen = Exposition(self.metrics.render(None).decode())
        seconds, cost = (
            {dict(labels)[f"{kind}_id"]: value for labels, value in seen.labelled(name).items()}
            for name in (f"{kind}_execution_seconds_total", f"{kind}_execution_cost_usd_total")
        )
        return {name: (seconds[name], cost[name]) for name in seconds if seconds[name] or cost[name]}

    def counted(self) -> dict[str, float]:
        seen = Exposition(self.metrics.render(None).decode())
        counts = {}
        for kind in ("prompt", "pipeline"):
            for labels, value in seen.labelled(f"{kind}_executions_total").items():
                if value:
                    counts[f"{kind} {dict(labels)[f'{kind}_id']} {dict(labels)['status']}"] = value
        return counts


def call(**simulation: Any) -> Call:
    return Call(PROMPTS[0], {}, Simulation(**simulation))


async def drained(executions: Executions, of: Call) -> list[bytes]:
    return [piece async for piece in executions.prompt_stream(of)]


def chain(**last: Any) -> list[Call]:
    return [Call(prompt, {}, Simulation(**(last if prompt.id == 3 else {}))) for prompt in PROMPTS]


def test_counted_seconds_and_costs_are_the_sums_of_the_records() -> None:
    bench = Bench()
    bench.run(lambda executions: executions.prompt(call(latency_seconds=0.02)))
    bench.run(lambda executions: executions.prompt(call(outcome="failed")))
    bench.run(lambda executions: executions.prompt(call(fail_attempts=5)))
    bench.run(lambda executions: drained(executions, call(chunks=2)))
    runs = bench.records.prompts
    assert bench.spent().keys() == {"1"}
    seconds, cost = bench.spent()["1"]
    assert seconds == pytest.approx(sum(run.duration_seconds for run in runs))
    assert cost == 0.5 * len(runs) == 2
    assert seconds >= 0.02
    assert all(earlier.ended_at <= later.ended_at for earlier, later in pairwise(runs))


def test_a_crash_costs_as_much_as_a_success() -> None:
    bench = Bench()
    with pytest.raises(ProviderCrash):
        bench.run(lambda executions: executions.prompt(call(outcome="crash", latency_seconds=0.02)))
    (run,) = bench.records.prompts
    assert bench.spent() == {"1": (run.duration_seconds, 0.5)}


def test_a_pipeline_costs_the_sum_of_its_steps() -> None:
    bench = Bench()
    answers = iter([False, True])
    run, _ = bench.run(lambda executions: executions.pipeline(PIPELINE, chain(), lambda: next(answers)))
    assert bench.spent("pipeline") == {"9": (run.duration_seconds, 1.0)}
    assert {name: cost for name, (_, cost) in bench.spent().items()} == {"1": 0.5, "2": 0.5}


def test_a_cancelled_execution_takes_its_time_and_costs_nothing() -> None:
    bench = Bench()

    async def cancelled(executions: Executions) -> None:
        task = asyncio.create_task(executions.prompt(call(latency_seconds=300)))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    bench.run(cancelled)
    seconds, cost = bench.spent()["1"]
    assert seconds >= 0.01
    assert cost == 0


def test_retries_are_attempts_of_one_execution() -> None:
    bench = Bench()
    run, identity = bench.run(lambda executions: executions.prompt(call(fail_attempts=2)))
    assert (run.status, run.attempts, run.cost_usd, identity) == ("success", 3, 0.5, 1)
    assert bench.counted() == {"prompt 1 success": 1}


def test_an_execution_fails_after_its_last_attempt() -> None:
    bench = Bench(attempts=2)
    run, _ = bench.run(lambda executions: executions.prompt(call(fail_attempts=2)))
    assert (run.status, run.attempts) == ("failed", 2)
    assert bench.counted() == {"prompt 1 failed": 1}


def test_a_failed_outcome_counts_as_failed_at_its_first_attempt() -> None:
    bench = Bench()
    run, _ = bench.run(lambda executions: executions.prompt(call(outcome="failed")))
    assert (run.status, run.attempts) == ("failed", 1)
    assert bench.counted() == {"prompt 1 failed": 1}


def test_a_crash_is_recorded_and_counted_as_failed() -> None:
    bench = Bench()
    with pytest.raises(ProviderCrash):
        bench.run(lambda executions: executions.prompt(call(outcome="crash")))
    assert bench.counted() == {"prompt 1 failed": 1}
    assert [run.status for run in bench.records.prompts] == ["failed"]


def test_an_execution_that_cannot_be_recorded_counts_as_failed() -> None:
    bench = Bench(broken=True)
    with pytest.raises(OSError, match="disk full"):
        bench.run(lambda executions: executions.prompt(call()))
    assert bench.counted() == {"prompt 1 failed": 1}


def test_a_cancelled_execution_counts_as_failed() -> None:
    bench = Bench()

    async def cancelled(executions: Executions) -> None:
        task = asyncio.create_task(executions.prompt(call(latency_seconds=300)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    bench.run(cancelled)
    assert bench.counted() == {"prompt 1 failed": 1}


def test_an_execution_of_a_deleted_prompt_counts_under_other() -> None:
    bench = Bench()
    bench.metrics.prompt_removed(1)
    bench.run(lambda executions: executions.prompt(call()))
    assert bench.counted() == {"prompt other success": 1}


def test_a_stream_is_counted_and_recorded_once() -> None:
    bench = Bench()
    pieces = bench.run(lambda executions: drained(executions, call(chunks=3, fail_attempts=1)))
    assert len(pieces) == 3
    assert bench.counted() == {"prompt 1 success": 1}
    assert [(run.status, run.attempts) for run in bench.records.prompts] == [("success", 2)]


def test_a_stream_whose_attempts_are_used_up_says_that_it_failed() -> None:
    bench = Bench()
    assert bench.run(lambda executions: drained(executions, call(fail_attempts=3))) == [b"status: failed\n"]
    assert bench.counted() == {"prompt 1 failed": 1}


def test_a_broken_stream_raises_and_counts_as_failed() -> None:
    bench = Bench()
    with pytest.raises(ProviderCrash):
        bench.run(lambda executions: drained(executions, call(outcome="crash")))
    assert bench.counted() == {"prompt 1 failed": 1}
    assert [run.status for run in bench.records.prompts] == ["failed"]


def test_a_stream_that_is_closed_early_counts_as_failed() -> None:
    bench = Bench()

    async def closed(executions: Executions) -> None:
        stream = executions.prompt_stream(call())
        await anext(stream)
        await stream.aclose()

    bench.run(closed)
    assert bench.counted() == {"prompt 1 failed": 1}


def test_a_pipeline_counts_each_of_its_steps() -> None:
    bench = Bench()
    run, identity = bench.run(lambda executions: executions.pipeline(PIPELINE, chain(), lambda: False))
    assert (run.status, len(run.steps), run.cost_usd, identity) == ("success", 3, 1.5, 1)
    assert bench.counted() == {f"prompt {n} success": 1 for n in (1, 2, 3)} | {"pipeline 9 success": 1}


def test_a_pipeline_stops_after_a_failed_step() -> None:
    bench = Bench()
    answers = iter([False, True, False])
    run, _ = bench.run(lambda executions: executions.pipeline(PIPELINE, chain(), lambda: next(answers)))
    assert [step.status for step in run.steps] == ["success", "failed"]
    assert bench.counted() == {"prompt 1 success": 1, "prompt 2 failed": 1, "pipeline 9 failed": 1}


def test_a_crash_within_a_pipeline_counts_as_failed_for_step_and_pipeline() -> None:
    bench = Bench()
    with pytest.raises(ProviderCrash):
        bench.run(lambda executions: executions.pipeline(PIPELINE, chain(outcome="crash"), lambda: False))
    assert bench.counted() == {
        "prompt 1 success": 1,
        "prompt 2 success": 1,
        "prompt 3 failed": 1,
        "pipeline 9 failed": 1,
    }
    assert [run.status for run in bench.records.pipelines] == ["failed"]


class CountsAttempts(Executions):
    """The twin: counts each failed attempt as well."""

    async def attempt(self, call: Call, plan: Plan, number: int) -> Reply:
        try:
            return await super().attempt(call, plan, number)
        except ProviderUnavailable:
            self.metrics.prompt_executed(call.prompt.id, "failed")
            raise


def test_a_variant_that_counts_attempts_counts_more() -> None:
    bench = Bench(CountsAttempts)
    bench.run(lambda executions: executions.prompt(call(fail_attempts=2)))
    assert bench.counted() == {"prompt 1 failed": 2, "prompt 1 success": 1}
