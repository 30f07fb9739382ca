"""Executions in the database: one transaction for each prompt execution, one for each pipeline execution.

A record belongs to its prompt or pipeline and goes with it. What was deleted while it ran leaves no record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from promptpilot.store.database import Database
from promptpilot.store.tables import pipeline_executions, prompt_executions, prompts


@dataclass(frozen=True, slots=True)
class PromptRun:
    """How the execution of a prompt ended, and when. `status` is success or failed; seconds and USD."""

    prompt_id: int
    status: str
    output: str
    attempts: int
    duration_seconds: float
    cost_usd: float
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """How the execution of a pipeline ended, with the steps that were run."""

    pipeline_id: int
    status: str
    steps: Sequence[PromptRun]
    duration_seconds: float
    cost_usd: float
    ended_at: datetime


class ExecutionStore:
    """Both methods give the record's id, or None when the prompt or pipeline no longer exists."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record_prompt(self, run: PromptRun) -> int | None:
        def work(connection: Connection) -> int:
            key = connection.execute(insert(prompt_executions).values(_row(run, None))).inserted_primary_key
            assert key is not None
            return int(key[0])

        try:
            return await self._database.write(work)
        except IntegrityError:
            return None

    async def record_pipeline(self, run: PipelineRun) -> int | None:
        def work(connection: Connection) -> int:
            values = {
                "pipeline_id": run.pipeline_id,
                "status": run.status,
                "duration_seconds": run.duration_seconds,
                "cost_usd": run.cost_usd,
                "ended_at": run.ended_at,
            }
            key = connection.execute(insert(pipeline_executions).values(values)).inserted_primary_key
            assert key is not None
            _record_steps(connection, run.steps, int(key[0]))
            return int(key[0])

        try:
            return await self._database.write(work)
        except IntegrityError:
            return None


def _record_steps(connection: Connection, steps: Sequence[PromptRun], pipeline_execution_id: int) -> None:
    # A pipeline that was changed while it ran no longer keeps its former prompts from being deleted.
    wanted = {step.prompt_id for step in steps}
    found = set(
        connection.scalars(select(prompts.c.id).where(prompts.c.id.in_(wanted)).with_for_update(read=True))
    )
    rows = [_row(step, pipeline_execution_id) for step in steps if step.prompt_id in found]
    if rows:
        connection.execute(insert(prompt_executions), rows)


def _row(run: PromptRun, pipeline_execution_id: int | None) -> dict[str, object]:
    return {
        "prompt_id": run.prompt_id,
        "pipeline_execution_id": pipeline_execution_id,
        "status": run.status,
        "output": run.output,
        "attempts": run.attempts,
        "duration_seconds": run.duration_seconds,
        "cost_usd": run.cost_usd,
        "ended_at": run.ended_at,
    }
