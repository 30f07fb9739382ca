"""The options of a scenario run beside Locust's own, and what is refused before anything is sent."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promproof.config.durations import parse_short
from promproof.config.inputs import read_text
from promproof.config.urls import base_url
from promproof.errors import InputError
from promproof.load.models import Scenario
from promproof.load.notation import parse_rate
from promproof.load.scenario import load, override, resolve, stretched
from promproof.optiontable import named

DEFAULT_BIN_SECONDS = 0.1
FIELDS = ("scenario", "rate", "duration", "closed_users", "max_requests")
"""of the web UI's start form, beside Locust's own"""


def add_options(parser: Any, **_: object) -> None:
    """Listener of Locust's command line; with the web UI they are fields of its start form as well."""
    refuse_forks()
    add = parser.add_argument  # not of a group, whose options cannot be kept out of the web UI's form
    declare(parser, "scenario", "rate", "duration", "closed-users", "max-requests")
    hidden: dict[str, Any] = {"include_in_web_ui": False}
    add(
        "--ledger",
        help="new file for the ledger; with the web UI a folder; without it nothing is kept",
        **hidden,
    )
    add(
        "--ledger-bin",
        default=str(DEFAULT_BIN_SECONDS),
        help="width of the ledger's time bins in seconds",
        **hidden,
    )
    add(
        "--start-file",
        help="send nothing before this file is there, since Locust takes seconds to start",
        **hidden,
    )
    add("--spread", default="", help="URLs of further instances: requests go to all in turn", **hidden)
    add("--stretch", default="", help="arrivals last so many times as long; for rare scrapes", **hidden)
    # the text of the scenario travels to the workers with the options, so that only the master needs the file
    add("--scenario-text", default="", help=argparse.SUPPRESS, **hidden)


def declare(parser: Any, *names: str, **more: Any) -> None:
    """Options of the table as options of Locust, where what is not given is an empty text."""
    for name in names:
        option = named(name)
        default = (
            "" if option.default is None or option.defaults or name == "scenario" else str(option.default)
        )
        variable = {"env_var": option.variable} if option.variable else {}
        parser.add_argument(f"--{name}", default=default, help=option.help, **variable, **more)


def refuse_forks() -> None:
    """Locust forks before it asks anybody, and a worker whose parent has gone looks for it for minutes."""
    peek = argparse.ArgumentParser(add_help=False)
    peek.add_argument("--processes", default=os.environ.get("LOCUST_PROCESSES"))
    if peek.parse_known_args()[0].processes:
        error = InputError(
            what="not possible with a scenario",
            where="--processes",
            expected="--master and --worker, or one process",
            todo="leave it out",
        )
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)


def refuse(options: Any) -> None:
    """Raises InputError for options that cannot be used together, or at all."""
    if options.worker:
        return
    if not options.headless:
        return  # the web UI's form fills in the rest
    if not options.host:
        raise InputError(
            what="missing",
            where="--host",
            expected="the target's address, http://127.0.0.1:8000 say",
            todo="add it",
        )
    if not options.scenario:
        raise InputError(
            what="missing", where="--scenario", expected="a scenario's file or name", todo="add it"
        )
    check_host(options.host)


def check_host(host: str | None) -> None:
    """Raises InputError for what is no address."""
    base_url(host or "", "--host")


def scenario_of(options: Any) -> Scenario:
    """The scenario with what the options say of it. Raises InputError."""
    scenario = _from_text(options.scenario_text) if options.scenario_text else load(resolve(options.scenario))
    if options.stretch:
        scenario = stretched(scenario, number("--stretch", options.stretch))
    rate = options.rate
    try:
        arrivals = parse_rate(rate if "/" in rate else f"{rate}/s") if rate else None
    except ValueError as error:
        raise InputError(what=f"{rate!r}, {error}", where="--rate") from error
    try:
        duration = parse_short(options.duration) if options.duration else None
    except ValueError as error:
        raise InputError(what=f"{options.duration!r}, {error}", where="--duration") from error
    most = int(number("--max-requests", options.max_requests)) if options.max_requests else None
    users = int(number("--closed-users", options.closed_users)) if options.closed_users else None
    return override(scenario, arrivals, duration, most, users)


def text_of(options: Any) -> str:
    """The scenario's text, for workers that do not have its file. Raises InputError."""
    return read_text(resolve(options.scenario), "a scenario")


def refusal(options: Any, form: Mapping[str, str]) -> str:
    """Why a start form of the web UI cannot be played; empty when it can. form: its fields by name."""
    asked = argparse.Namespace(**{**vars(options), "scenario_text": ""})
    for field in FIELDS:
        if field in form:
            setattr(asked, field, form[field])
    try:
        check_host(form.get("host") or options.host)
        scenario_of(asked)
    except InputError as error:
        return " ".join(str(error).split())
    return ""


def number(name: str, text: str) -> float:
    """Raises InputError for what is no number above 0."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise InputError(what=f"found {text!r}", where=name, expected="a number above 0", todo="correct it")
    return found


def _from_text(text: str) -> Scenario:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)
