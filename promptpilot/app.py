"""The application: store, metrics, routes and fault control put together, wrapped from the inside out.

    error boundary > instrumentation > whole request > FastAPI (its error handling > fault injection > router)

Every variation point is a class that can be given, so that a deliberately broken variant is a small subclass.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.datastructures import Default
from fastapi.exceptions import RequestValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from promptpilot.asgi import MAX_BODY_BYTES, ErrorBoundary, WholeRequest
from promptpilot.errors import internal_error, json_errors
from promptpilot.executions import Executions
from promptpilot.faultapp import FaultControl, create_fault_app
from promptpilot.injection import FaultInjection
from promptpilot.instrument import Instrumentation
from promptpilot.metrics import Metrics
from promptpilot.provider import Provider
from promptpilot.routes.alerts import AlertRoutes
from promptpilot.routes.pipelines import PipelineRoutes
from promptpilot.routes.prompts import PromptRoutes
from promptpilot.routes.system import SystemRoutes
from promptpilot.routing import Resolver, Route
from promptpilot.settings import Settings
from promptpilot.store import AlertStore, Database, ExecutionStore, PipelineStore, PromptStore


class PromptPilot:
    """The API as an ASGI application, with what belongs to it.

    `fault_app` is the ASGI application of the fault control, None unless the settings have a fault port.
    Raises DatabaseUnavailable. Closed by the lifespan's end, or by `close`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        metrics_class: type[Metrics] = Metrics,
        instrumentation_class: type[Instrumentation] = Instrumentation,
        executions_class: type[Executions] = Executions,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.database = Database(settings.database_url)
        self.metrics = metrics_class(
            series_limit=settings.series_limit, active_users_window=settings.active_users_window, clock=clock
        )
        provider = Provider(settings.provider_latency, settings.provider_failure_rate, settings.provider_cost)
        self.executions = executions_class(
            ExecutionStore(self.database), provider, self.metrics, settings.provider_attempts, clock
        )
        self.control: FaultControl | None = None
        self.fault_app: ASGIApp | None = None
        self.routes = self._routes()
        self._start_series()
        resolver = Resolver(self.routes)
        api = _fastapi(self.routes, self.close)
        if settings.fault_port is not None and settings.fault_token is not None:
            self.control = FaultControl(self.routes, self.metrics, clock, self.database.take_out)
            self.fault_app = create_fault_app(self.control, settings.fault_token)
            api.add_middleware(FaultInjection, faults=self.control.faults, resolver=resolver, clock=clock)
        instrumented = instrumentation_class(WholeRequest(api), self.metrics, resolver, clock)
        self._app: ASGIApp = ErrorBoundary(instrumented)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def _routes(self) -> tuple[Route, ...]:
        prompts, pipelines = PromptStore(self.database), PipelineStore(self.database)
        parts = (
            SystemRoutes(self.database, self.metrics),
            PromptRoutes(prompts, self.executions, self.metrics, self._must_fail),
            PipelineRoutes(pipelines, self.executions, self.metrics, self._must_fail),
            AlertRoutes(AlertStore(self.database)),
        )
        return tuple(route for part in parts for route in part.routes())

    def _must_fail(self, route: str) -> bool:
        return self.control is not None and self.control.must_fail(route)

    def _start_series(self) -> None:
        self.metrics.expect_routes(self.routes)
        for prompt_id in PromptStore(self.database).ids(self.settings.series_limit):
            self.metrics.prompt_added(prompt_id)
        for pipeline_id in PipelineStore(self.database).ids(self.settings.series_limit):
            self.metrics.pipeline_added(pipeline_id)

    def close(self) -> None:
        self.database.close()


def create_app(
    settings: Settings,
    *,
    metrics_class: type[Metrics] = Metrics,
    instrumentation_class: type[Instrumentation] = Instrumentation,
    executions_class: type[Executions] = Executions,
) -> PromptPilot:
    """The API for these settings. Raises DatabaseUnavailable."""
    return PromptPilot(
        settings,
        metrics_class=metrics_class,
        instrumentation_class=instrumentation_class,
        executions_class=executions_class,
    )


def _fastapi(routes: tuple[Route, ...], close: Callable[[], None]) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        close()

    app = FastAPI(
        title="PromptPilot",
        openapi_url=None,  # no routes beyond the documented ones
        redirect_slashes=False,
        lifespan=lifespan,
        max_body_size=MAX_BODY_BYTES,
    )
    app.add_exception_handler(RequestValidationError, json_errors)
    app.add_exception_handler(Exception, internal_error)
    for route in routes:
        app.add_api_route(
            route.path,
            route.endpoint,
            methods=[route.method],
            status_code=route.success,
            response_model=Default(None) if route.model is None else route.model,
        )
    return app
