"""`promproof stack [up|status|logs|down]`: the documented stack, kept up to be looked at.

In containers it is the documented compose file under its own name; where no engine answers, processes are it.

Local images stand in for those that were built, others are pulled where a registry answers; a service whose image
can't be had is left out by name, never silently.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from promproof.errors import EvidenceError, InputError
from promproof.interrupts import terminate_as_interrupt
from promproof.optiontable import options
from promproof.places import REPOSITORY
from promproof.report.lines import tell
from promproof.run.housekeeping import opened
from promproof.stack import compose, engine, kept, supply
from promproof.stack.images import local_images, without_a_registry

NAME = "promptpilot-monitoring"
FILE = REPOSITORY / "monitoring" / "docker-compose.yml"
AUTO, PROCESSES, CONTAINERS = BACKENDS = ("auto", "processes", "containers")
_OF_PROCESSES = ("--app", "--contract", "--monitoring", "--time-scale")
_STATUS = "table {{.Service}}\t{{.Status}}\t{{.Ports}}"


def project(folder: Path) -> compose.Project:
    """The kept project, with the local images."""
    env_file = folder / "variables.env"
    lines = [f"{key}={value}\n" for key, value in local_images().items()]
    env_file.write_text("".join(lines), encoding="utf-8")
    return compose.Project(NAME, [FILE], env_file, ["*"])


def up(client: Any, kept: compose.Project, pull_seconds: float) -> None:
    """Bring up every service that has an image, wait until all are healthy, and print the addresses.

    Raises:
        InputError: not a single service has an image.
        EvidenceError: a service can't be started or does not become healthy.
    """
    images = supply.supply(client, FILE, supply.resolve(FILE)["services"], pull_seconds, tell)
    for service, why in images.missing.items():
        tell(f"{service} is left out: {why}")
    if not images.images:
        raise InputError(
            what="no service has an image",
            where=str(FILE),
            expected="an image for one at least",
            todo=f"without a registry: {without_a_registry()}",
        )
    kept.services = list(images.images)
    kept.wait = True
    kept.start()
    for row in engine.services(client, NAME):
        for address, port, _ in row.published:
            tell(f"{row.service:<14} http://{address}:{port}  {row.health}")


def down(client: Any, volumes: bool) -> None:
    """Remove everything of the project, the data only when told to.

    Raises:
        EvidenceError: something is still there.
    """
    for what in compose.remove(client, NAME, volumes=volumes):
        tell(f"removed {what}")
    left = [what for what in compose.contents(client, NAME) if not what.startswith("volume")]
    if left:
        raise EvidenceError("stack", f"still there: {', '.join(left)}")


def act(client: Any, given: dict[str, Any], folder: Path) -> None:
    """Do what was asked for and print the outcome."""
    project_of = project(folder)
    match given["action"]:
        case "up":
            up(client, project_of, supply.LONG_SECONDS if given["pull"] else supply.SHORT_SECONDS)
        case "status":
            tell(project_of.run("ps", "--all", "--format", _STATUS).rstrip())
        case "logs":
            tell(project_of.run("logs", "--tail", "100", *given["services"]).rstrip())
        case _:
            down(client, given["volumes"])


def run(given: dict[str, Any]) -> int:
    """The exit status.

    Raises:
        InputError: the working folder has no compose file, no engine answers, or no stack is up.
    """
    wanted = given["stack"]
    if wanted not in BACKENDS:
        raise InputError(what=f"{wanted!r} keeps no stack up", where="--stack", expected=", ".join(BACKENDS))
    processes = kept.kept() if wanted != CONTAINERS else None
    if processes is not None and given["action"] != "up":
        return _of_processes(processes, given)
    if given["action"] == "up" and (own := _own(given)) and wanted == CONTAINERS:
        raise InputError(
            what=f"{own} is for a stack of processes",
            where="promproof stack",
            expected="--stack processes with it",
            todo="leave one of them out",
        )
    if wanted != PROCESSES:
        try:
            client = _engine(given)
        except InputError as error:
            if wanted == CONTAINERS:
                raise
            why = error.what
        else:
            return _in_containers(client, given)
    if given["action"] != "up":
        raise InputError(
            what="no stack of processes is up", where="promproof stack", todo="bring one up: promproof stack"
        )
    if wanted == AUTO:
        tell(f"stack: processes, since {why}")
    from promproof.cli import stackprocesses  # the other ways need nothing of a run

    return stackprocesses.up(given)


def _own(given: dict[str, Any]) -> str:
    """The first option that says something of a stack which is not in the compose file; empty for none."""
    usual = {f"--{option.name}": option.default_of("stack") for option in options("stack")}
    asked = {name: given[name.removeprefix("--").replace("-", "_")] for name in _OF_PROCESSES}
    return next((name for name, value in asked.items() if _told(value) != _told(usual[name])), "")


def _told(value: Any) -> str:
    """A value as somebody types it: a number of the command line is 1.0 where the table has 1."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _engine(given: dict[str, Any]) -> Any:
    """A client of the engine that answers.

    Raises:
        InputError: none does, there is no compose file to bring up, or an option asks for something else.
    """
    if given["action"] == "up" and (own := _own(given)):
        raise InputError(what=f"{own} is for them", where="promproof stack")
    if given["action"] != "down" and not FILE.is_file():
        raise InputError(
            what="no compose file is there",
            where=str(FILE),
            expected="the documented deployment, monitoring/docker-compose.yml in the working folder",
            todo="run it where that file is; one that is called otherwise: docker compose -f FILE up",
        )
    return compose.engine(where="promproof stack", todo="start one, or use --stack processes")


def _of_processes(stack: kept.Kept, given: dict[str, Any]) -> int:
    from promproof.cli import stackprocesses

    match given["action"]:
        case "status":
            return stackprocesses.status(stack)
        case "logs":
            return stackprocesses.logs(stack, given["services"])
        case _:
            return stackprocesses.down(stack)


def _in_containers(client: Any, given: dict[str, Any]) -> int:
    try:
        with terminate_as_interrupt(), opened(tell), tempfile.TemporaryDirectory(prefix="stack-") as folder:
            act(client, given, Path(folder))
    except KeyboardInterrupt as signalled:
        raise KeyboardInterrupt(f"{signalled}; what is up stays: promproof stack down") from None
    finally:
        client.close()
    return 0
