"""`python -m promproof`, and the program `promproof`: signals are answered before anything heavy is imported."""

from __future__ import annotations

import gc
import sys

from promproof.interrupts import hold


def main() -> int:
    """The exit status of the process's command line."""
    hold()
    from promproof.cli.program import main as run  # takes long enough to be interrupted

    status = run()
    gc.freeze()  # the process is over: looking through a whole run for garbage takes half a second
    return status


if __name__ == "__main__":
    sys.exit(main())
