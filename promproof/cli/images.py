"""`nox -s images`: build the images of the container tests."""

from __future__ import annotations

import sys

from promproof.crash import guard
from promproof.errors import EvidenceError, InputError
from promproof.interrupts import terminate_as_interrupt
from promproof.run.housekeeping import opened
from promproof.stack.images import build


def main() -> int:
    """`python -m promproof.cli.images`; returns the exit status."""

    def say(text: str) -> None:
        print(text, flush=True)  # noqa: T201 - this is its output

    try:
        with terminate_as_interrupt(), opened(say):
            build(say)
    except KeyboardInterrupt as signalled:
        print(f"interrupted by {signalled}; what was built is kept", file=sys.stderr)  # noqa: T201
        return EvidenceError.exit_status
    except (InputError, EvidenceError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_status
    return 0


if __name__ == "__main__":
    raise SystemExit(guard("nox -s images", main))
