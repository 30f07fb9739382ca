"""What a user can say about a run, with the defaults of this repository."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from promproof.contract.deployment import Deployment
from promproof.contract.model import Contract
from promproof.crash import tell
from promproof.errors import InputError
from promproof.optiontable import PROGRAMS
from promproof.places import DEFAULT_CONTRACT, DEFAULT_MONITORING, DEFAULT_REPORTS
from promproof.stack.choice import AUTO, Wish
from promproof.stack.protocol import Endpoints

DEFAULT_TIME_SCALE = 60.0
"""The most that is taken without a wish, but on a machine with time to spare."""
LARGEST_TIME_SCALE = 150.0
"""The most that a main job takes without a wish."""
LARGEST_DRILL_SCALE = 90.0
"""The most that a run of drills takes without a wish: several of them send side by side, and each is judged by when."""


@dataclass(frozen=True)
class TargetOptions:
    """The target. `app` is a command template, `url` that of a service that runs already; at most one is given."""

    app: str | None = None
    url: str | None = None
    database: str | None = None
    """The database of a target that runs already, as a URL."""
    instance: str | None = None
    """The target's instance label in a Prometheus that runs already, when it is not the URL's host:port."""
    metrics: str | None = None
    """The URL of its metrics, when they are at another port or below another path than its requests."""
    fault_url: str | None = None
    fault_token: str | None = None
    instances: tuple[str, ...] = ()
    """The URLs of several instances that run already: `url` is one of them, or what stands in front of them."""


@dataclass(frozen=True)
class StackOptions:
    """Who brings the stack up, and where what runs already is found."""

    backend: str = AUTO
    prometheus: str | None = None
    alertmanager: str | None = None
    grafana: str | None = None
    """URL of a Grafana that runs already, with the folder's provisioning."""
    receiver: str | None = None
    """Where this run listens for what that Alertmanager is told to send to it: HOST:PORT."""
    header: tuple[str, ...] = ()
    """What is shown to servers that run already: `PLACE=NAME: VALUE`."""
    ca_file: Path | None = None
    """Certificates to trust of those at https://."""
    documented_ports: bool = False
    """Containers: the ports that the documentation names, not free ones."""
    usual_ports: bool = False
    """Processes: the ports at which people look for each program, where they are free."""
    target_on_bridge: bool = False
    """Containers with a target on this machine: let them reach it by the gateway of the run's own bridge."""
    keep_on_failure: bool = False
    """Containers: leave a failed run's project up, to look inside."""
    binaries: Mapping[str, Path] = field(default_factory=dict)
    """Explicit paths by program name: prometheus, promtool, alertmanager, amtool, node_exporter."""
    prometheus_version: int | None = None
    """The major version of Prometheus that its programs must be of; None: whichever is found."""


@dataclass(frozen=True)
class Options:
    """One run."""

    contract: Path = DEFAULT_CONTRACT
    monitoring: Path = DEFAULT_MONITORING
    reports: Path = DEFAULT_REPORTS
    time_scale: float | None = None
    """None: the default, or 1 for a stack that runs already, whose durations nobody can shorten."""
    drill: bool = True
    target: TargetOptions = field(default_factory=TargetOptions)
    stack: StackOptions = field(default_factory=StackOptions)

    @classmethod
    def of(cls, **given: Any) -> Options:
        """From flat keywords, as a command line has them: `target` is the target's URL, `stack` a backend's name.

        Raises:
            TypeError: an unknown keyword.
        """
        target = TargetOptions(**_taken(given, TargetOptions, url="target"))
        stack = StackOptions(**_taken(given, StackOptions, backend="stack"))
        return cls(**given, target=target, stack=stack)


def _taken(given: dict[str, Any], part: type[TargetOptions | StackOptions], **keys: str) -> dict[str, Any]:
    """Take the values of a part's fields out of what is given. keys: of fields that are called otherwise there."""
    known = {field.name: keys.get(field.name, field.name) for field in fields(part)}
    return {name: given.pop(key) for name, key in known.items() if key in given}


def from_values(given: Mapping[str, Any]) -> Options:
    """The options among the values of a command line, by their keys in the table of options.

    Raises:
        InputError: a --binary that names no file, or a version that is no number.
    """
    named = {field.name for kind in (Options, TargetOptions, StackOptions) for field in fields(kind)}
    values = {key: value for key, value in given.items() if key in named - {"url", "backend", "drill"}}
    if values.get("fault_url") and not values.get("fault_token"):
        values["fault_token"] = os.environ.get("FAULT_TOKEN")
    values["prometheus_version"] = version_asked(given)
    drill = not given.get("no_drill", False)
    return Options.of(**values, drill=drill, binaries=binaries(given.get("binary", ())))


def told(line: str) -> None:
    """What is fetched, beside what a command prints."""
    tell(line)


def version_asked(given: Mapping[str, Any]) -> int | None:
    """The major version of Prometheus that a command line asks for.

    Raises:
        InputError: it is no number.
    """
    text = given.get("prometheus_version")
    if text is None:
        return None
    if not str(text).isdecimal():
        raise InputError(
            what=f"{text!r} is no major version",
            where="--prometheus-version",
            expected="2 or 3, say",
            todo="name programs of an exact version with --binary NAME=PATH",
        )
    return int(text)


def binaries(choices: Iterable[str]) -> dict[str, Path]:
    binaries = {}
    for choice in choices:
        name, separator, path = choice.partition("=")
        if not separator:
            raise InputError(
                what=f"{choice!r} names no file",
                where="--binary",
                expected="NAME=PATH",
                todo=f"NAME is one of {', '.join(PROGRAMS)}",
            )
        binaries[name] = Path(path)
    return binaries


def with_instances(options: Options, contract: Contract) -> Options:
    """The options with the URLs of the instances that the contract names, where several run already.

    Raises:
        InputError: it names some that run, and the command line starts one.
    """
    target, wanted = options.target, contract.target.instances
    if isinstance(wanted, int) or target.instances:
        return options
    if target.app is not None:
        raise InputError(
            what="target.instances names instances that run already, and --app starts one",
            where=str(options.contract),
            expected="one of them; a number of instances with --app",
            todo="leave --app out, or say how many are to be started",
        )
    urls = tuple(url.rstrip("/") for url in wanted)
    if target.url is not None and target.url.rstrip("/") in urls:
        return options  # that one alone is asked for
    first = urls[0] if target.url is None else target.url
    return replace(options, target=replace(target, url=first, instances=urls))


def wish_of(options: Options, deployment: Deployment | None = None) -> Wish:
    """What the options say about the stack."""
    running = None
    if options.stack.prometheus is not None:
        running = Endpoints(options.stack.prometheus.rstrip("/"), options.stack.alertmanager)
    return Wish(
        name=options.stack.backend,
        running=running,
        target_runs=options.target.url is not None,
        local_target=options.target.app is not None or options.target.url is not None,
        on_bridge=options.stack.target_on_bridge,
        documented_ports=options.stack.documented_ports,
        usual_ports=options.stack.usual_ports,
        compose=options.monitoring / (deployment.compose if deployment is not None else "docker-compose.yml"),
        deployment=deployment,
    )
