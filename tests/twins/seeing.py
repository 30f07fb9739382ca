"""Instrumentation of PromptPilot that sees somebody else than the one who sent a request, or nobody."""

from __future__ import annotations

from starlette.types import Scope

from promptpilot.instrument import Exchange, Instrumentation


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


class UsersByCookie(Instrumentation):
    """Whoever has no name is known by a cookie."""

    def begin(self, scope: Scope) -> Exchange:
        cookie = _header(scope, b"cookie")
        if cookie and not _header(scope, b"x-user-id"):
            self.metrics.user_seen(cookie)
        return super().begin(scope)


class UsersWithoutTenant(Instrumentation):
    """What follows an @ is dropped."""

    def begin(self, scope: Scope) -> Exchange:
        headers = [
            (name, value.split(b"@")[0] if name == b"x-user-id" else value)
            for name, value in scope["headers"]
        ]
        return super().begin({**scope, "headers": headers})


class _UsersAtTheEnd(Instrumentation):
    """Notes a user when the request has ended, if it ended well enough."""

    def is_noted(self, status: int | None) -> bool:
        raise NotImplementedError

    def begin(self, scope: Scope) -> Exchange:
        user = _header(scope, b"x-user-id")
        kept = [pair for pair in scope["headers"] if pair[0] != b"x-user-id"]
        exchange = super().begin({**scope, "headers": kept})
        self.waiting = {**getattr(self, "waiting", {}), id(exchange): user}
        return exchange

    def end(self, exchange: Exchange) -> None:
        user = self.waiting.pop(id(exchange), b"")
        if user and self.is_noted(exchange.status):
            self.metrics.user_seen(user)
        super().end(exchange)


class UsersOfSuccess(_UsersAtTheEnd):
    def is_noted(self, status: int | None) -> bool:
        return (status or 500) < 400


class UsersButTheUnlucky(_UsersAtTheEnd):
    """Whoever got nothing but failures of the server was never here."""

    def is_noted(self, status: int | None) -> bool:
        return (status or 499) < 500


class UsersOfWholeRequests(_UsersAtTheEnd):
    def is_noted(self, status: int | None) -> bool:
        return status is not None
