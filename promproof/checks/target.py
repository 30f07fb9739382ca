"""target/…: Prometheus scrapes the documented target, and what it exposes is all promised and well formed."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from promproof.checks.base import Check, Claim, findings, register, unknown
from promproof.checks.deployment_version import pinned_major
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import DrillDriven, ExpositionRead, Targets
from promproof.faults.kind import FAULTS
from promproof.verdict import Verdict

CONTENT_TYPES = ("text/plain", "application/openmetrics-text", "application/vnd.google.protobuf")
SILENT = 4
"""So many last scrapes that were all cut off leave open whether the target still answers."""
SAMPLE_ENDS = ("", "_bucket", "_sum", "_count")
"""With what the name of a metric goes on in those of its samples."""
STRICT = 3
"""The major version of Prometheus from which on no other content type is scraped."""


def _one(claim_id: str) -> Callable[[Contract], list[Claim]]:
    return lambda contract: [Claim(claim_id)]


# Where the page's troubleshooting section looks first, by what Prometheus says of the last scrape.
CAUSES = (
    (r"connection refused", "nothing listens there: is the service running?"),
    (
        r"no such host|server misbehaving|no route|unreachable|i/o timeout",
        "the name is unknown or the network does not let it through: are both in the same network?",
    ),
    (r"HTTP status 4\d\d", "it answers, but not there: is metrics_path of the scrape configuration right?"),
    (r"HTTP status 5\d\d", "the service itself fails: look at its log"),
    (r"deadline exceeded", "it does not answer in time: does it hang, or is scrape_timeout too short?"),
)


def cause(error: str) -> str:
    """What to look at for a scrape's error, as a clause to append; empty for an error that is not known."""
    for pattern, text in CAUSES:
        if re.search(pattern, error):
            return f" ({text})"
    return ""


def judge_up(claim: Claim, evidence: Evidence) -> Verdict:
    """The documented job has the target, by the documented path and labels, and it is up in every scrape."""
    record = evidence.need(Targets)
    wanted = evidence.contract.target
    instance = evidence.run.instance
    mine = [target for target in record.data.targets if target["labels"].get("instance") == instance]
    mine.sort(key=lambda target: target["labels"].get("job") != wanted.job)  # another job may read it as well
    if not mine:
        known = ", ".join(
            f"{target['labels'].get('job')}={target['labels'].get('instance')}"
            for target in record.data.targets
        )
        return findings(
            claim,
            [f"no target {instance}; there are {known or 'none'}: is job {wanted.job} in prometheus.yml?"],
            good="",
            expected=wanted.job,
        )
    found = _told(mine[0], evidence)
    # At a time scale the scrape's time-out is scaled and the scrape is not: one that was cut off by it says nothing
    # about the deployed configuration. One that failed sooner was refused or answered wrongly.
    planned = _planned(evidence)
    down = [
        scrape
        for scrape in evidence.scrapes
        if not scrape.up and not any(begin <= scrape.end and scrape.begin <= end for begin, end in planned)
    ]
    limit = float("inf") if evidence.scale.is_identity else float(evidence.run.scrape_timeout)
    failed = [scrape for scrape in down if scrape.seconds < limit]
    if failed:
        found.append(
            f"{len(failed)} of {len(evidence.scrapes)} scrapes failed, first at {failed[0].begin:.2f} s"
        )
    is_silent = mine[0]["health"] != "up" and list(evidence.scrapes[-SILENT:]) == down[-SILENT:]
    if not found and down and (is_silent or len(down) == len(evidence.scrapes)):
        said = f"{'every scrape' if len(down) == len(evidence.scrapes) else 'each of the last scrapes'} was cut off"
        return unknown(claim, evidence.cut_off.get(wanted.job) or said, evidence.stored_records)
    return findings(
        claim,
        found,
        good=f"up in {len(evidence.scrapes) - len(down)} of {len(evidence.scrapes)} scrapes"
        + (f", {len(down)} cut off by the scaled time-out" if down else ""),
        expected=f"job {wanted.job}, path {wanted.metrics_path}, up",
        evidence=[record.number, *evidence.stored_records],
    )


def _planned(evidence: Evidence) -> list[tuple[float, float]]:
    """When a drill made scrapes of the target fail: from its first step until the target was up again."""
    return [
        (drill.data.begun, drill.data.ended)
        for drill in evidence.history.of(DrillDriven)
        if FAULTS.get(drill.data.plan["fault"]["kind"]).fails_scrapes
    ]


def _told(target: dict[str, Any], evidence: Evidence) -> list[str]:
    """What is wrong with the target as Prometheus tells it."""
    wanted, labels = evidence.contract.target, target["labels"]
    found = []
    if labels.get("job") != wanted.job:
        found.append(f"its job is {labels.get('job')!r}, documented {wanted.job!r}")
    address = target.get("discoveredLabels", {}).get("__address__", evidence.run.instance)
    # behind a path prefix the documented path is the end of it
    place = rf"https?://{re.escape(address)}(/.*)?{re.escape(wanted.metrics_path)}"
    if not re.fullmatch(place, target["scrapeUrl"].split("?")[0]):
        found.append(f"it is scraped at {target['scrapeUrl']}, documented path {wanted.metrics_path}")
    if target["health"] != "up" and not evidence.is_cut_off(target):
        error = target.get("lastError", "")
        found.append(f"it is {target['health']}: {error}{cause(error)}")
    found += [
        f"label {name} is {labels.get(name)!r}, documented {value!r}"
        for name, value in wanted.labels.items()
        if labels.get(name) != value
    ]
    return found


def judge_fresh(claim: Claim, evidence: Evidence) -> Verdict:
    """Samples carry the scrape's time, follow each other at the scrape interval, and none is missing."""
    shot = evidence.rest
    if len(evidence.scrapes) < 3:
        return unknown(claim, f"only {len(evidence.scrapes)} scrapes were stored", evidence.stored_records)
    meant = {f"{name}{end}" for name in evidence.contract.target.stamped for end in SAMPLE_ENDS}
    found = [
        f"{text} carries a time stamp of its own"
        for text in shot.exposition.stamped
        if text.partition("{")[0] not in meant
    ]
    begins = [scrape.begin for scrape in evidence.scrapes]
    gaps = [later - earlier for earlier, later in pairwise(begins)]
    # A scrape that is late by a whole interval was skipped: its data are missing.
    skipped = [gap for gap in gaps if gap >= 2 * evidence.interval]
    # The interval is scaled, and what makes a scrape late is not: as deployed it is late by as many seconds.
    deployed = evidence.interval * evidence.scale.factor
    missing = [gap for gap in skipped if gap - evidence.interval >= deployed]
    if missing or sum(skipped) > sum(gaps) / 2:
        return unknown(
            claim,
            f"{len(skipped)} gaps in the scrapes, the longest {max(skipped):.2f} s",
            evidence.stored_records,
        )
    return findings(
        claim,
        found,
        good=f"{len(begins)} scrapes, longest gap {max(gaps):.3f} s at an interval of {evidence.interval:g} s"
        + (f"; as deployed, each {deployed:g} s, none of them is missing" if skipped else ""),
        expected="a sample for each scrape, stamped by Prometheus",
        tolerance="two scrape intervals",
        evidence=[shot.record, *evidence.stored_records],
    )


def judge_exposition(claim: Claim, evidence: Evidence) -> Verdict:
    """Nothing is exposed twice, and nothing that is neither promised nor on the allow-list."""
    shot = evidence.rest
    found = [f"{text} is exposed twice" for text in shot.exposition.duplicates]
    contract = evidence.contract
    strange = [
        f"{name} is exposed, not documented and not on the allow-list"
        for name in sorted(shot.exposition.families)
        if contract.allowed is not None and not contract.permits(name)
    ]
    if strange:
        strange[0] += " (`allowed` in the contract takes names, and process_* for all that begin so)"
    found += strange
    found += _refused(evidence)
    if not shot.exposition.families:
        found.append("the exposition is empty; Prometheus counts that as up")
    return findings(
        claim,
        found,
        good=f"{len(shot.exposition.families)} families, {len(shot.exposition.values)} series, each once",
        expected="documented metrics and the allow-list"
        if contract.allowed is not None
        else "each series once; without `allowed` in the contract any family may be there",
        evidence=[shot.record],
    )


def _refused(evidence: Evidence) -> list[str]:
    """A content type with which the deployed Prometheus throws the scrape away, while the one that judged took it.

    From version 3 on it must be a known one: "Prometheus v3 will fail the scrape" (migration guide). A configuration
    with a fallback is refused by version 2, so that one of version 3 has judged it, by the scrapes themselves.
    """
    read = evidence.need(ExpositionRead, label="rest").data
    if read.content_type is None or (pinned_major(evidence, "prometheus") or 0) < STRICT:
        return []
    judged = next((line.split()[1] for line in evidence.run.binaries if line.startswith("prometheus ")), "")
    kind = read.content_type.partition(";")[0].strip().lower()
    if kind in CONTENT_TYPES or not judged.lstrip("v").startswith("2."):
        return []
    said = f"of the content type {kind!r}" if kind else "without a content type"
    return [f"the page is {said}: Prometheus {STRICT}, which the compose file pins, fails such a scrape"]


UP = register(Check("target-up", _one("target/up"), judge_up, order=310, scope="each"))
FRESH = register(Check("target-fresh", _one("target/fresh"), judge_fresh, order=310, scope="each"))
EXPOSITION = register(
    Check("target-exposition", _one("target/exposition"), judge_exposition, order=310, scope="each")
)
