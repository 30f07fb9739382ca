"""`nox -s ui`: Locust's web UI with the verification page, against a stack that is running.

    nox -s ui -- [--target URL] [--prometheus URL] [--fault-url URL --fault-token TEXT] [any option of Locust]

The defaults are the documented ports: API 8000, Prometheus 9090, the web UI on 127.0.0.1:8089. Exit status: as of the
last run; 4 for bad options or a port that is taken.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from itertools import pairwise
from pathlib import Path

from promproof import interrupts
from promproof.config.urls import base_url
from promproof.crash import guard
from promproof.errors import InputError
from promproof.faults.abandoned import abandoned
from promproof.places import DEFAULT_REPORTS, LOCUSTFILE, REPOSITORY
from promproof.run.housekeeping import check_places
from promproof.stack.journal import clear_leftovers

PAGE = REPOSITORY / "promproof" / "live" / "page.py"
DEFAULTS = {
    "--host": "http://127.0.0.1:8000",
    "--prometheus": "http://127.0.0.1:9090",
    "--scenario": "steady",
    "--web-host": "127.0.0.1",
    "--web-port": "8089",
    "--master-bind-host": "127.0.0.1",
}
URLS = ("--host", "--prometheus", "--fault-url")
ALIASES = {"--target": "--host", "-H": "--host", "-P": "--web-port"}


def command(arguments: list[str]) -> list[str]:
    """The command line of Locust for these options."""
    given = [_long(one) for one in arguments]
    named = {one.split("=", 1)[0] for one in given}
    added = [text for name, value in DEFAULTS.items() if name not in named for text in (name, value)]
    if "--reports" not in named:
        added += ["--reports", str(DEFAULT_REPORTS / time.strftime("ui-%Y%m%dT%H%M%SZ", time.gmtime()))]
    if "--ledger" not in named:
        parts = [part for text in (*given, *added) for part in text.split("=", 1)]
        added += ["--ledger", str(Path(parts[parts.index("--reports") + 1]) / "ledgers")]
    return ["locust", "-f", f"{LOCUSTFILE},{PAGE}", "-L", "WARNING", *added, *given]


def check_port(arguments: list[str]) -> None:
    """Raises InputError when the web UI's port is taken: Locust would say it with a traceback."""
    values = dict(pairwise(arguments))
    host, port = values["--web-host"], values["--web-port"]
    if not port.isdigit():
        raise InputError(f"found {port!r}", "--web-port", "the number of a port", "correct it")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("" if host == "*" else host, int(port)))
        except (OSError, OverflowError) as error:
            raise InputError(
                f"port {port} on {host} cannot be used: {error}", "--web-port", "a free port", "name another"
            ) from error


def check_urls(arguments: list[str]) -> None:
    """Raises InputError for a URL that cannot be used, before Locust starts."""
    for name, value in pairwise(arguments):
        if name in URLS and value:
            base_url(value, "--target" if name == "--host" else name)


def _long(text: str) -> str:
    name, mark, value = text.partition("=")
    return ALIASES.get(name, name) + mark + value


def main(arguments: list[str]) -> int:
    """Become Locust; returns only for a mistake."""
    wanted = [
        part for one in command(arguments) for part in (one.split("=", 1) if one.startswith("--") else [one])
    ]
    values = dict(pairwise(wanted))
    try:
        check_urls(wanted)
        check_port(wanted)
        check_places(Path(values["--reports"]))
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    for line in (*map(str, clear_leftovers()), *abandoned()):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"http://{values['--web-host']}:{values['--web-port']}/?tab=verification\n")
    sys.stdout.flush()
    os.chdir(REPOSITORY)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, interrupts.SIGNALS)  # until the new program can answer
    try:
        return os.execv(sys.executable, [sys.executable, "-m", "promproof.interrupts", *wanted])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


if __name__ == "__main__":
    sys.exit(guard("nox -s ui", lambda: main(sys.argv[1:])))
