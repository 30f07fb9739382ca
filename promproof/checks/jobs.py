"""job/NAME/scraped: a job beside the target's is scraped, and brings the series that is documented of it.

Whatever brought the stack up. A program that this run has not started, and therefore has no target of, is not verified.
"""

from __future__ import annotations

from collections.abc import Mapping

from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.contract.deployment import Service
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import JobSeries, Targets
from promproof.verdict import Verdict


def claims(contract: Contract) -> list[Claim]:
    """One for each job that a documented service is read by."""
    return [Claim(f"job/{job}/scraped", job) for job in _services(contract)]


def _services(contract: Contract) -> dict[str, Service]:
    """The documented services by their job; the target has claims of its own."""
    services = contract.deployment.services.values() if contract.deployment is not None else ()
    return {
        service.job: service
        for service in services
        if service.job is not None and service.job != contract.target.job
    }


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Each target of the job is up at the end of the run, and the promised series was there.

    A scrape that only the scaled time-out cut off says nothing: then the series tells that others were not.
    """
    job = claim.subject
    wanted = _services(evidence.contract)[job]
    record = evidence.need(Targets)
    targets = [target for target in record.data.targets if target["labels"].get("job") == job]
    if not targets:
        return not_verified(claim, f"job {job} has no target in this run ({evidence.run.backend})")
    series = evidence.need(JobSeries)
    found = [
        f"job {job} is {target['health']}: {target['lastError']}"
        for target in targets
        if target["health"] == "down" and not evidence.is_cut_off(target)
    ]
    if found and len(targets) == 1 and _brought(job, series.data.counts):
        return unknown(claim, f"{found[0]}; it answered before, so this may be one scrape", [record.number])
    if not found and any(target["health"] == "unknown" for target in targets):
        return unknown(claim, f"job {job} was not scraped yet", [record.number])
    if wanted.series is not None and not series.data.counts.get(f"{job} {wanted.series}"):
        if not found and (why := evidence.cut_off.get(job)):
            return unknown(claim, f"job {job} brought no {wanted.series}: {why}", [record.number])
        found.append(f"job {job} brings no {wanted.series}")
    if not found and wanted.series is None and any(target["health"] != "up" for target in targets):
        return unknown(claim, evidence.cut_off.get(job, f"job {job} is down"), [record.number])
    number = sum(count for name, count in series.data.counts.items() if name.startswith(f"{job} "))
    return findings(
        claim,
        found,
        good=f"{len(targets)} targets up, {number:g} series"
        + (f", {wanted.series} too" if wanted.series else ""),
        expected=f"up, with {wanted.series}" if wanted.series else "up",
        evidence=[record.number, series.number],
    )


def _brought(job: str, counts: Mapping[str, float]) -> bool:
    """Whether a job had series of its own in the run: `up` and the like are Prometheus'."""
    names = [name.partition(" ")[2] for name in counts if name.startswith(f"{job} ")]
    return any(name != "up" and not name.startswith("scrape_") for name in names)


CHECK = register(Check("jobs", claims, judge, order=340))
