"""Locust as this program starts it: `python -m promproof.load.locust OPTIONS`, and nothing else tells it what to do.

A user's `locust.conf`, `~/.locust.conf`, `[tool.locust]` in pyproject.toml and variables LOCUST_* are meant for other
runs: `headless = true` there would leave the web UI out, `processes = 4` would send four times as much. What an
operator sets of the web UI (LOCUST_WEB_*, LOCUST_TLS_*) holds; so does a file that --config names.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

FILES = ("~/.locust.conf", "locust.conf")
"""of Locust's default_config_files, those that hold nothing else"""
KEPT = ("LOCUST_WEB_", "LOCUST_TLS_")


def foreign(variables: Iterable[str]) -> list[str]:
    """The variables that are meant for other runs of Locust."""
    return sorted(name for name in variables if name.startswith("LOCUST_") and not name.startswith(KEPT))


def left_out() -> list[str]:
    """Files and variables of this user that are not looked at, by name."""
    return [*(name for name in FILES if Path(name).expanduser().is_file()), *foreign(os.environ)]


@contextmanager
def plugins_read_once() -> Iterator[None]:
    """gevent asks for plug-ins before and after each of its patches: each time all distributions would be read."""
    module: Any = metadata
    asked, found = module.entry_points, module.entry_points()
    module.entry_points = lambda **wanted: found.select(**wanted)
    try:
        yield
    finally:
        module.entry_points = asked


def main() -> None:
    """Run Locust with the options of this command line; it ends the process."""
    for name in foreign(os.environ):
        del os.environ[name]  # before the import, which reads some
    with plugins_read_once():
        import locust  # noqa: F401  # it puts gevent's sockets into the standard library, before anything else may have some
    from locust import argument_parser
    from locust.main import main as run

    # the only way to have none: both take the files as the default of their last parameter
    argument_parser.get_empty_argument_parser.__defaults__ = (True, ())
    argument_parser.get_parser.__defaults__ = ((),)
    run()


if __name__ == "__main__":
    main()
