"""deployment/…: what the documentation promises of the services while they run in containers.

A run on processes shows none of it, and a service without an image is not verified, by name.
"""

from __future__ import annotations

from collections.abc import Callable

from promproof.checks.base import Check, Claim, findings, not_verified, register, unknown
from promproof.checks.deployment_file import documented, one
from promproof.contract.model import Contract, seconds
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import (
    Down,
    Isolation,
    PrometheusSaid,
    Reloads,
    Services,
    Survived,
    Targets,
    Usage,
    UsageSample,
)
from promproof.verdict import Verdict

Judge = Callable[[Claim, Evidence], Verdict]


def in_containers(judge: Judge) -> Judge:
    """Not verified where the stack is not in containers."""

    def guarded(claim: Claim, evidence: Evidence) -> Verdict:
        backend = evidence.run.backend
        if backend != "containers":
            return not_verified(claim, f"the stack of this run: {backend}; --stack containers shows it")
        return judge(claim, evidence)

    return guarded


def judge_service(claim: Claim, evidence: Evidence) -> Verdict:
    """A documented service is healthy, published on 127.0.0.1, scraped by its job, and brings its series."""
    record = evidence.need(Services)
    name = claim.subject
    wanted = documented(evidence).services[name]
    if name in record.data.missing:
        return not_verified(claim, record.data.missing[name])
    rows = [row for row in record.data.services if row.service == name]
    if not rows:
        return findings(claim, [f"{name} has no container"], good="", expected="up and healthy")
    row = rows[0]
    found, doubt = [], ""
    if row.state != "running" or row.health != "healthy":
        found.append(f"{name} is {row.state}, health {row.health}")
    port = record.data.ports.get(wanted.component)
    if ("127.0.0.1", port) not in [published[:2] for published in row.published]:
        found.append(
            f"{name} is published at {[list(published) for published in row.published]}, expected 127.0.0.1:{port}"
        )
    if wanted.job is not None:
        targets = [
            target
            for target in evidence.need(Targets).data.targets
            if target["labels"].get("job") == wanted.job
        ]
        found += [] if targets else [f"job {wanted.job} has no target"]
        found += [
            f"job {wanted.job} is {target['health']}: {target['lastError']}"
            for target in targets
            if target["health"] != "up" and not evidence.is_cut_off(target)
        ]
        if wanted.series is not None and not record.data.series.get(f"{wanted.job} {wanted.series}"):
            text = f"job {wanted.job} brings no {wanted.series}"
            if why := evidence.cut_off.get(wanted.job):
                doubt = f"{text}: {why}"
            else:
                found.append(text)
    if doubt and not found:
        return unknown(claim, doubt, [record.number])
    where = "its documented port" if port == wanted.port else f"{port} in place of {wanted.port} in this run"
    return findings(
        claim,
        found,
        good=f"healthy, on {where}" + (f", {wanted.series} is there" if wanted.series else ""),
        expected="healthy, published on 127.0.0.1, scraped",
        evidence=[record.number],
    )


def judge_loopback(claim: Claim, evidence: Evidence) -> Verdict:
    """No port of a running service is reachable at another address than 127.0.0.1."""
    record = evidence.need(Services)
    found = [
        f"{row.service} publishes {port} on {address}"
        for row in record.data.services
        for address, port, _ in row.published
        if address != "127.0.0.1"
    ]
    found += [
        f"something listens on {address}:{port}"
        for address, port in record.data.listeners
        if address not in ("127.0.0.1", "::1")
    ]
    count = sum(len(row.published) for row in record.data.services)
    if not count:
        return unknown(claim, "nothing is published", [record.number])
    return findings(
        claim, found, good=f"{count} ports, all on 127.0.0.1", expected="127.0.0.1", evidence=[record.number]
    )


def judge_isolation(claim: Claim, evidence: Evidence) -> Verdict:
    """From the stack's network every service is reached, from another network nothing."""
    record = evidence.need(Isolation)
    inside, outside = record.data.inside, record.data.outside
    found = [f"{place} is not reached from inside the network" for place, yes in inside.items() if not yes]
    found += [f"{place} is reached from another network" for place, yes in outside.items() if yes]
    if not inside or not outside:
        return unknown(claim, "nobody was asked", [record.number])
    return findings(
        claim,
        found,
        good=f"{len(inside)} services reached from inside, none of {len(outside)} addresses from outside",
        expected="all from inside, none from another network",
        evidence=[record.number],
    )


def judge_flags(claim: Claim, evidence: Evidence) -> Verdict:
    """The running Prometheus says the documented retention."""
    record = evidence.need(PrometheusSaid)
    flags = record.data.flags
    wanted = documented(evidence).retention
    # The server prints a size in its own unit: 8GB reads 8GiB since 2.x counts in powers of two.
    pairs = (("time", wanted.time), ("size", wanted.size.replace("GB", "GiB").replace("MB", "MiB")))
    found = [
        f"storage.tsdb.retention.{key} is {flags.get(f'storage.tsdb.retention.{key}')!r}, documented {value}"
        for key, value in pairs
        if flags.get(f"storage.tsdb.retention.{key}") not in (value, value.replace("iB", "B"))
    ]
    return findings(
        claim, found, good=f"{wanted.time}, {wanted.size}", expected="as documented", evidence=[record.number]
    )


def judge_survival(claim: Claim, evidence: Evidence) -> Verdict:
    """Every stored series reads the same before and after."""
    record = evidence.need(Survived, what=claim.subject)
    found = []
    if record.data.lost_count:
        found.append(f"{record.data.lost_count} of {record.data.series} series are lost")
    found += [f"{name} has another value" for name in record.data.changed]
    if not record.data.series:
        return unknown(claim, "nothing was stored before", [record.number])
    return findings(
        claim,
        found,
        good=f"{record.data.series} series read the same after {claim.subject}",
        expected="no sample lost",
        evidence=[record.number],
    )


def judge_down(claim: Claim, evidence: Evidence) -> Verdict:
    """`docker compose down` leaves no container, no network and no process; named volumes stay."""
    record = evidence.need(Down)
    left = [what for what in record.data.left if not what.startswith("volume ")]
    found = [f"{what} is left" for what in left]
    found += [f"process {pid} is still running" for pid in record.data.alive]
    if not record.data.processes:
        return unknown(claim, "nothing ran before", [record.number])
    return findings(
        claim,
        found,
        good=f"{record.data.processes} processes and all containers and networks gone, "
        f"{len(record.data.left) - len(left)} volumes kept",
        expected="nothing but named volumes",
        evidence=[record.number],
    )


def judge_resources(claim: Claim, evidence: Evidence) -> Verdict:
    """CPU and memory of the whole stack, the sum over its services, against the documented upper figures.

    CPU: seconds used between the first and the last sample by their distance. Memory: the largest sample.
    """
    wanted = documented(evidence)
    assert wanted.resources is not None
    record = evidence.need(Usage)
    samples = [sample for sample in record.data.samples if set(wanted.services) & set(sample.services)]
    if len(samples) < 2:
        return unknown(claim, "fewer than two samples of the services' usage", [record.number])
    first, last = samples[0], samples[-1]
    span = last.t - first.t
    there = [name for name in wanted.services if name in first.services and name in last.services]
    cores = sum(last.services[name][0] - first.services[name][0] for name in there) / span
    memory = max(_megabytes(sample, there) for sample in samples)
    seen = f"{cores:.2f} cores and {memory:.0f} MB over {span:.0f} s for {', '.join(there)}"
    absent = [name for name in wanted.services if name not in there]
    needed = seconds(wanted.resources.measured_for)
    if not evidence.scale.is_identity:
        return not_verified(claim, f"{seen}; at time scale {evidence.scale}, which scrapes more often")
    if span < needed:
        return not_verified(claim, f"{seen}; that is shorter than {needed:g} s")
    high = (wanted.resources.cpu_cores[1], wanted.resources.memory_megabytes[1])
    found = [
        f"{value:.2f} {unit} are more than the documented {limit:g}"
        for value, unit, limit in ((cores, "cores", high[0]), (memory, "MB", high[1]))
        if value > limit
    ]
    if absent and not found:
        return not_verified(claim, f"a part only: {seen}; without {', '.join(absent)}")
    return findings(
        claim,
        found,
        good=seen,
        expected=f"up to {high[0]:g} cores and {high[1]:g} MB",
        observed=seen,
        tolerance="the documented range's upper end",
        evidence=[record.number],
    )


def _megabytes(sample: UsageSample, names: list[str]) -> float:
    return float(sum(sample.services.get(name, (0.0, 0.0))[1] for name in names)) / 1e6


def judge_reload(claim: Claim, evidence: Evidence) -> Verdict:
    """What is added to a file of the folder is in force after a reload, and gone after the next."""
    if evidence.run.is_external:
        return not_verified(claim, "a stack that runs already keeps its files")
    record = evidence.need(Reloads)
    found = []
    for row in record.data.rows:
        if row.name not in row.during:
            found.append(f"an entry added to {row.file} is not in force after a reload")
        if row.name in row.after:
            found.append(f"an entry taken out of {row.file} is still in force after a reload")
    if not record.data.rows:
        return not_verified(
            claim, "the folder has no rule file and no receivers to which an entry can be added"
        )
    files = ", ".join(row.file for row in record.data.rows)
    return findings(
        claim, found, good=f"edits of {files} took effect", expected="in force", evidence=[record.number]
    )


def services(contract: Contract) -> list[Claim]:
    """One claim for each documented service."""
    wanted = contract.deployment.services if contract.deployment is not None else ()
    return [Claim(f"deployment/service/{name}", name) for name in wanted]


def survivals(contract: Contract) -> list[Claim]:
    """Data survive a restart, and `up` after `down`."""
    if contract.deployment is None:
        return []
    return [
        Claim("deployment/survives/restart", "restart"),
        Claim("deployment/survives/down-and-up", "down and up"),
    ]


def resources(contract: Contract) -> list[Claim]:
    """The claim of a contract that says what the stack needs."""
    has = contract.deployment is not None and contract.deployment.resources is not None
    return [Claim("deployment/resources")] if has else []


RELOAD = register(Check("config-reload", lambda contract: [Claim("config/reload")], judge_reload, order=120))
CHECKS = [
    register(Check("deployment-service", services, in_containers(judge_service), order=220)),
    register(
        Check("deployment-loopback", one("deployment/loopback"), in_containers(judge_loopback), order=220)
    ),
    register(
        Check("deployment-isolation", one("deployment/isolation"), in_containers(judge_isolation), order=220)
    ),
    register(
        Check("deployment-flags", one("deployment/retention-in-force"), in_containers(judge_flags), order=220)
    ),
    register(Check("deployment-survival", survivals, in_containers(judge_survival), order=220)),
    register(Check("deployment-down", one("deployment/down"), in_containers(judge_down), order=220)),
    register(Check("deployment-resources", resources, in_containers(judge_resources), order=220)),
]
