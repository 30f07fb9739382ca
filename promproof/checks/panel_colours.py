"""Colours of a panel that are turned round: green where its alert fires or its objective is missed, red elsewhere.

Only green and red are judged: what yellow or blue mean is their author's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from math import inf, isclose

from promproof.checks.panel_raw import Json, items_of, object_of
from promproof.contract.model import Contract
from promproof.contract.panels import PanelClaim
from promproof.grafana.dashboard import Panel
from promproof.truth.ratio import RatioTruth

_MISSED = re.compile(
    r"\b(?P<side>below|under|above|over) (?P<limit>-?\d+(?:\.\d+)?)(?![\w.%]| ?%)[^.;]*?\bis missed\b",
    re.IGNORECASE,
)
Step = tuple[float, str]
"""From where on, and the colour."""


def turned_colours(panel: Panel, raw: Json, wanted: PanelClaim, contract: Contract) -> Iterator[str]:
    """Limits whose sides have each other's colour, with the reason why one of them is the bad one."""
    limits = object_of(object_of(object_of(raw.get("fieldConfig")).get("defaults")).get("thresholds"))
    if limits.get("mode", "absolute") != "absolute":
        return
    steps = sorted(
        (
            float(value) if isinstance(value := step.get("value"), int | float) else -inf,
            str(step.get("color")),
        )
        for step in items_of(limits.get("steps"))
    )
    turned = {
        said: None
        for at, is_bad_above, why in _sides(panel, wanted, contract, [limit for limit, _ in steps])
        if (said := _turned(steps, at, is_bad_above, why))
    }
    for said in list(turned)[:1]:
        yield f"{panel.path}.fieldConfig.defaults.thresholds: {said}"


def _sides(
    panel: Panel, wanted: PanelClaim, contract: Contract, limits: Sequence[float]
) -> Iterator[tuple[float, bool, str]]:
    """Limits, whether what is above them is bad, and why."""
    alert = contract.alert(wanted.alert) if wanted.alert is not None else None
    if alert is not None and alert.threshold is not None and alert.comparator in (">", ">=", "<", "<="):
        at = 1 - alert.threshold if wanted.complement else alert.threshold
        yield at, (alert.comparator in (">", ">=")) != wanted.complement, f"{alert.name} fires there"
    for match in _MISSED.finditer(panel.description):
        side = match["side"].lower()
        yield (
            float(match["limit"]),
            side in ("above", "over"),
            f"the description says that it is missed {side} it",
        )
    if alert is None and isinstance(wanted.truth, RatioTruth) and wanted.truth.complement:
        yield from ((limit, False, "less of this share is worse") for limit in limits if limit > -inf)


def _turned(steps: Sequence[Step], at: float, is_bad_above: bool, why: str) -> str:
    """What is wrong with the colours at a limit."""
    below = [colour for limit, colour in steps if limit < at and not isclose(limit, at, abs_tol=1e-12)]
    above = [colour for limit, colour in steps if isclose(limit, at, abs_tol=1e-12)]
    if not below or not above:
        return ""
    bad, good = (above[-1], below[-1]) if is_bad_above else (below[-1], above[-1])
    if "green" in bad and "red" in good:
        side = ("above", "below") if is_bad_above else ("below", "above")
        return f"{side[0]} {at:g} it is {bad}, {side[1]} it {good}: {why}"
    return ""
