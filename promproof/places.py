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
DEFAULT_CONTRACT = DEFAULT_MONITORING / "contract.yaml"
DEFAULT_REPORTS = REPOSITORY / "reports"
SCENARIOS = REPOSITORY / "scenarios"
DRILLS = SCENARIOS / "drills"
SHIPPED_SCENARIOS = PACKAGE / "scenarios"
"""For any service; a scenario of the user with the same name comes first."""
LOCUST = "promproof.load.locust"
"""The module that is run instead of Locust's own."""
LOCUSTFILE = PACKAGE / "load" / "locustfile.py"
