"""A Python module as a child process in which nothing of the working folder stands in for a module of the same name.

`python -m` looks into the working folder first: a user's own `yaml.py` or `locust.py` would be imported instead of the
library. Here that folder is left out (-P), and this package is found wherever it is, installed or in a checkout.
"""

import os
import sys
from pathlib import Path


def command(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module."""
    return [sys.executable, "-P", __file__, module, *arguments]


def leave_out_working_folder() -> None:
    """For the files that Locust loads: it has just put the working folder first. Only where -P was given."""
    home = str(Path(__file__).resolve().parents[1])
    if sys.flags.safe_path:
        sys.path[:] = [place for place in sys.path if place == home or place not in ("", os.getcwd())]


def main() -> None:
    """Run the module that the command line names."""
    import runpy

    home = str(Path(__file__).resolve().parents[1])
    if home not in sys.path:
        sys.path.append(home)  # the last: whatever else is there shadows nothing of the standard library
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
