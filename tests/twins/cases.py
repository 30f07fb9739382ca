"""PromptPilot with one thing wrong that only an unusual request shows: a method, a body, a header, a broken connection.

Each is the smallest change of a middleware, a counter or an execution that a person could really make.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from starlette.types import Message, Receive, Scope, Send

from promptpilot.executions import Call, Executions
from promptpilot.instrument import CLIENT_CLOSED_REQUEST, Exchange, Instrumentation
from promptpilot.metrics import Metrics, Totals
from promptpilot.provider import Plan
from promptpilot.routing import METRICS_PATH, OTHER_METHOD, UNMATCHED
from promptpilot.store import PromptRun


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


class _Passed(Instrumentation):
    """Some requests are not looked at."""

    def passes(self, scope: Scope) -> bool:
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.passes(scope):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class OptionsPassed(_Passed):
    """As beneath a CORS middleware that answers by itself."""

    def passes(self, scope: Scope) -> bool:
        return str(scope["method"]) == "OPTIONS"


class HeadPassed(_Passed):
    def passes(self, scope: Scope) -> bool:
        return str(scope["method"]) == "HEAD"


class ScrapersPassed(_Passed):
    """Requests of monitoring are left out by their user agent."""

    def passes(self, scope: Scope) -> bool:
        return _header(scope, b"user-agent").startswith(b"Prometheus/")


class HealthPassed(_Passed):
    def passes(self, scope: Scope) -> bool:
        return str(scope["path"]) == "/health"


class UnmatchedPassed(_Passed):
    def passes(self, scope: Scope) -> bool:
        return self.resolver.template(scope["path"]) is None


class OtherMethodsPassed(_Passed):
    def passes(self, scope: Scope) -> bool:
        return self.method_label(scope) == OTHER_METHOD


class AllBelowMetricsPassed(_Passed):
    """`startswith` where the whole path was meant."""

    def passes(self, scope: Scope) -> bool:
        return str(scope["path"]).startswith(METRICS_PATH)


class QueriedMetricsCounted(Instrumentation):
    """Compares the target of the request, with its query, to `/metrics`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == METRICS_PATH and scope["query_string"]:
            scope = {**scope, "path": f"{METRICS_PATH}?"}
        await super().__call__(scope, receive, send)


class OnlyReadingMetricsPassed(Instrumentation):
    """Leaves `GET /metrics` out, and counts the other methods."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == METRICS_PATH and scope["method"] != "GET":
            scope = {**scope, "path": f"{METRICS_PATH}?"}
        await super().__call__(scope, receive, send)


class UsersOfMetrics(Instrumentation):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] == "http"
            and scope["path"] == METRICS_PATH
            and (user := _header(scope, b"x-user-id"))
        ):
            self.metrics.user_seen(user)
        await super().__call__(scope, receive, send)


class _Endpoint(Instrumentation):
    def path(self, scope: Scope) -> str:
        raise NotImplementedError

    def endpoint_label(self, scope: Scope) -> str:
        return self.resolver.template(self.path(scope)) or UNMATCHED


class SlashStripped(_Endpoint):
    def path(self, scope: Scope) -> str:
        return str(scope["path"]).rstrip("/")


class CaseIgnored(_Endpoint):
    def path(self, scope: Scope) -> str:
        return str(scope["path"]).lower()


class UndecodedPath(_Endpoint):
    def path(self, scope: Scope) -> str:
        return bytes(scope["raw_path"]).decode()


class OriginalUrlTrusted(_Endpoint):
    def path(self, scope: Scope) -> str:
        return (_header(scope, b"x-original-url") or scope["path"].encode()).decode()


class PrefixMatched(Instrumentation):
    """A route's expression that is not anchored at its end."""

    def endpoint_label(self, scope: Scope) -> str:
        path = str(scope["path"])
        while path and (found := self.resolver.template(path)) is None:
            path = path.rpartition("/")[0]
        return (found if path else None) or UNMATCHED


class NotAllowedUnmatched(Instrumentation):
    """As the router says: a method that the route does not have matches nothing."""

    def endpoint_label(self, scope: Scope) -> str:
        found = self.resolver.template(scope["path"])
        known = found is not None and self.resolver.route_key(scope["method"], scope["path"]) is not None
        return found if known and found else UNMATCHED


class MethodOverridden(Instrumentation):
    def method_label(self, scope: Scope) -> str:
        return _header(scope, b"x-http-method-override").decode() or super().method_label(scope)


class HeadAsGet(Instrumentation):
    def method_label(self, scope: Scope) -> str:
        return "GET" if scope["method"] == "HEAD" else super().method_label(scope)


class OtherMethodsRaw(Instrumentation):
    def method_label(self, scope: Scope) -> str:
        return str(scope["method"])


class StatusClass(Metrics):
    def counter_labels(self, method: str, endpoint: str, status: int) -> tuple[str, str, str]:
        return (method, endpoint, f"{status // 100}xx")


class _Without(Metrics):
    """Some requests end without being counted; the gauge goes down."""

    def lost(self, method: str, endpoint: str, status: int) -> bool:
        raise NotImplementedError

    def request_ended(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        if self.lost(method, endpoint, status):
            self.request_left(method, endpoint)
        else:
            super().request_ended(method, endpoint, status, seconds)


class BrokenBodiesUncounted(_Without):
    def lost(self, method: str, endpoint: str, status: int) -> bool:
        return status == CLIENT_CLOSED_REQUEST


class RefusalsUncounted(_Without):
    def lost(self, method: str, endpoint: str, status: int) -> bool:
        return status == 422


class ConflictsUncounted(_Without):
    def lost(self, method: str, endpoint: str, status: int) -> bool:
        return status == 409


class BrokenBodiesAre400(Metrics):
    def request_counted(self, method: str, endpoint: str, status: int) -> None:
        super().request_counted(method, endpoint, 400 if status == CLIENT_CLOSED_REQUEST else status)


class BrokenBodiesAre500(Metrics):
    def request_counted(self, method: str, endpoint: str, status: int) -> None:
        super().request_counted(method, endpoint, 500 if status == CLIENT_CLOSED_REQUEST else status)


class GaugeLeaksForBrokenBodies(Metrics):
    def request_ended(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        if status == CLIENT_CLOSED_REQUEST:
            self.request_started(method, endpoint)
        super().request_ended(method, endpoint, status, seconds)


class GaugeClamped(Metrics):
    most = 5
    under_way = 0

    def request_started(self, method: str, endpoint: str) -> None:
        self.under_way += 1
        self.in_progress.labels(method, endpoint).set(min(self.under_way, self.most))

    def request_left(self, method: str, endpoint: str) -> None:
        self.under_way -= 1
        self.in_progress.labels(method, endpoint).set(min(self.under_way, self.most))


class ErrorsUntimed(Metrics):
    def request_ended(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        if status < 400:
            super().request_ended(method, endpoint, status, seconds)
        else:
            self.request_left(method, endpoint)
            self.request_counted(method, endpoint, status)


class Rounded(Metrics):
    def observed(self, seconds: float) -> float:
        return round(seconds, 1)


class WholeSeconds(Metrics):
    def observed(self, seconds: float) -> float:
        return float(int(seconds))


class TwentiethLonger(Metrics):
    def observed(self, seconds: float) -> float:
        return seconds * 1.05


class TenthShorter(Metrics):
    def observed(self, seconds: float) -> float:
        return seconds * 0.9


class TimedFromWholeBody(Instrumentation):
    """The clock starts when the handler has the body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == METRICS_PATH:
            await super().__call__(scope, receive, send)
            return
        exchange = self.begin(scope)

        async def watched_receive() -> Message:
            message = await receive()
            exchange.started = self.clock()
            return message

        async def watched_send(message: Message) -> None:
            self.sending(exchange, message)
            await send(message)

        try:
            await self.app(scope, watched_receive, watched_send)
        except Exception:
            self.failed(exchange)
            raise
        finally:
            self.end(exchange)


class CountedAtStart(Instrumentation):
    """Counts what it will be before it is known, and corrects what came out otherwise."""

    def begin(self, scope: Scope) -> Exchange:
        exchange = super().begin(scope)
        self.metrics.request_counted(exchange.method, exchange.endpoint, 200)
        return exchange

    def end(self, exchange: Exchange) -> None:
        if not exchange.ended:
            labels = self.metrics.counter_labels(exchange.method, exchange.endpoint, 200)
            self.metrics.requests.labels(*labels)._value.inc(-1)
        super().end(exchange)


class LeftAre499(Instrumentation):
    """A client that has gone decides about the status, as in nginx."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            async def marked(message: Message) -> None:
                if message["type"] == "http.response.start" and await _gone(receive):
                    message = {**message, "status": CLIENT_CLOSED_REQUEST}
                await send(message)

            await self.app(scope, receive, marked)

        await Instrumentation(app, self.metrics, self.resolver, self.clock)(scope, receive, send)


async def _gone(receive: Receive) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(0.0005):
            return str((await receive())["type"]) == "http.disconnect"
    return False


class _Users(Instrumentation):
    def users(self, scope: Scope) -> list[bytes]:
        raise NotImplementedError

    def begin(self, scope: Scope) -> Exchange:
        users = self.users(scope)
        kept = [pair for pair in scope["headers"] if pair[0] != b"x-user-id"]
        return super().begin({**scope, "headers": [*kept, *((b"x-user-id", user) for user in users)]})


class AnonymousIsSomebody(_Users):
    def users(self, scope: Scope) -> list[bytes]:
        return [_header(scope, b"x-user-id") or b"anonymous"]


class EmptyIsSomebody(_Users):
    def users(self, scope: Scope) -> list[bytes]:
        there = any(name == b"x-user-id" for name, _ in scope["headers"])
        return [_header(scope, b"x-user-id") or b"-"] if there else []


class UsersInSmallLetters(_Users):
    def users(self, scope: Scope) -> list[bytes]:
        return [_header(scope, b"x-user-id").lower()]


class UsersCutOff(_Users):
    def users(self, scope: Scope) -> list[bytes]:
        return [_header(scope, b"x-user-id")[:64]]


class UsersOfRoutesOnly(_Users):
    def users(self, scope: Scope) -> list[bytes]:
        known = self.resolver.route_key(scope["method"], scope["path"]) is not None
        return [_header(scope, b"x-user-id")] if known else []


class UsersOfSuccess(Instrumentation):
    """Notes a user when the answer is no error."""

    def begin(self, scope: Scope) -> Exchange:
        user = _header(scope, b"x-user-id")
        kept = [pair for pair in scope["headers"] if pair[0] != b"x-user-id"]
        exchange = super().begin({**scope, "headers": kept})
        self.waiting = {**getattr(self, "waiting", {}), id(exchange): user}
        return exchange

    def end(self, exchange: Exchange) -> None:
        user = self.waiting.pop(id(exchange), b"")
        if user and (exchange.status or 500) < 400:
            self.metrics.user_seen(user)
        super().end(exchange)


class OutlivedUnderOwnId(Metrics):
    """An execution that outlives its prompt brings the series back."""

    def prompt_executed(self, prompt_id: int, outcome: str) -> None:
        self.prompt_executions.labels(*self.execution_labels(str(prompt_id), outcome)).inc()


class OutlivedUncounted(Metrics):
    def prompt_executed(self, prompt_id: int, outcome: str) -> None:
        if self.prompt_places.label(prompt_id) != "other":
            super().prompt_executed(prompt_id, outcome)


class SeriesGoWithRefusedDelete(Instrumentation):
    """Removes a prompt's series before the database has agreed."""

    def end(self, exchange: Exchange) -> None:
        super().end(exchange)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "DELETE" and "/prompts/" in scope["path"]:
            number = scope["path"].rpartition("/")[2]
            if number.isdecimal():
                self.metrics.prompt_removed(int(number))
        await super().__call__(scope, receive, send)


class PromptCostBornLate(Metrics):
    def prompt_added(self, prompt_id: int) -> None:
        super().prompt_added(prompt_id)
        self.prompt_cost.remove(str(prompt_id))


class OtherBornLate(Metrics):
    def _start_prompt(self, label: str) -> None:
        if label != "other":
            super()._start_prompt(label)


class TotalsKept(Metrics):
    """The last number of rows, for as long as the database says none."""

    known: Totals | None = None

    def render(self, totals: Totals | None) -> bytes:
        self.known = totals or self.known
        return super().render(self.known)


class TotalsZero(Metrics):
    def render(self, totals: Totals | None) -> bytes:
        return super().render(totals or Totals(0, 0))


class AllGoesWithTheDatabase(Metrics):
    def render(self, totals: Totals | None) -> bytes:
        return super().render(totals) if totals else b""


class StatusesBornLate(Metrics):
    def expect_status(self, method: str, endpoint: str, status: int) -> None:
        pass


class ErrorsBornLate(Metrics):
    def expect_status(self, method: str, endpoint: str, status: int) -> None:
        if status != 500:
            super().expect_status(method, endpoint, status)


class DurationsBornLate(Metrics):
    def expect_routes(self, routes: object) -> None:
        super().expect_routes(routes)  # type: ignore[arg-type]  # what the class is given
        self.request_duration.clear()


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


METRICS: dict[str, type[Metrics]] = {
    "status-class": StatusClass,
    "broken-bodies-uncounted": BrokenBodiesUncounted,
    "broken-bodies-are-400": BrokenBodiesAre400,
    "broken-bodies-are-500": BrokenBodiesAre500,
    "gauge-leaks-for-broken-bodies": GaugeLeaksForBrokenBodies,
    "refusals-uncounted": RefusalsUncounted,
    "conflicts-uncounted": ConflictsUncounted,
    "gauge-clamped": GaugeClamped,
    "errors-untimed": ErrorsUntimed,
    "rounded": Rounded,
    "whole-seconds": WholeSeconds,
    "a-twentieth-longer": TwentiethLonger,
    "a-tenth-shorter": TenthShorter,
    "outlived-under-own-id": OutlivedUnderOwnId,
    "outlived-uncounted": OutlivedUncounted,
    "prompt-cost-born-late": PromptCostBornLate,
    "other-born-late": OtherBornLate,
    "totals-kept": TotalsKept,
    "totals-zero": TotalsZero,
    "all-goes-with-the-database": AllGoesWithTheDatabase,
    "statuses-born-late": StatusesBornLate,
    "errors-born-late": ErrorsBornLate,
    "durations-born-late": DurationsBornLate,
}
INSTRUMENTATION: dict[str, type[Instrumentation]] = {
    "options-passed": OptionsPassed,
    "head-passed": HeadPassed,
    "scrapers-passed": ScrapersPassed,
    "health-passed": HealthPassed,
    "unmatched-passed": UnmatchedPassed,
    "other-methods-passed": OtherMethodsPassed,
    "all-below-metrics-passed": AllBelowMetricsPassed,
    "queried-metrics-counted": QueriedMetricsCounted,
    "only-reading-metrics-passed": OnlyReadingMetricsPassed,
    "users-of-metrics": UsersOfMetrics,
    "slash-stripped": SlashStripped,
    "case-ignored": CaseIgnored,
    "undecoded-path": UndecodedPath,
    "original-url-trusted": OriginalUrlTrusted,
    "prefix-matched": PrefixMatched,
    "not-allowed-unmatched": NotAllowedUnmatched,
    "method-overridden": MethodOverridden,
    "head-as-get": HeadAsGet,
    "other-methods-raw": OtherMethodsRaw,
    "timed-from-whole-body": TimedFromWholeBody,
    "counted-at-start": CountedAtStart,
    "left-are-499": LeftAre499,
    "anonymous-is-somebody": AnonymousIsSomebody,
    "empty-is-somebody": EmptyIsSomebody,
    "users-in-small-letters": UsersInSmallLetters,
    "users-cut-off": UsersCutOff,
    "users-of-routes-only": UsersOfRoutesOnly,
    "users-of-success": UsersOfSuccess,
    "series-go-with-refused-delete": SeriesGoWithRefusedDelete,
}
EXECUTIONS: dict[str, type[Executions]] = {
    "executions-counted-at-start": ExecutionsCountedAtStart,
    "stream-failures-succeed": StreamFailuresSucceed,
    "stream-retries-counted": StreamRetriesCounted,
    "steps-once-per-prompt": StepsOncePerPrompt,
    "failed-steps-uncounted": FailedStepsUncounted,
    "pipeline-costs-its-last-step": PipelineCostsItsLastStep,
}
