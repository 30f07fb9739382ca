"""What a scenario run adds to Locust's web UI: a login, the load itself for Prometheus, and the account of the run.

The account is read from the ledger's file, as everybody else reads it, so that master and single process are alike.
"""

from __future__ import annotations

import atexit
import hmac
import secrets
import shutil
import tempfile
from typing import Any

import gevent
from flask import Response, jsonify, redirect, request, session, url_for
from flask_login import UserMixin, current_user, login_user
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from promproof.errors import InputError
from promproof.evidence.ledgerfile import LedgerTail
from promproof.load import guard
from promproof.load.account import Account
from promproof.load.arguments import refusal
from promproof.load.conditions import Condition
from promproof.load.export import LoadCollector
from promproof.load.judgement import conditions_of
from promproof.load.models import Scenario

POLL_SECONDS = 0.2


class Following:
    """Follows the ledger of the current run, and keeps the account of the last one."""

    def __init__(self) -> None:
        self.account: Account | None = None
        self.more: list[Condition] = []
        """conditions beside the scenario's own, for runs to come"""
        self._tail: LedgerTail | None = None
        gevent.spawn(self._follow)

    def begin(self, environment: Any, scenario: Scenario, bin_seconds: float) -> None:
        """A new run, whose ledger is at environment.load_ledger."""
        conditions = [*conditions_of(scenario.conditions), *self.more]
        self.account = Account(scenario, conditions, bin_seconds)
        self._tail = LedgerTail(environment.load_ledger, self.account.take)

    def poll(self) -> None:
        """Take in what has been written."""
        if self._tail is not None and self._tail.path.exists():
            self._tail.poll()

    @property
    def seen_until(self) -> float:
        """Everything that was recorded until then (CLOCK_MONOTONIC seconds) is in the account."""
        return -1.0 if self._tail is None else self._tail.seen_until

    def _follow(self) -> None:
        while True:
            gevent.sleep(POLL_SECONDS)
            self.poll()


def add_options(parser: Any) -> None:
    """Options of the web UI beside Locust's own."""
    hidden: dict[str, Any] = {"include_in_web_ui": False}
    parser.add_argument("--web-user", default="locust", help="name for --web-login (locust)", **hidden)
    parser.add_argument(
        "--web-password", default="", env_var="LOCUST_WEB_PASSWORD", help="password for --web-login", **hidden
    )
    parser.add_argument(
        "--web-allowed-host",
        default="",
        env_var="LOCUST_WEB_ALLOWED_HOST",
        help="names, with commas, by which the web UI may be called beside 127.0.0.1, localhost and --web-host",
        **hidden,
    )


def install(environment: Any) -> None:
    """Add routes, before the web UI serves.

    Raises:
        InputError: --web-login without a password.
    """
    options = environment.parsed_options
    guard.install(environment.web_ui, options.web_allowed_host)
    look_at_forms(environment)
    if options.web_login:
        _login(environment, options.web_user, options.web_password)
    if not options.ledger:
        options.ledger = tempfile.mkdtemp(prefix="load-ledgers-")
        atexit.register(shutil.rmtree, options.ledger, ignore_errors=True)
    following = environment.load_following = Following()
    registry = CollectorRegistry()
    registry.register(LoadCollector(lambda: following.account))

    # without login, as Prometheus scrapes it
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    environment.web_ui.app.add_url_rule(f"{options.web_base_path}/metrics", "load_metrics", metrics)


def look_at_forms(environment: Any) -> None:
    """Answer a start form that cannot be played with the reason, where Locust would say that it has started.

    `environment.before_start` are functions that end what may not go on beside a run. They are called before the form
    is answered: two seconds after the answer Locust's page asks for the state, once, and shows the form again for good
    when the run has not begun by then.
    """
    options = environment.parsed_options
    environment.before_start = []
    path = f"{options.web_base_path}/swarm"

    def look() -> Any:
        if request.method != "POST" or request.path != path:
            return None
        if options.web_login and not current_user.is_authenticated:
            return None  # Locust sends them to the login
        if why := refusal(options, request.form):
            return jsonify({"success": False, "message": why, "host": environment.host})
        for end in environment.before_start:
            end()
        return None

    environment.web_ui.app.before_request(look)


def _login(environment: Any, name: str, password: str) -> None:
    if not password:
        raise InputError(
            what="missing",
            where="--web-password",
            expected="a password for --web-login, or LOCUST_WEB_PASSWORD",
            todo="add it",
        )
    web_ui = environment.web_ui
    web_ui.app.secret_key = secrets.token_hex(32)  # a restart ends all sessions
    web_ui.auth_args = {
        "username_password_callback": f"{environment.parsed_options.web_base_path}/authenticate"
    }

    class Person(UserMixin):  # type: ignore[misc] # flask-login has no types
        def get_id(self) -> str:
            return name

    web_ui.login_manager.user_loader(lambda given: Person() if given == name else None)

    def authenticate() -> Any:
        given = request.form.get("username", ""), request.form.get("password", "")
        right = [
            hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(given, (name, password), strict=True)
        ]
        if all(right):
            login_user(Person())
            return redirect(url_for("locust.index"))
        session["auth_error"] = "Wrong name or password"
        return redirect(url_for("locust.login"))

    path = f"{environment.parsed_options.web_base_path}/authenticate"
    web_ui.app.add_url_rule(path, "load_authenticate", authenticate, methods=["POST"])
