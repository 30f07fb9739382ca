"""`promproof stack [up|status|logs|down]`: the documented compose file under its own name, kept up to be looked at.

Local images stand in for those that were built, others are pulled where a registry answers; a service whose image
can't be had is left out by name, never silently.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from promproof.errors import EvidenceError, InputError
from promproof.interrupts import terminate_as_interrupt
from promproof.places import REPOSITORY
from promproof.run.housekeeping import opened
from promproof.stack import compose, engine, supply
from promproof.stack.images import local_images, without_a_registry

NAME = "promptpilot-monitoring"
FILE = REPOSITORY / "monitoring" / "docker-compose.yml"
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
    images = supply.supply(client, FILE, supply.resolve(FILE)["services"], pull_seconds, _say)
    for service, why in images.missing.items():
        _say(f"{service} is left out: {why}")
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
            _say(f"{row.service:<14} http://{address}:{port}  {row.health}")


def down(client: Any, volumes: bool) -> None:
    """Remove everything of the project, the data only when told to.

    Raises:
        EvidenceError: something is still there.
    """
    for what in compose.remove(client, NAME, volumes=volumes):
        _say(f"removed {what}")
    left = [what for what in compose.contents(client, NAME) if not what.startswith("volume")]
    if left:
        raise EvidenceError("stack", f"still there: {', '.join(left)}")


def act(given: dict[str, Any], folder: Path) -> None:
    """Do what was asked for and print the outcome."""
    client = compose.engine(where="promproof stack", todo="start one")
    try:
        kept = project(folder)
        match given["action"]:
            case "up":
                up(client, kept, supply.LONG_SECONDS if given["pull"] else supply.SHORT_SECONDS)
            case "status":
                _say(kept.run("ps", "--all", "--format", _STATUS))
            case "logs":
                _say(kept.run("logs", "--tail", "100", *given["services"]))
            case _:
                down(client, given["volumes"])
    finally:
        client.close()


def run(given: dict[str, Any]) -> int:
    """The exit status.

    Raises:
        InputError: the working folder has no compose file.
    """
    if given["action"] != "down" and not FILE.is_file():
        raise InputError(
            what="no compose file is there",
            where=str(FILE),
            expected="the documented deployment, monitoring/docker-compose.yml in the working folder",
            todo="run it where that file is; one that is called otherwise: docker compose -f FILE up",
        )
    try:
        with terminate_as_interrupt(), opened(_say), tempfile.TemporaryDirectory(prefix="stack-") as folder:
            act(given, Path(folder))
    except KeyboardInterrupt as signalled:
        raise KeyboardInterrupt(f"{signalled}; what is up stays: promproof stack down") from None
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text.rstrip()}\n")
    sys.stdout.flush()
