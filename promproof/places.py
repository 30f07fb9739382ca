"""Where files are: the user's, looked for in the folder that a command is typed in, and the package's own."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
"""The installed package: what is read from here is package data."""


def _working_folder() -> Path:
    try:
        return Path(os.getcwd())
    except FileNotFoundError:  # it was removed; what is looked for in it is not found, with a message
        return Path()


REPOSITORY = _working_folder()
"""The user's: what a command takes when it is not told otherwise is here, and reports go here."""
DEFAULT_MONITORING = REPOSITORY / "monitoring"
DEFAULT_DRAFT = REPOSITORY / "promproof"
"""Where `promproof init` writes."""


def _contract() -> Path:
    """The contract of the monitoring folder; that of a draft where it has none."""
    usual, drafted = DEFAULT_MONITORING / "contract.yaml", DEFAULT_DRAFT / "contract.yaml"
    return drafted if drafted.is_file() and not usual.is_file() else usual


DEFAULT_CONTRACT = _contract()
DEFAULT_REPORTS = REPOSITORY / "reports"
SCENARIOS = REPOSITORY / "scenarios"


def _drills() -> Path:
    """The drills of the scenarios; those of a draft where there are none."""
    usual, drafted = SCENARIOS / "drills", DEFAULT_DRAFT / "drills"
    return drafted if drafted.is_dir() and not usual.is_dir() else usual


DRILLS = _drills()
SHIPPED_SCENARIOS = PACKAGE / "scenarios"
"""For any service; a scenario of the user with the same name comes first."""
LOCUST = "promproof.load.locust"
"""The module that is run instead of Locust's own."""
LOCUSTFILE = PACKAGE / "load" / "locustfile.py"


MADE = "alone"
"""The folder in which the monitoring folders are that runs make for services without any."""


def cache_dir() -> Path:
    """Where binaries and journals live: `promproof` in `$XDG_CACHE_HOME` or `~/.cache`.

    A cache under the older name is used as long as there is no other: its programs need not be fetched again.
    """
    home = os.environ.get("XDG_CACHE_HOME")
    caches = Path(home) if home else Path.home() / ".cache"
    mine, older = caches / "promproof", caches / "monitoring-verification"
    # a path that can't be looked at is none here: who writes there says what is wrong with it
    return older if os.path.isdir(older) and not os.path.isdir(mine) else mine


def proofs_folder() -> Path:
    """Where the proofs of alerts are kept, for the next run."""
    return cache_dir() / "proofs"
