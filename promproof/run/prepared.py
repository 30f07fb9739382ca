"""What a run was asked, read and found right: all that its parts are given before anything is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promproof.config.folder import Folder
from promproof.config.masking import Masker
from promproof.config.rules import Rule
from promproof.config.timescale import TimeScale
from promproof.contract.model import Contract
from promproof.drills.drill import Loaded
from promproof.evidence.records import Documentation
from promproof.grafana.provisioning import Texts
from promproof.run.options import Options


@dataclass(frozen=True)
class Prepared:
    """Validated input of a run."""

    options: Options
    contract: Contract
    scale: TimeScale
    folder: Folder
    rules: tuple[Rule, ...]
    reconcile: Path
    drill: Loaded | None
    documentation: Documentation
    dashboards: Texts
    masker: Masker
    """Knows the secrets of the input."""
    scale_reason: str = ""
    """Why the time scale is not larger, where nobody asked for it, or what is faster for it; empty for neither."""
    routes: Mapping[str, Any] | None = None
    """What an Alertmanager that runs already and notifies this run has loaded."""
