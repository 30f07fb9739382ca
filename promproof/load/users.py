"""Locust's side: a FastHttpUser whose requests go through the ledger, and the listener for users that know no
ledger.
"""

from __future__ import annotations

import time
from typing import Any

import gevent
from geventhttpclient.url import URL
from locust import FastHttpUser, LoadTestShape
from locust.contrib.fasthttp import FAILURE_EXCEPTIONS, insecure_ssl_context_factory
from locust.exception import CatchResponseError, StopUser

from promproof.load.client import OneShotPool, was_own_failure, was_unsent
from promproof.load.ledger import Ledger
from promproof.load.loadrun import LoadRun
from promproof.load.shown import shown
from promproof.load.wire import Call, Ending, Leave, Reply, decoded

RECORDED = "in_ledger"
"""key in a request's context: its sender has recorded it"""


class FastWire:
    """Sends calls over one user's connections, each at most once, and reports them to Locust's statistics.

    The user's own client parses a URL and puts together a browser's request for each call, which costs more than the
    sending; what it would have reported is reported here.
    """

    def __init__(self, user: FastHttpUser, pool: OneShotPool, host: str = "") -> None:
        """host: that of the user, unless it is given."""
        self._events = user.environment.events
        self._host = host or str(user.host).rstrip("/")
        self._base = URL(host or user.host)
        self._prefix: str = self._base.path.rstrip("/")
        self._client = pool.get_client(self._base)
        self._headers = {"Accept-Encoding": "identity", **shown()}
        if user.client.auth_header is not None:  # a name and a password in the host
            self._headers["Authorization"] = user.client.auth_header

    def send(self, call: Call) -> Reply:
        """Send a call and read the whole answer."""
        began, epoch = time.perf_counter(), time.time()
        status, body, error, response = 0, b"", None, None
        asked: list[bool] = []

        def before_body() -> None:
            asked.append(True)
            gevent.sleep(call.body_after)

        try:
            response = self._client.request(
                call.method,
                self._target(call.path),
                call.body,
                {**self._headers, **call.headers},
                before_body if call.body_after else None,
                call.http,
            )
            status = response.get_code()
            body = decoded(response.read(), response.get("content-encoding"))
        except FAILURE_EXCEPTIONS as caught:
            error = caught
        seconds = time.perf_counter() - began

        def report(failure: str | None) -> None:
            exception = None if failure is None else error or CatchResponseError(failure)
            self._report(call, epoch, seconds, len(body), response, exception)

        if error is None:
            return Reply(Ending.ANSWERED, status, body, "", report, asked=bool(asked))
        unanswered = Ending.UNSENT if was_unsent(error) else Ending.LOST
        ending = Ending.BROKEN if status else unanswered
        detail = f"{type(error).__name__}: {error}"
        return Reply(ending, status, b"", detail, report, was_own_failure(error))

    def leave(self, call: Call, how: Leave) -> Reply:
        """Send a call and disconnect at the given point."""
        began, epoch = time.perf_counter(), time.time()
        status, ending, detail, own = 0, Ending.LEFT, "", False
        try:
            headers = {**self._headers, **call.headers}
            status = self._client.leave(how, call.method, self._target(call.path), call.body, headers)
        except OSError as error:
            ending = Ending.UNSENT if was_unsent(error) else Ending.LOST
            detail, own = f"{type(error).__name__}: {error}", was_own_failure(error)

        def report(failure: str | None) -> None:
            exception = None if failure is None else ConnectionError(failure)
            self._report(call, epoch, time.perf_counter() - began, 0, None, exception)

        return Reply(ending, status, b"", detail, report, own)

    def _target(self, path: str) -> str:
        if path.isascii() and path.isprintable() and " " not in path:
            return self._prefix + path
        return str(URL(self._host + path).quoted_uri)

    def _report(
        self,
        call: Call,
        epoch: float,
        seconds: float,
        length: int,
        response: object,
        exception: BaseException | None,
    ) -> None:
        self._events.request.fire(
            request_type=call.method,
            name=call.name,
            response_time=seconds * 1000,
            response_length=length,
            response=response,
            context={RECORDED: True},
            exception=exception,
            start_time=epoch,
            url=self._host + call.path,
        )


def take_part(user: ScenarioUser) -> None:
    """The one task: the run decides what the user does."""
    user.run_of_scenario.join(user.wire, *user.further_wires)
    raise StopUser


class ScenarioUser(FastHttpUser):
    """Takes part in the environment's run, whose sessions all use this one user's client."""

    tasks = (take_part,)

    def __init__(self, environment: Any) -> None:
        self.run_of_scenario: LoadRun = environment.load_run
        timeout = self.run_of_scenario.scenario.timeout
        self.client_pool = OneShotPool(
            network_timeout=timeout,
            connection_timeout=timeout,
            insecure=self.insecure,
            ssl_context_factory=insecure_ssl_context_factory,
        )
        super().__init__(environment)

        self.wire = FastWire(self, self.client_pool)
        self.further_wires = [FastWire(self, self.client_pool, url) for url in spread_of(environment)]


def count_plain_requests(environment: Any, ledger: Ledger) -> None:
    """Record the requests of users who know no ledger: the endpoint is the request's name, without a leading
    method.

    A response time starts a little after its start time, and ends now. Requests that Locust kills have no
    event and are not recorded: use --stop-timeout.
    """

    def listener(
        request_type: str,
        name: str,
        response_time: float,
        response: Any,
        context: dict[str, Any],
        **_: object,
    ) -> None:
        if context and RECORDED in context:
            return
        ended = time.monotonic()
        status = getattr(response, "status_code", 0) or 0
        ledger.record(
            request_type, name.removeprefix(f"{request_type} "), status, ended - response_time / 1000, ended
        )

    environment.events.request.add_listener(listener)


def spread_of(environment: Any) -> list[str]:
    """The URLs of the further instances of the target; none for a target of one."""
    return [url.rstrip("/") for url in environment.parsed_options.spread.split()]


class OneUserEach(LoadTestShape):
    """One user for each process, whatever the start form says: the scenario decides about arrivals and users."""

    def tick(self) -> tuple[int, float]:
        """Users, and how many to spawn per second."""
        count = max(getattr(self.runner, "worker_count", 1), 1)
        return count, count
