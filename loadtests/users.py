"""Locust's side: a FastHttpUser whose requests go through the ledger, and the listener for users that know no
ledger.
"""

from __future__ import annotations

import time
from typing import Any

from geventhttpclient.url import URL
from locust import FastHttpUser, LoadTestShape
from locust.contrib.fasthttp import insecure_ssl_context_factory
from locust.exception import StopUser

from loadtests.client import OneShotPool, was_own_failure, was_unsent
from loadtests.ledger import Ledger
from loadtests.run import LoadRun
from loadtests.wire import Call, Ending, Leave, Reply

RECORDED = "in_ledger"
"""key in a request's context: its sender has recorded it"""


class FastWire:
    """Sends calls with a FastHttpUser's client, so that they are in Locust's statistics as well."""

    def __init__(self, user: FastHttpUser, pool: OneShotPool) -> None:
        self._session = user.client
        self._events = user.environment.events
        self._base = URL(user.host)
        self._pool = pool
        agent = user.client.client
        # every status is an answer here, not an exception; nothing is shared between sessions, nothing is
        # sent twice
        agent.valid_response_codes = range(1000)
        agent.cookiejar = None
        agent.max_redirects = 0

    def send(self, call: Call) -> Reply:
        """Send a call and read the whole answer."""
        response = self._session.request(
            call.method,
            call.path,
            name=call.name,
            data=call.body,
            headers={"Accept-Encoding": "identity", **call.headers},
            catch_response=True,
            context={RECORDED: True},
        )

        def report(failure: str | None) -> None:
            with response:
                if failure is None:
                    response.success()
                else:
                    response.failure(failure)

        error = response.request_meta["exception"]
        if error is None:
            return Reply(Ending.ANSWERED, response.status_code, response.content or b"", "", report)
        unanswered = Ending.UNSENT if was_unsent(error) else Ending.LOST
        ending = Ending.BROKEN if response.status_code else unanswered
        detail = f"{type(error).__name__}: {error}"
        return Reply(ending, response.status_code, b"", detail, report, was_own_failure(error))

    def leave(self, call: Call, how: Leave) -> Reply:
        """Send a call and disconnect at the given point."""
        began, epoch = time.perf_counter(), time.time()
        status, ending, detail, own = 0, Ending.LEFT, "", False
        try:
            client = self._pool.get_client(self._base)
            status = client.leave(
                how, call.method, self._base.path.rstrip("/") + call.path, call.body, call.headers
            )
        except OSError as error:
            ending = Ending.UNSENT if was_unsent(error) else Ending.LOST
            detail, own = f"{type(error).__name__}: {error}", was_own_failure(error)

        def report(failure: str | None) -> None:
            self._events.request.fire(
                request_type=call.method,
                name=call.name,
                response_time=(time.perf_counter() - began) * 1000,
                response_length=0,
                response=None,
                context={RECORDED: True},
                exception=None if failure is None else ConnectionError(failure),
                start_time=epoch,
                url=call.path,
            )

        return Reply(ending, status, b"", detail, report, own)


def take_part(user: ScenarioUser) -> None:
    """The one task: the run decides what the user does."""
    user.run_of_scenario.join(user.wire)
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


class OneUserEach(LoadTestShape):
    """One user for each process, whatever the start form says: the scenario decides about arrivals and users."""

    def tick(self) -> tuple[int, float]:
        """Users, and how many to spawn per second."""
        count = max(getattr(self.runner, "worker_count", 1), 1)
        return count, count
