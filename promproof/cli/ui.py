"""`promproof ui`: Locust's web UI with the verification page, against a stack that is running.

The defaults are those of the stack that `promproof stack` keeps up as processes, and else the documented ports: API
8000, Prometheus 9090, Alertmanager 9093, Grafana 3001; the web UI on 127.0.0.1:8089. Exit status: as of the last run; 4
for bad options or a port that is taken.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

from promproof import interrupts, isolated, plugins
from promproof.config.urls import base_url
from promproof.contract import model as contracts
from promproof.errors import InputError, meant
from promproof.faults.abandoned import abandoned
from promproof.http import handed_on
from promproof.load.locust import left_out
from promproof.load.scenario import known, load, resolve
from promproof.load.shown import shown_in_environment
from promproof.optiontable import options
from promproof.places import DEFAULT_REPORTS, LOCUST, LOCUSTFILE, PACKAGE
from promproof.report.lines import tell
from promproof.run import routed
from promproof.run.access import PLACES, let_in_to, refuse_closed
from promproof.run.housekeeping import check_places
from promproof.run.options import StackOptions
from promproof.stack.journal import clear_leftovers
from promproof.stack.kept import Kept, kept
from promproof.stack.protocol import ALERTMANAGER, PROMETHEUS

PAGE = PACKAGE / "live" / "page.py"
URLS = ("--host", "--prometheus", "--alertmanager", "--grafana", "--fault-url")
LOCUSTS = {"--target": "--host"}
"""What Locust calls an option of ours."""
ALIASES = {"-H": "--host", "-P": "--web-port"}


def command(given: Mapping[str, Any]) -> list[str]:
    """The command line of Locust for these values; what it says of its own options comes last, and wins."""
    stamp = time.strftime("ui-%Y%m%dT%H%M%SZ", time.gmtime())
    reports = DEFAULT_REPORTS / stamp if given["reports"] is None else given["reports"]
    words = [LOCUST, "-f", f"{LOCUSTFILE},{PAGE}", "-L", "WARNING"]
    for option in options("ui"):
        if option.name in ("plugins", "header", "ca-file"):
            continue  # Locust's process finds them in its environment
        value = given[option.key]
        if option.name == "reports":
            value = reports
        elif option.name == "scenario" and value is None:
            value = "steady" if "steady" in known() else "root"
        if value is not None:
            name = f"--{option.name}"
            words += [LOCUSTS.get(name, name), str(value)]
    words += ["--ledger", str(reports / "ledgers")]
    for word in given["rest"]:
        name, mark, value = word.partition("=")
        words += [ALIASES.get(name, name), *([value] if mark else [])] if name.startswith("-") else [word]
    return words


def access(given: Mapping[str, Any]) -> dict[str, str]:
    """The variables that tell Locust's process what to show to the target and to the parts of the stack.

    Raises:
        InputError: a header that nobody can be shown, or a server that lets nobody in with it.
    """
    urls = {place: given[place] for place in PLACES}
    let_in_to(urls, given["header"], given["ca_file"])
    refuse_closed(
        {place: urls[place] for place in ("target", "prometheus")}
    )  # the others are for links alone
    return {**shown_in_environment(given["target"]), **handed_on()}


def check_receiver(given: Mapping[str, Any]) -> None:
    """Raises InputError for an address at which no drill can listen, before Locust starts."""
    routed.check(
        StackOptions(
            prometheus=given["prometheus"] or None,
            alertmanager=given["alertmanager"] or None,
            receiver=given["receiver"],
        )
    )


def check_port(arguments: list[str]) -> None:
    """Raises InputError when the web UI's port is taken: Locust would say it with a traceback."""
    values = dict(pairwise(arguments))
    host, port = values["--web-host"], values["--web-port"]
    if not port.isdigit():
        raise InputError(
            what=f"found {port!r}", where="--web-port", expected="the number of a port", todo="correct it"
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("" if host == "*" else host, int(port)))
        except (OSError, OverflowError) as error:
            raise InputError(
                what=f"port {port} on {host} cannot be used: {error}",
                where="--web-port",
                expected="a free port",
                todo="name another",
            ) from error


def check_urls(arguments: list[str]) -> None:
    """Raises InputError for a URL that cannot be used, before Locust starts."""
    for name, value in pairwise(arguments):
        if name in URLS and value:
            base_url(value, "--target" if name == "--host" else name)


def refuse_unknown(words: Sequence[str]) -> None:
    """Raises InputError for an option that neither Locust nor its files have, with what is meant perhaps."""
    theirs = locust_options()
    for word in words:
        name = word.partition("=")[0]
        if theirs and name.startswith("--") and name != "--" and name not in theirs:
            ours = {f"--{option.name}" for option in options("ui")}
            raise InputError(
                what=f"there is no option {name}{meant(name, ours | theirs)}",
                where="promproof ui",
                todo="promproof ui --help lists ours, python -m locust --help Locust's",
            )


def locust_options() -> set[str]:
    """The names of its options, read from its source: an import takes a second, and replaces this process's sockets."""
    found = find_spec("locust")
    if found is None or found.origin is None:
        return set()
    sources = (Path(found.origin).parent / "argument_parser.py", LOCUSTFILE, *LOCUSTFILE.parent.glob("*.py"))
    return {
        name
        for source in sources
        if source.is_file()
        for name in re.findall(r'"(--[a-z][a-z0-9-]+)"', source.read_text(encoding="utf-8"))
    }


def with_kept(given: dict[str, Any], stack: Kept | None) -> dict[str, Any]:
    """The values, with the places of the stack that is kept up for this contract where no place is given."""
    places = {
        "target": "target",
        "prometheus": PROMETHEUS,
        "alertmanager": ALERTMANAGER,
    }
    usual = {option.key: option.default_of("ui") for option in options("ui")}
    asked = (*places, "instance", "fault_url", "running_scale")
    if stack is None or not stack.is_of(Path(given["contract"])):
        return given
    if any(given[key] != usual[key] for key in asked):
        return given
    found = {key: stack.urls[name] for key, name in places.items() if name in stack.urls}
    return {
        **given,
        **found,
        "instance": stack.instance,
        "fault_url": stack.fault_url or None,
        "running_scale": f"{stack.scale:g}",
    }


def run(given: dict[str, Any]) -> int:
    """Become Locust; the exit status is that of its last run."""
    stack = kept()
    if (found := with_kept(given, stack)) is not given and stack is not None:
        sys.stdout.write(f"with the stack that process {stack.pid} keeps up: target {found['target']}\n")
        given = found
        if stack.token:  # not on a command line, which everybody can read
            os.environ["FAULT_TOKEN"] = stack.token
    refuse_unknown(given["rest"])
    plugins.use(given["plugins"])
    wanted = command(given)
    values = dict(pairwise(wanted))
    check_urls(wanted)
    check_port(wanted)
    check_receiver(given)
    check_places(Path(values["--reports"]))
    os.environ.update(access(given))
    load(resolve(values["--scenario"]))
    contracts.load(Path(values["--contract"]))
    for line in (*map(str, clear_leftovers()), *abandoned()):
        tell(line)
    if others := left_out():
        told = "options of Locust stand on this command line, or in the file that --config names"
        tell(f"{', '.join(others)}: left out; {told}")
    sys.stdout.write(f"http://{values['--web-host']}:{values['--web-port']}/?tab=verification\n")
    sys.stdout.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, interrupts.SIGNALS)  # until the new program can answer
    try:
        return os.execv(sys.executable, isolated.command("promproof.interrupts", *wanted))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
