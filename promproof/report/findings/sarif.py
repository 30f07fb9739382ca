"""Findings as SARIF 2.1.0 (OASIS), for code scanning and editors."""

from __future__ import annotations

import json
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from promproof.findings import proofids
from promproof.findings.checking import Checked
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import KINDS, Kind

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning"}
_ROOT = "%SRCROOT%"
FINGERPRINT = "promproofFinding/v1"


def text(checked: Checked, width: int | None) -> str:
    """The log."""
    kinds = [*KINDS, *proofids.KINDS]
    indices = {kind.id: index for index, kind in enumerate(kinds)}
    identities = checked.identities
    driver = {"name": "promproof", **_version(), "rules": [*map(_rule, kinds)]}
    notifications = [
        {
            "level": "error" if missed.crashed else "note",
            "message": {"text": ": ".join(["not verified", *missed.rules, missed.item, missed.reason])},
            **({"associatedRule": {"id": missed.rules[0]}} if missed.rules else {}),
        }
        for missed in checked.unjudged
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "the folder that the command was given in"}}},
        "invocations": [
            {
                "executionSuccessful": not checked.crashes,
                "exitCode": checked.status,
                "toolExecutionNotifications": notifications,
            }
        ],
        "results": [
            _result(finding, indices[finding.rule], identities.fingerprint(finding))
            for finding in checked.findings
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=1, ensure_ascii=False) + "\n"


def _result(finding: Finding, index: int, fingerprint: str) -> dict[str, Any]:
    """One result; index: of its rule in the driver's list."""
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS.get(finding.severity, "note"),
        "message": {"text": _message(finding)},
        "locations": [_location(finding)],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }


def _version() -> dict[str, str]:
    try:
        return {"version": version("promproof")}
    except PackageNotFoundError:
        return {}


def _rule(kind: Kind) -> dict[str, Any]:
    help_text = f"{kind.why}\n\nFound:\n\n{kind.example}\n\nInstead:\n\n{kind.instead}"
    return {
        "id": kind.id,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.why},
        "help": {"text": help_text},
        "defaultConfiguration": {"level": _LEVELS.get(kind.severity, "note")},
    }


def _message(finding: Finding) -> str:
    parts = [finding.message, finding.effect, finding.todo and f"To do: {finding.todo}"]
    return "\n".join(part for part in [*parts, finding.see and f"See: {finding.see}"] if part)


def _location(finding: Finding) -> dict[str, Any]:
    file = finding.file.replace(os.sep, "/")
    if file.startswith("../") or os.path.isabs(file):
        artifact: dict[str, str] = {"uri": Path(os.path.abspath(file)).as_uri()}
    else:
        artifact = {"uri": quote(os.fsencode(file)), "uriBaseId": _ROOT}
    location: dict[str, Any] = {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": finding.line or 1}}
    }
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
    return location
