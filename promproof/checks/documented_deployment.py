"""docs/deployment: the page's ports, retention and figures of the deployment are those of the contract."""

from __future__ import annotations

from collections.abc import Iterable

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.contract.deployment import Deployment
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Documentation, PageRow
from promproof.promises.quantities import same
from promproof.verdict import Verdict

TABLES = {
    "ports": ("component", "port"),
    "resources": ("resource", "from", "to"),
    "settings": ("setting", "value"),
}
"""The page's tables by what they tell, each with its columns."""
_WHAT = {"ports": "port of", "settings": "", "resources": "typical"}
_UNITS = {"CPU": "cores", "memory": "MB"}


def claims(contract: Contract) -> list[Claim]:
    """One claim, for a contract that has both a page and a deployment."""
    return [Claim("docs/deployment")] if contract.documentation and contract.deployment is not None else []


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare each row of the page's tables with the contract, in both directions."""
    record = evidence.need(Documentation)
    deployment = evidence.contract.deployment
    assert deployment is not None
    said = record.data.deployment
    wanted = {
        "ports": _wanted_ports(deployment),
        "settings": _wanted_settings(deployment),
        "resources": _wanted_resources(deployment),
    }
    written = {
        "ports": _cells(said["ports"], deployment, is_closed=evidence.contract.closed("ports")),
        "settings": _retention(said["settings"]),
        "resources": _ranges(said["resources"]),
    }
    judged = {table: what for table, what in _WHAT.items() if written[table]}
    if not judged:
        columns = ", or ".join(" | ".join(columns) for columns in TABLES.values())
        return not_verified(claim, f"{record.data.path} has no table with the columns {columns}")
    found = [
        difference
        for table, what in judged.items()
        for difference in _differences(what, wanted[table], written[table])
    ]
    return findings(
        claim,
        [f"{record.data.path}: {mistake}" for mistake in found],
        good="ports, retention and figures as in the contract",
        expected="the contract's",
        evidence=[record.number],
    )


def _differences(what: str, wanted: dict[str, str], said: dict[str, str]) -> list[str]:
    return [
        f"{what} {name} is {said.get(name, 'not documented')}, the contract says {wanted.get(name, 'nothing')}".strip()
        for name in sorted(wanted.keys() | said.keys())
        if not same(wanted.get(name, ""), said.get(name, ""))
    ]


def _cells(rows: Iterable[PageRow], deployment: Deployment, *, is_closed: bool) -> dict[str, str]:
    """Ports by the name of the service, however the page spells it; of others too where the contract has all."""
    names = {_letters(name): name.lower() for name in deployment.services}
    found = {_letters(row.cells["component"]): row.cells for row in rows}
    return {
        names.get(name, cells["component"].lower()): cells["port"]
        for name, cells in found.items()
        if name in names or (is_closed and name != _letters(deployment.target.service))
    }


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _wanted_ports(deployment: Deployment) -> dict[str, str]:
    return {name.lower(): str(service.port) for name, service in deployment.services.items()}


def _wanted_settings(deployment: Deployment) -> dict[str, str]:
    return {"retention time": deployment.retention.time, "retention size": deployment.retention.size}


def _retention(rows: Iterable[PageRow]) -> dict[str, str]:
    return {
        row.cells["setting"]: row.cells["value"]
        for row in rows
        if row.cells["setting"] in ("retention time", "retention size")
    }


def _wanted_resources(deployment: Deployment) -> dict[str, str]:
    if deployment.resources is None:
        return {}
    pairs = {"CPU": deployment.resources.cpu_cores, "memory": deployment.resources.memory_megabytes}
    return {name: f"{low:g} {_UNITS[name]} to {high:g} {_UNITS[name]}" for name, (low, high) in pairs.items()}


def _ranges(rows: Iterable[PageRow]) -> dict[str, str]:
    return {
        row.cells["resource"]: f"{row.cells['from']} to {row.cells['to']}"
        for row in rows
        if row.cells["resource"] in _UNITS
    }


CHECK = register(Check("documented-deployment", claims, judge, order=920))
