"""`promproof schema`: the JSON Schema of a contract, drill or scenario for editors, and of report.json for tools."""

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
from promproof.report import reportform


def schema(kind: str) -> dict[str, Any]:
    """The schema of `contract`, `drill`, `scenario` or `report`."""
    match kind:
        case "contract":
            return schema_of(Contract, truths, (PanelTruth,))
        case "drill":
            return schema_of(Drill, faults, (Fault,))
        case "report":
            return reportform.schema()
    return json_schema()


def run(given: dict[str, Any]) -> int:
    """Print it."""
    plugins.use(given["plugins"])
    sys.stdout.write(json.dumps(schema(given["kind"]), indent=2) + "\n")
    return 0
