"""`nox -s stack -- up|status|logs|down`: the documented compose file under its own name, kept up to be looked at.

Local images stand in for those that were built; a service whose image is neither local nor asked for is left out
by name, never silently.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from verification.errors import EvidenceError, InputError
from verification.stack import compose
from verification.stack.images import REPOSITORY, exists, local_images

NAME = "promptpilot-monitoring"
FILE = REPOSITORY / "monitoring" / "docker-compose.yml"
_OPTIONAL = {"grafana": "GRAFANA_IMAGE", "cadvisor": "CADVISOR_IMAGE"}


def profiles(pull: bool) -> tuple[list[str], list[str]]:
    """The profiles to bring up, and the ones left out for want of an image."""
    there = [name for name, variable in _OPTIONAL.items() if pull or exists(os.environ.get(variable, ""))]
    return ["api", *there], [name for name in _OPTIONAL if name not in there]


def project(folder: Path, pull: bool) -> tuple[compose.Project, list[str]]:
    """The kept project and the services that it does without."""
    env_file = folder / "variables.env"
    env_file.write_text(
        "".join(f"{key}={value}\n" for key, value in local_images().items()), encoding="utf-8"
    )
    wanted, without = profiles(pull)
    return compose.Project(NAME, [FILE], env_file, wanted), without


def act(arguments: argparse.Namespace, folder: Path) -> None:
    """Do what was asked for and print the outcome."""
    client = compose.engine()
    kept, without = project(folder, arguments.pull)
    if arguments.action == "up":
        kept.wait = True
        kept.start()
        _say(kept.run("ps", "--format", "table {{.Service}}\t{{.Status}}\t{{.Ports}}"))
        for name in without:
            _say(f"{name} is left out: no image. Set {_OPTIONAL[name]}, or use --pull")
    elif arguments.action == "status":
        _say(kept.run("ps", "--all", "--format", "table {{.Service}}\t{{.Status}}\t{{.Ports}}"))
    elif arguments.action == "logs":
        _say(kept.run("logs", "--tail", "100", *arguments.services))
    else:
        for what in compose.remove(client, NAME, volumes=arguments.volumes):
            _say(f"removed {what}")
        left = [one for one in compose.contents(client, NAME) if not one.startswith("volume")]
        if left:
            raise EvidenceError("stack", f"still there: {', '.join(left)}")
    client.close()


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="nox -s stack --", description="keep a stack up to look at")
    made.add_argument("action", choices=("up", "status", "logs", "down"))
    made.add_argument("services", nargs="*", help="logs: of these services only")
    made.add_argument("--pull", action="store_true", help="up: pull the images of Grafana and cAdvisor")
    made.add_argument("--volumes", action="store_true", help="down: remove the data too")
    return made


def main(argv: list[str]) -> int:
    """Returns the exit status: 0, 2 for trouble of the engine or a container, 4 for a user's mistake."""
    try:
        arguments = parser().parse_args(argv)
    except SystemExit as error:
        return 4 if error.code else 0
    with tempfile.TemporaryDirectory(prefix="stack-") as folder:
        try:
            act(arguments, Path(folder))
        except (InputError, EvidenceError) as error:
            print(error, file=sys.stderr)  # noqa: T201
            return error.exit_status
    return 0


def _say(text: str) -> None:
    print(text.rstrip(), flush=True)  # noqa: T201


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
