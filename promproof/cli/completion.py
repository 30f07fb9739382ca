"""`promproof completion`: click's own script for a shell, with which the shell asks the program what may come next."""

from __future__ import annotations

import sys
from typing import Any

from click.shell_completion import get_completion_class

from promproof.cli.program import COMPLETING, NAME, program


def run(given: dict[str, Any]) -> int:
    """Print the script."""
    completion = get_completion_class(given["shell"])
    assert completion is not None, given
    sys.stdout.write(completion(program(), {}, NAME, COMPLETING).source() + "\n")
    return 0
