"""failing_scrapes: the target answers its users, and every scrape of it with 500."""

from __future__ import annotations

from typing import ClassVar, Literal

from promproof.faults.kind import Need, register
from promproof.faults.site import METRICS_ROUTE, Site
from promproof.faults.target_state import TargetState


@register
class FailingScrapes(TargetState):
    """The target's fault port does it and ends it."""

    kind: Literal["failing_scrapes"]
    needs: ClassVar[frozenset[Need]] = frozenset({Need.FAULT_PORT})

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Errors on the metrics' route only."""
        site.own_port().apply("errors", rate=1.0, routes=[METRICS_ROUTE], status=500)
