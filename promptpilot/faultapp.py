"""Fault control over HTTP, on a loopback port of its own: none of it is counted with the API's requests.

Every request needs the token. What a fault cannot mean is refused: an unknown route, a rate for a ballast,
a status for an exception.
"""

import asyncio
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from promptpilot.ballast import Ballast
from promptpilot.errors import json_errors
from promptpilot.faults import Ended, Fault, Faults, Kind, Mode, State
from promptpilot.metrics import Metrics
from promptpilot.routing import API_PREFIX, METRICS_PATH, Route

EXECUTE_SUFFIX = "/execute"
MAX_BALLAST_BYTES = 4 * 1024**3
DEFAULT_STATUS = 503

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    kind: ClassVar[Kind]
    lease_seconds: Seconds = 5.0


class _Dosed(_Body):
    """`routes`: a rate for each, or a list that shares `rate`; none named: all API routes share it."""

    rate: Rate | None = None
    routes: dict[str, Rate] | list[str] | None = None

    @model_validator(mode="after")
    def _has_a_rate(self) -> "_Dosed":
        if self.rate is None and not isinstance(self.routes, dict):
            raise ValueError("rate is missing; only a mapping of routes to rates goes without")
        if self.routes is not None and not self.routes:
            raise ValueError("routes is empty; leave it out for all API routes")
        return self

    def targets(self, possible: list[str]) -> dict[str, float]:
        """Rate per route. Raises ValueError for a route that is not `possible`."""
        if isinstance(self.routes, dict):
            targets = dict(self.routes)
        else:
            targets = dict.fromkeys(possible if self.routes is None else self.routes, self.rate or 0.0)
        if unknown := [route for route in targets if route not in possible]:
            raise ValueError(f"unknown routes: {', '.join(unknown)}; possible are: {', '.join(possible)}")
        return targets


class ErrorsBody(_Dosed):
    kind = Kind.ERRORS
    status: Annotated[int, Field(ge=400, le=599)] | None = None
    mode: Annotated[Mode, Field(strict=False)] = Mode.RESPONSE

    @model_validator(mode="after")
    def _status_of_the_mode(self) -> "ErrorsBody":
        if self.mode is Mode.EXCEPTION and self.status not in (None, 500):
            raise ValueError("an unhandled exception always gives status 500")
        return self


class SlowBody(_Dosed):
    kind = Kind.SLOW
    delay_seconds: Annotated[float, Field(gt=0, le=300, allow_inf_nan=False)]


class FailedExecutionsBody(_Dosed):
    kind = Kind.FAILED_EXECUTIONS


class BallastBody(_Body):
    kind = Kind.BALLAST
    bytes: Annotated[int, Field(gt=0, le=MAX_BALLAST_BYTES)]


class DatabaseBody(_Body):
    """An outage: every question to the database fails."""

    kind = Kind.DATABASE


_BODIES: dict[Kind, type[_Body]] = {
    body.kind: body for body in (ErrorsBody, SlowBody, FailedExecutionsBody, BallastBody, DatabaseBody)
}


@dataclass(frozen=True, slots=True)
class Report:
    """`clean`: no fault is active. `ended`: the last 100, oldest first."""

    clean: bool
    active: list[State]
    ended: list[State]


class FaultControl:
    """The routes of the control, and what a fault needs besides decisions: timers and memory."""

    def __init__(
        self,
        routes: tuple[Route, ...],
        metrics: Metrics,
        clock: Callable[[], float] = time.monotonic,
        database_out: Callable[[bool], None] = lambda out: None,
    ) -> None:
        self._database_out = database_out
        self.faults = Faults(on_end=self._ended)
        self._metrics = metrics
        self._clock = clock
        self._routes = {route.key: route for route in routes}
        self._ballast: Ballast | None = None
        self._timers: dict[Kind, asyncio.TimerHandle] = {}
        self._changes = asyncio.Lock()
        for key in self._possible(Kind.ERRORS, named=False):
            self._expect_status(key, DEFAULT_STATUS)

    def fault(self, kind: Kind, document: Mapping[str, object]) -> Fault:
        """The fault that a body describes; a null counts as absent. Raises ValidationError, ValueError."""
        body = _BODIES[kind].model_validate(
            {key: value for key, value in document.items() if value is not None}
        )
        if isinstance(body, BallastBody):
            return Fault(kind, body.lease_seconds, bytes=body.bytes)
        if isinstance(body, DatabaseBody):
            return Fault(kind, body.lease_seconds)
        assert isinstance(body, _Dosed)
        status, mode, delay = None, None, None
        if isinstance(body, ErrorsBody):
            mode = body.mode
            status = 500 if mode is Mode.EXCEPTION else body.status or DEFAULT_STATUS
        elif isinstance(body, SlowBody):
            delay = body.delay_seconds
        return Fault(
            kind,
            body.lease_seconds,
            targets=body.targets(self._possible(kind, named=body.routes is not None)),
            everywhere=body.routes is None,
            rate=body.rate,
            status=status,
            mode=mode,
            delay_seconds=delay,
        )

    def _possible(self, kind: Kind, named: bool) -> list[str]:
        """Routes that a fault of this kind can hit; /health and /metrics only when they are named."""
        return [
            key
            for key, route in self._routes.items()
            if (named or route.path.startswith(API_PREFIX))
            and (kind is not Kind.FAILED_EXECUTIONS or route.path.endswith(EXECUTE_SUFFIX))
        ]

    async def start(self, fault: Fault) -> State:
        """Raises MemoryError when there is no room for a ballast."""
        async with self._changes:
            if fault.bytes is not None:
                self.faults.end(Kind.BALLAST, self._clock(), Ended.REPLACED)
                self._ballast = await _touched(fault.bytes)
            if fault.status is not None:
                for key in fault.targets:
                    self._expect_status(key, fault.status)
            state = self.faults.start(fault, self._clock())
            if fault.kind is Kind.DATABASE:
                self._database_out(True)
            self._watch(state)
            return state

    def renew(self, kind: Kind) -> State | None:
        state = self.faults.renew(kind, self._clock())
        if state is not None:
            self._watch(state)
        return state

    def end(self, kind: Kind) -> State | None:
        return self.faults.end(kind, self._clock())

    def must_fail(self, route: str) -> bool:
        """Decide on one prompt execution that begins on `route`."""
        return self.faults.decide(Kind.FAILED_EXECUTIONS, route, self._clock()) is not None

    def report(self) -> Report:
        now = self._clock()
        active = self.faults.active(now)
        return Report(not active, active, self.faults.ended(now))

    def _expect_status(self, key: str, status: int) -> None:
        if self._routes[key].path == METRICS_PATH:
            return  # scrapes are not counted
        # A series that is born with its first error loses that error for rate().
        self._metrics.expect_status(self._routes[key].method, self._routes[key].path, status)

    def _watch(self, state: State) -> None:
        # Decisions look at leases themselves; a ballast or an outage is never decided on and needs the timer.
        if timer := self._timers.pop(state.kind, None):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[state.kind] = loop.call_later(state.expires_in_seconds + 0.002, self._expire)

    def _expire(self) -> None:
        for state in self.faults.active(self._clock()):
            self._watch(state)  # a timer may come early

    def _ended(self, fault: Fault) -> None:
        if timer := self._timers.pop(fault.kind, None):
            timer.cancel()
        if fault.kind is Kind.DATABASE:
            self._database_out(False)
        if fault.kind is Kind.BALLAST and self._ballast is not None:
            self._ballast.release()
            self._ballast = None


async def _touched(size: int) -> Ballast:
    try:
        return await asyncio.to_thread(Ballast, size)
    except OSError as exc:
        raise MemoryError(f"no room for {size} bytes: {exc}") from exc


def _invalid(kind: str, message: str) -> RequestValidationError:
    return RequestValidationError([{"type": kind, "loc": ("body",), "msg": message}])


def _found(state: State | None, kind: Kind) -> State:
    if state is None:
        raise HTTPException(404, f"no fault of kind {kind} is active")
    return state


def create_fault_app(control: FaultControl, token: str) -> "TokenGate":
    """The fault control as an ASGI application."""
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.add_exception_handler(RequestValidationError, json_errors)

    @app.put("/faults/{kind}")
    async def put(kind: Kind, body: dict[str, Any]) -> State:
        try:
            return await control.start(control.fault(kind, body))
        except ValidationError as exc:
            raise RequestValidationError(
                [{**error, "loc": ("body", *error["loc"])} for error in exc.errors()]
            ) from exc
        except (ValueError, MemoryError) as exc:
            raise _invalid("impossible_fault", str(exc)) from exc

    @app.post("/faults/{kind}/renew")
    async def renew(kind: Kind) -> State:
        return _found(control.renew(kind), kind)

    @app.delete("/faults/{kind}")
    async def delete(kind: Kind) -> State:
        return _found(control.end(kind), kind)

    @app.get("/faults")
    async def report() -> Report:
        return control.report()

    return TokenGate(app, token)


class TokenGate:
    """Lets a request through that carries the token, and answers 401 to any other."""

    def __init__(self, app: FastAPI, token: str) -> None:
        self.app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = Request(scope).headers.get("authorization", "").encode("latin-1")
            if not hmac.compare_digest(given, self._expected):
                detail = "the fault control needs its token: Authorization: Bearer TOKEN"
                refusal = JSONResponse({"detail": detail}, 401, {"WWW-Authenticate": "Bearer"})
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)
