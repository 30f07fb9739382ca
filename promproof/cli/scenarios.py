"""`promproof scenarios`: which there are, what one says, whether files are right, and the schema for editors."""

from __future__ import annotations

import json
import sys
from typing import Any

from promproof import plugins
from promproof.config.inputs import read_text
from promproof.errors import InputError
from promproof.load.scenario import json_schema, known, load, resolve
from promproof.report.lines import beside, width_of


def names() -> list[str]:
    """What a shell may offer."""
    return sorted(known())


def check(given: dict[str, Any]) -> int:
    """Read each file; 4 when one has a mistake."""
    plugins.use(given["plugins"])
    return max(_check(name) for name in given["files"])


def _check(name: str) -> int:
    try:
        path = resolve(name)
        scenario = load(path)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    mix, once = len(scenario.mix), len(scenario.once)
    sys.stdout.write(f"{path}: {scenario.name}, {mix} sessions in the mix, {once} once\n")
    return 0


def listing(given: dict[str, Any]) -> int:
    """Each scenario that has a name, a line each; 4 when one of them has a mistake."""
    plugins.use(given["plugins"])
    status = 0
    for name, path in sorted(known().items()):
        try:
            told = str(load(path).description or path)
            sys.stdout.write(f"{beside(f'{name:<14} ', told, width_of(sys.stdout))}\n")
        except InputError as error:
            sys.stderr.write(f"{error}\n")
            status = error.exit_status
    return status


def show(given: dict[str, Any]) -> int:
    """The file of a scenario as it stands."""
    sys.stdout.write(read_text(resolve(given["scenario"]), "a scenario"))
    return 0


def schema(given: dict[str, Any]) -> int:
    """The JSON Schema."""
    plugins.use(given["plugins"])
    sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
    return 0
