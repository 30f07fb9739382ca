"""`promproof schema`: the JSON Schema of a contract, a drill or a scenario, for editors."""

from __future__ import annotations

import json
import sys
from typing import Any

from promproof import plugins
from promproof.contract.model import Contract
from promproof.contract.panels import PanelTruth
from promproof.contract.panels import kinds as truths
from promproof.contract.schema import schema_of
from promproof.drills.drill import Drill
from promproof.faults.kind import Fault
from promproof.faults.kind import kinds as faults
from promproof.load.scenario import json_schema


def schema(what: str) -> dict[str, Any]:
    """The schema of `contract`, `drill` or `scenario`."""
    match what:
        case "contract":
            return schema_of(Contract, truths, (PanelTruth,))
        case "drill":
            return schema_of(Drill, faults, (Fault,))
    return json_schema()


def run(given: dict[str, Any]) -> int:
    """Print it."""
    plugins.use(given["plugins"])
    sys.stdout.write(json.dumps(schema(given["what"]), indent=2) + "\n")
    return 0
