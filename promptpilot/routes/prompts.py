"""Prompts: list, create, read, update, delete, execute."""

from dataclasses import dataclass

from fastapi import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from promptpilot.asgi import PieceStream
from promptpilot.executions import Call, Executions
from promptpilot.faults import Kind
from promptpilot.injection import mark
from promptpilot.metrics import Metrics
from promptpilot.routes.parameters import Limit, Offset
from promptpilot.routing import MustFail, Route
from promptpilot.schemas import PromptBody, PromptExecuteBody
from promptpilot.store import Prompt, PromptInUse, PromptStore
from promptpilot.store.page import Page

_PROMPTS = "/api/v1/prompts"
_PROMPT = "/api/v1/prompts/{prompt_id}"
_EXECUTE = "/api/v1/prompts/{prompt_id}/execute"


@dataclass(frozen=True, slots=True)
class PromptExecution:
    """`id` is null when the prompt was deleted while it ran: its record went with it."""

    id: int | None
    prompt_id: int
    status: str
    output: str
    attempts: int
    duration_seconds: float
    cost_usd: float


class PromptRoutes:
    def __init__(
        self, store: PromptStore, executions: Executions, metrics: Metrics, must_fail: MustFail
    ) -> None:
        self._store = store
        self._executions = executions
        self._metrics = metrics
        self._must_fail = must_fail

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", _PROMPTS, self.list, statuses=(422,)),
            Route("POST", _PROMPTS, self.create, 201, (422,)),
            Route("GET", _PROMPT, self.get, statuses=(404, 422)),
            Route("PUT", _PROMPT, self.update, statuses=(404, 422)),
            Route("DELETE", _PROMPT, self.delete, 204, (404, 409, 422)),
            Route("POST", _EXECUTE, self.execute, statuses=(404, 422), model=PromptExecution),
        )

    async def list(self, limit: Limit = 50, offset: Offset = 0) -> Page[Prompt]:
        return await self._store.list(limit, offset)

    async def create(self, body: PromptBody) -> Prompt:
        prompt = await self._store.create(body.name, body.template)
        self._metrics.prompt_added(prompt.id)
        return prompt

    async def get(self, prompt_id: int) -> Prompt:
        return _known(await self._store.get(prompt_id), prompt_id)

    async def update(self, prompt_id: int, body: PromptBody) -> Prompt:
        return _known(await self._store.update(prompt_id, body.name, body.template), prompt_id)

    async def delete(self, prompt_id: int) -> Response:
        """Deletes the prompt with its executions. 409 while a pipeline uses it."""
        try:
            if not await self._store.delete(prompt_id):
                raise _unknown(prompt_id)
        except PromptInUse:
            raise HTTPException(
                409, f"prompt {prompt_id} is used by a pipeline; delete or change that first"
            ) from None
        self._metrics.prompt_removed(prompt_id)
        return Response(status_code=204)

    async def execute(
        self, request: Request, prompt_id: int, body: PromptExecuteBody | None = None
    ) -> PromptExecution | Response:
        """Runs the prompt; with `stream` the output comes in pieces, as text.

        A failed execution is an outcome like another: 200 with status failed. A crash of the provider is a
        500, within a stream it breaks the stream.
        """
        body = body or PromptExecuteBody()
        prompt = _known(await self._store.get(prompt_id), prompt_id)
        must_fail = self._must_fail(f"POST {_EXECUTE}")
        if must_fail:
            mark(request.scope, Kind.FAILED_EXECUTIONS)
        call = Call(prompt, body.inputs, body.simulate.simulation(), must_fail)
        if body.stream:
            return PieceStream(self._executions.prompt_stream(call))
        run, identity = await self._executions.prompt(call)
        return PromptExecution(
            id=identity,
            prompt_id=run.prompt_id,
            status=run.status,
            output=run.output,
            attempts=run.attempts,
            duration_seconds=run.duration_seconds,
            cost_usd=run.cost_usd,
        )


def _unknown(prompt_id: int) -> HTTPException:
    return HTTPException(404, f"prompt {prompt_id} does not exist")


def _known(prompt: Prompt | None, prompt_id: int) -> Prompt:
    if prompt is None:
        raise _unknown(prompt_id)
    return prompt
