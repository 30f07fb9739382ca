"""`python -m verification.load SCENARIO [OPTIONS]`: a load session without UI; see docs/load.md."""

from __future__ import annotations

import re
import sys
import time

from loadtests.crash import guard
from verification.errors import InputError
from verification.load.options import parse
from verification.load.session import run


def main(arguments: list[str]) -> int:
    """Exit status: 0 all conditions kept, 1 one broken, 2 invalid or unknown, 4 bad input."""
    try:
        options = parse(arguments)
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f".{time.time_ns() // 1000 % 1_000_000:06d}Z"
        folder = options.reports / f"load-{file_name(options.scenario.name)}-{stamp}"
        return run(options, folder, lambda text: print_line(text))
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status


def file_name(text: str) -> str:
    """A free text as a part of a file's name: no folder in it, and short enough for every file system."""
    return re.sub(r"[^\w.-]+", "-", text)[:60]


def print_line(text: str) -> None:
    """One line, at once, so that a pipe shows it when it happens."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(guard("nox -s load", lambda: main(sys.argv[1:])))
