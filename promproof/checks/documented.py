"""docs/…: the documentation page and the contract say the same; a name or a number that differs is a finding."""

from __future__ import annotations

from typing import Any

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.contract.documentation import names, threshold
from promproof.contract.model import Contract, seconds
from promproof.errors import InputError
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Record
from promproof.evidence.records import Documentation, PageRow
from promproof.grafana.units import dimension
from promproof.promises.quantities import amount
from promproof.verdict import Verdict

METRIC_COLUMNS = ("metric", "type", "unit", "labels", "meaning")
PANEL_COLUMNS = ("dashboard", "panel", "shows", "unit", "alert")
ALERT_COLUMNS = ("alert", "fires when", "threshold", "window", "for", "severity", "receivers")
ALWAYS = "always"
"""What the page says of an alert that never stops firing, in place of a threshold."""


def claims(contract: Contract) -> list[Claim]:
    """One claim for each metric, alert and dashboard, and one for what the page has and the contract has not."""
    if contract.documentation is None:
        return []
    return [
        *(Claim(f"docs/metric/{metric.name}", metric.name) for metric in contract.metrics),
        *(Claim(f"docs/alert/{alert.name}", alert.name) for alert in contract.alerts),
        *(Claim(f"docs/dashboard/{dashboard.uid}", dashboard.uid) for dashboard in contract.dashboards),
        Claim("docs/complete"),
    ]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare the page's row with the contract's entry."""
    record = evidence.need(Documentation)
    kind = claim.id.split("/")[1]
    tables = {"metric": METRIC_COLUMNS, "alert": ALERT_COLUMNS, "dashboard": PANEL_COLUMNS}
    has = {table: bool(_table(record.data, table)) for table in tables}
    if not (has[kind] if kind in has else any(has.values())):
        missing = ", or ".join(
            " | ".join(columns) for table, columns in tables.items() if kind in (table, "complete")
        )
        return not_verified(claim, f"{record.data.path} has no table with the columns {missing}")
    if kind == "complete":
        found = _unknown_rows(evidence.contract, record.data)
        return findings(
            claim,
            found,
            good="every documented metric, alert and panel is in the contract",
            expected="the contract's names",
            evidence=[record.number],
        )
    if kind == "dashboard":
        return _dashboard(claim, evidence.contract, record)
    name = claim.subject
    rows = [row for row in _table(record.data, kind) if row.cells[kind] == name]
    if len(rows) != 1:
        text = f"{record.data.path}: {name} stands in {len(rows)} rows of its tables"
        return findings(claim, [text], good="", expected="one row", evidence=[record.number])
    where = f"{record.data.path}:{rows[0].line}"
    cells = rows[0].cells
    try:
        wanted, said = (
            _metric(evidence.contract, name, cells)
            if kind == "metric"
            else _alert(evidence.contract, name, cells)
        )
    except (InputError, ValueError) as error:
        return findings(
            claim, [f"{where}: {error}"], good="", expected="readable cells", evidence=[record.number]
        )
    found = [
        f"{where}: {key} is {said[key]!r}, the contract says {wanted[key]!r}"
        for key in wanted
        if wanted[key] != said[key] and (wanted[key] is not None or key.endswith("window"))
    ]
    return findings(
        claim, found, good=f"as in the contract ({where})", expected=str(wanted), evidence=[record.number]
    )


def _table(page: Documentation, kind: str) -> tuple[PageRow, ...]:
    return {"metric": page.metrics, "alert": page.alerts, "dashboard": page.panels}[kind]


def _metric(contract: Contract, name: str, cells: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    metric = contract.metric(name)
    wanted = {
        "type": metric.type,
        "unit": metric.unit or None,
        "labels": None if metric.any_labels else sorted(metric.labels),
        "meaning": metric.help,
    }
    said = {
        **{key: cells[key] for key in ("type", "unit", "meaning")},
        "labels": sorted(names(cells["labels"])),
    }
    return wanted, said


def _alert(contract: Contract, name: str, cells: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    alert = contract.alert(name)
    always = cells["threshold"].strip() == ALWAYS
    limit = None if always else threshold(cells["threshold"])
    wanted = {
        "comparator": alert.comparator,
        "threshold": alert.threshold,
        "always": alert.always,
        "absent": alert.vanished,
        "window": (seconds(alert.window) or None) if alert.window else None,
        "short window": seconds(alert.short_window) if alert.short_window else None,
        "for": seconds(alert.hold) if alert.hold is not None else None,
        "severity": alert.severity,
        "receivers": sorted(alert.receivers) or None,
    }
    windows = [_duration(window) for window in names(cells["window"])]
    said = {
        "comparator": limit.comparator if limit else None,
        "threshold": limit.quantity.value if limit else None,
        "always": always,
        "absent": limit is not None and limit.or_absent,
        "window": max(windows, default=None),
        "short window": min(windows) if len(windows) > 1 else None,
        "for": _duration(cells["for"]),
        "severity": cells["severity"],
        "receivers": sorted(names(cells["receivers"])),
    }
    return wanted, said


def _duration(cell: str) -> float:
    """Seconds of `5m`, `5 min` or `five minutes`.

    Raises:
        ValueError: it is no duration.
    """
    said = amount(cell)
    if said is None or (said.unit != "seconds" and said.value):
        raise ValueError(f"{cell!r} is no duration such as 5m or 5 minutes")
    return float(said.value)


def _dashboard(claim: Claim, contract: Contract, record: Record[Documentation]) -> Verdict:
    """Every panel of the dashboard stands in one row, with its unit and its alert."""
    dashboard = next(dashboard for dashboard in contract.dashboards if dashboard.uid == claim.subject)
    path = record.data.path
    found = []
    for panel in dashboard.panels:
        rows = [
            row
            for row in record.data.panels
            if (row.cells["dashboard"], row.cells["panel"]) == (dashboard.title, panel.title)
        ]
        if len(rows) != 1:
            found.append(f"{path}: {dashboard.title}, {panel.title} stands in {len(rows)} rows of its tables")
            continue
        cells, where = rows[0].cells, f"{path}:{rows[0].line}"
        unit = None if panel.unit is None else dimension(panel.unit)
        for key, wanted in (("unit", unit), ("alert", panel.alert or "none")):
            if wanted not in (None, cells[key]):
                found.append(f"{where}: {key} is {cells[key]!r}, the contract says {wanted!r}")
    return findings(
        claim,
        found,
        good=f"{len(dashboard.panels)} panels as in the contract",
        expected="a row for every panel, with its unit and its alert",
        evidence=[record.number],
    )


def _unknown_rows(contract: Contract, page: Documentation) -> list[str]:
    known = {metric.name for metric in contract.metrics} | {alert.name for alert in contract.alerts}
    shown = {
        (dashboard.title, panel.title) for dashboard in contract.dashboards for panel in dashboard.panels
    }
    return [
        f"{page.path}:{row.line}: {row.cells[kind]} is documented and not in the contract"
        for kind in ("metric", "alert")
        for row in _table(page, kind)
        if row.cells[kind] not in known
    ] + [
        f"{page.path}:{row.line}: {dashboard}, {panel} is documented and not in the contract"
        for row in page.panels
        if (dashboard := row.cells["dashboard"], panel := row.cells["panel"]) not in shown
    ]


CHECK = register(Check("documented-page", claims, judge, order=910))
