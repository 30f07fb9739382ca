"""Settings of the API: environment variables PROMPTPILOT_*, overridden by command line options.

One table holds every setting with its cast and the words for what it expects, so that each refusal names the
setting, the value found and the value wanted.
"""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NoReturn

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "PROMPTPILOT_"
_UNIT_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(?:\d+(?:ms|s|m|h|d))+")
_DURATION_PART = re.compile(r"(\d+)(ms|s|m|h|d)")


class SettingsError(Exception):
    """A setting that cannot be used. The text names it, its value and what was expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the API can be told. Durations are seconds, costs are USD, rates are shares of 1."""

    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = "sqlite:///promptpilot.db"
    active_users_window: float = 300.0
    series_limit: int = 1000
    fault_port: int | None = None
    fault_host: str = "127.0.0.1"
    fault_token: str | None = None
    provider_latency: float = 0.0
    provider_failure_rate: float = 0.0
    provider_cost: float = 0.002
    provider_attempts: int = 3


def parse_duration(text: str) -> float:
    """Seconds of a duration such as `5m`, `5000ms` or `1h30m`. Raises ValueError."""
    if not _DURATION.fullmatch(text):
        raise ValueError(text)
    milliseconds = sum(
        int(number) * _UNIT_MILLISECONDS[unit] for number, unit in _DURATION_PART.findall(text)
    )
    return milliseconds / 1000


def _window(text: str) -> float:
    seconds = parse_duration(text)
    if seconds <= 0:
        raise ValueError(text)
    return seconds


def _whole(low: int, high: int) -> Callable[[str], int]:
    def cast(text: str) -> int:
        if not re.fullmatch(r"\d{1,18}", text) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return cast


def _number(low: float, high: float) -> Callable[[str], float]:
    def cast(text: str) -> float:
        value = float(text)
        if not low <= value <= high:  # refuses nan too
            raise ValueError(text)
        return value

    return cast


def _host(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z.:_-]+", text):
        raise ValueError(text)
    return text


def _token(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError(text)
    return text


def _database_url(text: str) -> str:
    try:
        url = make_url(text)
    except ArgumentError as exc:
        raise ValueError(text) from exc
    backend, _, driver = url.drivername.partition("+")
    if backend == "sqlite" and driver in ("", "pysqlite") and url.database not in (None, "", ":memory:"):
        return text
    if backend in ("postgresql", "postgres") and driver in ("", "psycopg"):
        return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    raise ValueError(text)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    cast: Callable[[str], Any]
    expected: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()

    @property
    def option(self) -> str:
        return "--" + self.name.replace("_", "-")


_DURATION_TEXT = "a duration such as 5m, 5s or 5000ms"
_FIELDS = (
    _Field("host", _host, "a host name or address"),
    _Field("port", _whole(0, 65535), "a port from 0 to 65535 (0: any free port)"),
    _Field(
        "database_url",
        _database_url,
        "sqlite:///FILE or postgresql://USER@HOST/NAME (an in-memory database cannot be shared by threads)",
    ),
    _Field("active_users_window", _window, _DURATION_TEXT + ", above 0"),
    _Field("series_limit", _whole(0, 1_000_000), "a whole number from 0 to 1000000"),
    _Field("fault_port", _whole(0, 65535), "a port from 0 to 65535 (0: any free port)"),
    _Field("fault_host", _host, "a host name or address"),
    _Field("fault_token", _token, "a token of printable ASCII characters without blanks", secret=True),
    _Field("provider_latency", parse_duration, _DURATION_TEXT),
    _Field("provider_failure_rate", _number(0, 1), "a number from 0 to 1"),
    _Field("provider_cost", _number(0, 1e6), "a number of USD from 0 to 1000000"),
    _Field("provider_attempts", _whole(1, 100), "a whole number from 1 to 100"),
)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SettingsError(f"{message}\n{self.format_usage().strip()}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m promptpilot",
        description="The monitored API. Each option has a variable: --port is PROMPTPILOT_PORT.",
        allow_abbrev=False,
    )
    for field in _FIELDS:
        if not field.secret:  # a secret on the command line is visible to every user of the machine
            parser.add_argument(field.option, metavar="VALUE", help=field.expected.replace("%", "%%"))
    return parser


def _shown(field: _Field, text: str) -> str:
    if field.secret:
        return "(not shown)"
    # A URL that cannot be parsed may still hold a password.
    return repr(re.sub(r"://([^/@:]*):[^@]*@", r"://\1:***@", text))


def load(arguments: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """Settings from the command line and the environment; an empty variable counts as absent.

    Raises SettingsError; argparse raises SystemExit(0) for --help.
    """
    options = vars(_parser().parse_args(arguments))
    values: dict[str, Any] = {}
    for field in _FIELDS:
        name, text = field.option, options.get(field.name)
        if text is None:
            name, text = field.variable, environ.get(field.variable) or None
        if text is None:
            continue
        try:
            values[field.name] = field.cast(text)
        except ValueError:
            raise SettingsError(f"{name} is {_shown(field, text)}; expected {field.expected}") from None
    settings = Settings(**values)
    _check_together(settings)
    return settings


def _check_together(settings: Settings) -> None:
    if settings.fault_port is None:
        return
    if settings.fault_token is None:
        raise SettingsError(
            f"{PREFIX}FAULT_TOKEN is missing; expected a token in the environment, since a fault port "
            f"({settings.fault_port}) is given"
        )
    if settings.fault_port == settings.port != 0:
        raise SettingsError(f"--fault-port is {settings.fault_port}; expected a port other than --port")


assert {field.name for field in _FIELDS} == {field.name for field in fields(Settings)}
