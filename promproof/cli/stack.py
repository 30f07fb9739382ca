"""`nox -s stack [-- up|status|logs|down]`: the documented compose file under its own name, kept up to be looked at.

Local images stand in for those that were built, others are pulled where a registry answers; a service whose image
can't be had is left out by name, never silently.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from promproof.crash import guard
from promproof.errors import EvidenceError, InputError
from promproof.interrupts import terminate_as_interrupt
from promproof.places import REPOSITORY
from promproof.run.housekeeping import opened
from promproof.stack import compose, engine, supply
from promproof.stack.images import local_images

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
        raise InputError("no service has an image", str(FILE), "images", "without a registry: nox -s images")
    kept.services = list(images.images)
    kept.wait = True
    kept.start()
    for row in engine.services(client, NAME):
        for address, port, _ in row["published"]:
            _say(f"{row['service']:<14} http://{address}:{port}  {row['health']}")


def down(client: Any, volumes: bool) -> None:
    """Remove everything of the project, the data only when told to.

    Raises:
        EvidenceError: something is still there.
    """
    for what in compose.remove(client, NAME, volumes=volumes):
        _say(f"removed {what}")
    left = [one for one in compose.contents(client, NAME) if not one.startswith("volume")]
    if left:
        raise EvidenceError("stack", f"still there: {', '.join(left)}")


def act(arguments: argparse.Namespace, folder: Path) -> None:
    """Do what was asked for and print the outcome."""
    client = compose.engine()
    try:
        kept = project(folder)
        if arguments.action == "up":
            up(client, kept, supply.LONG_SECONDS if arguments.pull else supply.SHORT_SECONDS)
        elif arguments.action == "status":
            _say(kept.run("ps", "--all", "--format", _STATUS))
        elif arguments.action == "logs":
            _say(kept.run("logs", "--tail", "100", *arguments.services))
        else:
            down(client, arguments.volumes)
    finally:
        client.close()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="nox -s stack --", description="keep a stack up to look at")
    made.add_argument("action", choices=("up", "status", "logs", "down"), nargs="?", default="up")
    made.add_argument("services", nargs="*", help="logs: of these services only")
    made.add_argument("--pull", action="store_true", help="up: give a registry five minutes, not 20 s")
    made.add_argument("--volumes", action="store_true", help="down: remove the data too")
    return made


def main(argv: list[str]) -> int:
    """Returns the exit status: 0, 2 for trouble of the engine or a container, 4 for a user's mistake."""
    try:
        arguments = parser().parse_args(argv)
    except SystemExit as error:
        return 4 if error.code else 0
    try:
        with terminate_as_interrupt(), opened(_say), tempfile.TemporaryDirectory(prefix="stack-") as folder:
            act(arguments, Path(folder))
    except KeyboardInterrupt as signalled:
        print(f"interrupted by {signalled}; what is up stays: nox -s stack -- down", file=sys.stderr)  # noqa: T201
        return EvidenceError.exit_status
    except (InputError, EvidenceError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_status
    return 0


def _say(text: str) -> None:
    print(text.rstrip(), flush=True)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(guard("nox -s stack", lambda: main(sys.argv[1:])))
