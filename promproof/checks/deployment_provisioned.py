"""deployment/provisioned: Grafana's data sources and dashboard providers are those of the contract, key by key.

A key with the value that Grafana takes anyway is the same as none. Secrets are compared nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.checks.files import judged
from promproof.contract.deployment import Provisioned
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.findings.part import scalar_text
from promproof.verdict import Verdict

DEFAULTS = {
    "sources": {
        "access": "proxy",
        "orgId": "1",
        "isDefault": "false",
        "editable": "false",
        "basicAuth": "false",
        "withCredentials": "false",
        "jsonData.httpMethod": "POST",
        "jsonData.manageAlerts": "true",
        "jsonData.tlsSkipVerify": "false",
        "jsonData.tlsAuth": "false",
        "jsonData.tlsAuthWithCACert": "false",
        "jsonData.timeInterval": "15s",
        "jsonData.queryTimeout": "60s",
        "jsonData.customQueryParameters": "",
    },
    "providers": {
        "orgId": "1",
        "folder": "",
        "folderUid": "",
        "disableDeletion": "false",
        "allowUiUpdates": "false",
        "updateIntervalSeconds": "10",
        "options.foldersFromFilesStructure": "false",
    },
}
"""What Grafana takes where nothing is said: its pages on provisioning and on the Prometheus data source."""
_BOOLEANS = {"true": "true", "yes": "true", "on": "true", "false": "false", "no": "false", "off": "false"}
_IGNORED = ("version", "apiVersion", "jsonData.manageAlerts", "jsonData.defaultEditor", "jsonData.cacheLevel")
"""What no panel shows: the version of an entry, which alerts are listed, how the editor opens, how long it caches."""
_SOON = 60
"""Seconds within which a changed dashboard is read: as good as Grafana's own 10."""
_KINDS = {"sources": "data source", "providers": "provider"}
Keys = dict[str, str]


def claims(contract: Contract) -> list[Claim]:
    """One, where the contract says what is provisioned."""
    wanted = contract.deployment.provisioned if contract.deployment is not None else None
    return [Claim("deployment/provisioned")] if wanted is not None else []


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare each entry with the contract."""
    record = judged(evidence)
    deployment = evidence.contract.deployment
    wanted = deployment.provisioned if deployment is not None else None
    said = record.data.facts.get("provisioned")
    if said is None or wanted is None:
        return not_verified(claim, "nobody has read the provisioning files")
    found = [text for sort in DEFAULTS for text in _differences(sort, wanted, said.get(sort, ()))]
    return findings(
        claim, found, good="as documented", expected="provisioned as documented", evidence=[record.number]
    )


def _differences(sort: str, wanted: Provisioned, entries: list[dict[str, Any]]) -> Iterator[str]:
    documented: Mapping[str, Mapping[str, Any]] | None = getattr(wanted, sort)
    if documented is None:
        return
    kind = _KINDS[sort]
    names = [entry["name"] for entry in entries]
    yield from (f"no {kind} is called {name}, documented" for name in documented if name not in names)
    for entry in entries:
        name, where = entry["name"], entry["where"]
        if name not in documented:
            yield f"{where}: the {kind} {name} is not documented"
            continue
        if names.count(name) > 1:
            yield f"{where}: {names.count(name)} entries are called {name}: Grafana takes the last one"
        runs, wants = _told(sort, entry["keys"]), _told(sort, _texts(documented[name]))
        for key in sorted(runs.keys() | wants.keys()):
            if runs.get(key) != wants.get(key):
                yield f"{where}: {key} of the {kind} {name} is {_shown(runs, key)}, documented {_shown(wants, key)}"


def _shown(keys: Keys, key: str) -> str:
    return keys.get(key, "as Grafana has it")


def _texts(keys: Mapping[str, Any]) -> Keys:
    return {key: str(value) if isinstance(value, list) else scalar_text(value) for key, value in keys.items()}


def _told(sort: str, keys: Keys) -> Keys:
    """What differs from Grafana's own values; a slash behind an address or a path is none."""
    plain = {
        key: value.rstrip("/") if key in ("url", "options.path") else _BOOLEANS.get(value.lower(), value)
        for key, value in keys.items()
        if key not in _IGNORED
    }
    own = DEFAULTS[sort]
    return {
        key: value for key, value in plain.items() if own.get(key) != value and not _is_soon(sort, key, value)
    }


def _is_soon(sort: str, key: str, value: str) -> bool:
    return (
        (sort, key) == ("providers", "updateIntervalSeconds") and value.isdigit() and 0 < int(value) <= _SOON
    )


CHECK = register(Check("deployment-provisioned", claims, judge, order=216))
