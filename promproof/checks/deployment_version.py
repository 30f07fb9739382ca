"""deployment/version/SERVICE: the program that judged is of the major version that the compose file pins.

Another one may evaluate, group or notify otherwise; then nothing is said of the pinned one, and nothing is wrong.
"""

from __future__ import annotations

import re

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import DeploymentRead
from promproof.verdict import Verdict

JUDGING = ("prometheus", "alertmanager", "node_exporter")
"""Components that a run may start as programs of this machine."""
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def claims(contract: Contract) -> list[Claim]:
    """One for each service of the compose file that a run may start as a program."""
    services = contract.deployment.services.items() if contract.deployment is not None else ()
    return [
        Claim(f"deployment/version/{name}", name) for name, wanted in services if wanted.component in JUDGING
    ]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare the numbers; a tag or a program without a number is not verified."""
    assert evidence.contract.deployment is not None
    component = evidence.contract.deployment.services[claim.subject].component
    record = evidence.need(DeploymentRead)
    if record.data.error is not None:
        return not_verified(claim, f"the compose file could not be read: {record.data.error}")
    image = str(record.data.config.get("services", {}).get(claim.subject, {}).get("image", ""))
    pinned = _number(image.rpartition("/")[2].partition(":")[2])
    if evidence.run.backend == "containers":
        return findings(
            claim, [], good=f"the run's own image, {image}", expected=image, evidence=[record.number]
        )
    judged = next((line.split()[1] for line in evidence.run.binaries if line.split()[0] == component), "")
    if not pinned or not _number(judged):
        said = f"{component} {judged or 'of a version that is not known'}"
        return not_verified(claim, f"judged with {said}, the compose file has {image or 'no image'}")
    if _number(judged) != pinned:
        return not_verified(
            claim,
            f"judged with {component} {judged}, the compose file pins {image}: what the other one does otherwise was "
            "not seen (--stack containers shows it)",
        )
    return findings(
        claim,
        [],
        good=f"judged with {component} {judged}, pinned is {image}",
        expected="the pinned major version",
        evidence=[record.number],
    )


def pinned_major(evidence: Evidence, component: str) -> int | None:
    """The major version of a component that the compose file pins; None where that is not known."""
    record = evidence.history.last(DeploymentRead)
    wanted = evidence.contract.deployment
    if record is None or record.data.error is not None or wanted is None:
        return None
    for name, service in wanted.services.items():
        if service.component == component:
            image = str(record.data.config.get("services", {}).get(name, {}).get("image", ""))
            found = _number(image.rpartition("/")[2].partition(":")[2])
            return int(found[0]) if found else None
    return None


def _number(version: str) -> tuple[str, ...]:
    """The major version; of one that begins with 0 the minor one as well, which then means the same."""
    found = _VERSION.match(version)
    if found is None:
        return ()
    return found.groups() if found[1] == "0" else found.groups()[:1]


CHECK = register(Check("deployment-version", claims, judge, order=230))
