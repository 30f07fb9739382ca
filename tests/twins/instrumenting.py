"""Instrumentation of PromptPilot that passes, names or times unusual requests wrongly."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from starlette.types import Message, Receive, Scope, Send

from promptpilot.asgi import SimulatedError
from promptpilot.instrument import CLIENT_CLOSED_REQUEST, Exchange, Instrumentation
from promptpilot.routing import METRICS_PATH, OTHER_METHOD, UNMATCHED


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


class OptionsRaw(Instrumentation):
    """A method that no route has is matched with none."""

    def endpoint_label(self, scope: Scope) -> str:
        template = super().endpoint_label(scope)
        return str(scope["path"]) if scope["method"] == "OPTIONS" and "{" in template else template


class PrefetchesPassed(_Passed):
    """What a browser asks for in advance is no visit."""

    def passes(self, scope: Scope) -> bool:
        return _header(scope, b"sec-purpose") == b"prefetch"


class PathsInAscii(Instrumentation):
    """Breaks on a path of other letters, before anything is counted."""

    def endpoint_label(self, scope: Scope) -> str:
        scope["path"].encode("ascii")
        return super().endpoint_label(scope)


class _TakesNothing(Instrumentation):
    """Some requests are timed from their answer's head."""

    def takes_nothing(self, exchange: Exchange, status: int) -> bool:
        raise NotImplementedError

    def sending(self, exchange: Exchange, message: Message) -> None:
        if message["type"] == "http.response.start" and self.takes_nothing(exchange, message["status"]):
            exchange.started = self.clock()
        super().sending(exchange, message)


class FailuresTakeNothing(_TakesNothing):
    """The clock of the handler that answers when another one has failed."""

    def takes_nothing(self, exchange: Exchange, status: int) -> bool:
        return status >= 500


class HeadsTakeNothing(_TakesNothing):
    def takes_nothing(self, exchange: Exchange, status: int) -> bool:
        return exchange.method == "HEAD"


class ConflictsTakeNothing(_TakesNothing):
    def takes_nothing(self, exchange: Exchange, status: int) -> bool:
        return status == 409


class LongPathsPassed(_Passed):
    """What no browser would send is not looked at."""

    def passes(self, scope: Scope) -> bool:
        return len(scope["path"]) > 200


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


class RealFailuresOfStreamsAre200(Instrumentation):
    """Knows the exceptions that are made on purpose, as tests do; any other leaves the status as it is."""

    def failed(self, exchange: Exchange) -> None:
        if exchange.status is None or isinstance(sys.exc_info()[1], SimulatedError):
            super().failed(exchange)
