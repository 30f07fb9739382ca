"""Pipelines: list, create, read, update, delete, execute."""

from dataclasses import dataclass

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from promptpilot.executions import Call, Executions
from promptpilot.metrics import Metrics
from promptpilot.provider import Simulation
from promptpilot.routes.parameters import Limit, Offset
from promptpilot.routing import MustFail, Route
from promptpilot.schemas import PipelineBody, PipelineExecuteBody
from promptpilot.store import Pipeline, PipelineStore, UnknownPrompts
from promptpilot.store.page import Page

_PIPELINES = "/api/v1/pipelines"
_PIPELINE = "/api/v1/pipelines/{pipeline_id}"
_EXECUTE = "/api/v1/pipelines/{pipeline_id}/execute"


@dataclass(frozen=True, slots=True)
class Step:
    prompt_id: int
    status: str


@dataclass(frozen=True, slots=True)
class PipelineExecution:
    """`id` is null when the pipeline was deleted while it ran: its record went with it."""

    id: int | None
    pipeline_id: int
    status: str
    steps: list[Step]
    duration_seconds: float
    cost_usd: float


class PipelineRoutes:
    def __init__(
        self, store: PipelineStore, executions: Executions, metrics: Metrics, must_fail: MustFail
    ) -> None:
        self._store = store
        self._executions = executions
        self._metrics = metrics
        self._must_fail = must_fail

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", _PIPELINES, self.list, statuses=(422,)),
            Route("POST", _PIPELINES, self.create, 201, (422,)),
            Route("GET", _PIPELINE, self.get, statuses=(404, 422)),
            Route("PUT", _PIPELINE, self.update, statuses=(404, 422)),
            Route("DELETE", _PIPELINE, self.delete, 204, (404, 422)),
            Route("POST", _EXECUTE, self.execute, statuses=(404, 422)),
        )

    async def list(self, limit: Limit = 50, offset: Offset = 0) -> Page[Pipeline]:
        return await self._store.list(limit, offset)

    async def create(self, body: PipelineBody) -> Pipeline:
        """422 for a prompt that does not exist."""
        try:
            pipeline = await self._store.create(body.name, body.prompt_ids)
        except UnknownPrompts as exc:
            raise _invalid(exc) from exc
        self._metrics.pipeline_added(pipeline.id)
        return pipeline

    async def get(self, pipeline_id: int) -> Pipeline:
        return _known(await self._store.get(pipeline_id), pipeline_id)

    async def update(self, pipeline_id: int, body: PipelineBody) -> Pipeline:
        """422 for a prompt that does not exist."""
        try:
            return _known(await self._store.update(pipeline_id, body.name, body.prompt_ids), pipeline_id)
        except UnknownPrompts as exc:
            raise _invalid(exc) from exc

    async def delete(self, pipeline_id: int) -> Response:
        """Deletes the pipeline with its executions; the executions of its prompts stay."""
        if not await self._store.delete(pipeline_id):
            raise _unknown(pipeline_id)
        self._metrics.pipeline_removed(pipeline_id)
        return Response(status_code=204)

    async def execute(self, pipeline_id: int, body: PipelineExecuteBody | None = None) -> PipelineExecution:
        """Runs the prompts in order up to the first that fails; each counts as an execution of its prompt.

        `simulate` is about the last step, its latency about every step. A failed step makes the pipeline
        failed, with status 200; a crash of the provider is a 500.
        """
        body = body or PipelineExecuteBody()
        found = await self._store.with_prompts(pipeline_id)
        if found is None:
            raise _unknown(pipeline_id)
        pipeline, prompts = found
        last = body.simulate.simulation()
        others = Simulation(latency_seconds=last.latency_seconds)
        calls = [
            Call(prompt, body.inputs, last if position == len(prompts) else others)
            for position, prompt in enumerate(prompts, start=1)
        ]
        run, identity = await self._executions.pipeline(
            pipeline, calls, must_fail=lambda: self._must_fail(f"POST {_EXECUTE}")
        )
        return PipelineExecution(
            id=identity,
            pipeline_id=run.pipeline_id,
            status=run.status,
            steps=[Step(step.prompt_id, step.status) for step in run.steps],
            duration_seconds=run.duration_seconds,
            cost_usd=run.cost_usd,
        )


def _unknown(pipeline_id: int) -> HTTPException:
    return HTTPException(404, f"pipeline {pipeline_id} does not exist")


def _known(pipeline: Pipeline | None, pipeline_id: int) -> Pipeline:
    if pipeline is None:
        raise _unknown(pipeline_id)
    return pipeline


def _invalid(exc: UnknownPrompts) -> RequestValidationError:
    return RequestValidationError(
        [{"type": "unknown_prompt", "loc": ("body", "prompt_ids"), "msg": str(exc)}]
    )
