"""deployment/…: what the compose file promises, judged on the file as Compose resolves it. Nothing has to run.

The record `deployment` holds that document under `config`, the static targets of the scrape jobs, and the
provisioned data sources.
"""

from __future__ import annotations

from collections.abc import Callable

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.config.durations import in_milliseconds
from promproof.config.masking import MASK
from promproof.contract.deployment import Deployment
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import DeploymentRead
from promproof.verdict import Verdict

Look = Callable[[Deployment, DeploymentRead], list[str]]
"""From the contract and the record to what is wrong."""


def one(claim_id: str) -> Callable[[Contract], list[Claim]]:
    """The claim of every contract that has a deployment."""
    return lambda contract: [Claim(claim_id)] if contract.deployment is not None else []


def documented(evidence: Evidence) -> Deployment:
    """The contract's deployment; claims about one exist only when there is one."""
    found = evidence.contract.deployment
    assert found is not None
    return found


def wrong_ports(deployment: Deployment, record: DeploymentRead) -> list[str]:
    """Services without their documented port, and ports that are published on more than 127.0.0.1."""
    services = record.config["services"]
    found = []
    for name, wanted in deployment.services.items():
        published = [str(port.get("published")) for port in services.get(name, {}).get("ports") or ()]
        if str(wanted.port) not in published:
            found.append(f"{name} is not on port {wanted.port}: {published or 'nothing'} published")
    for name, service in services.items():
        found += [
            f"{name} publishes {port.get('published')} on {port.get('host_ip') or 'all addresses'}"
            for port in service.get("ports") or ()
            if port.get("host_ip") != "127.0.0.1"
        ]
    return found


def unpinned_images(deployment: Deployment, record: DeploymentRead) -> list[str]:
    """Images that may be another one tomorrow; one that the file builds is pinned by what it is built from."""
    found = []
    for name, service in record.config["services"].items():
        image = str(service.get("image", ""))
        tag = image.rpartition("/")[2].partition(":")[2]
        if "build" not in service and "@" not in image and tag in ("", "latest"):
            found.append(f"{name} uses {image}, which is not pinned")
    return found


def wrong_storage(deployment: Deployment, record: DeploymentRead) -> list[str]:
    """Configuration that is not mounted read-only, data without a volume of its own name."""
    services = record.config["services"]
    found = []
    for name, wanted in deployment.services.items():
        mounts = {mount["target"]: mount for mount in services.get(name, {}).get("volumes") or ()}
        if wanted.configuration is not None:
            mount = mounts.get(wanted.configuration)
            if mount is None:
                found.append(f"{name} has no {wanted.configuration}: its configuration is not mounted")
            elif not mount.get("read_only"):
                found.append(f"{name} may write to {wanted.configuration}")
        if wanted.data is not None and (mounts.get(wanted.data) or {}).get("type") != "volume":
            found.append(f"{name} keeps {wanted.data} in no named volume: its data do not survive")
    return found


def wrong_retention(deployment: Deployment, record: DeploymentRead) -> list[str]:
    """Retention flags that are missing or say something else."""
    service = deployment.service("prometheus")
    command = record.config["services"].get(service, {}).get("command") or ()
    found = []
    for key, value in (("time", deployment.retention.time), ("size", deployment.retention.size)):
        flag = f"--storage.tsdb.retention.{key}"
        said = [word.partition("=")[2] for word in command if word.startswith(f"{flag}=")]
        if [in_milliseconds(f"{flag}={word}") for word in said] != [in_milliseconds(f"{flag}={value}")]:
            found.append(f"{service} runs with {flag} {said or 'not given'}, documented {value}")
    return found


def unreachable_targets(deployment: Deployment, record: DeploymentRead) -> list[str]:
    """Scrape targets that are no service of the file: `localhost` in a container is the container itself."""
    services = record.config["services"]
    own = [name for name, service in deployment.services.items() if service.component == "prometheus"]
    found = []
    for job, targets in record.targets.items():
        for target in targets:
            host, _, port = target.rpartition(":")
            if host in ("localhost", "127.0.0.1"):
                if not any(deployment.services[name].port == int(port) for name in own):
                    found.append(
                        f"job {job} scrapes {target}, which inside its container is Prometheus itself"
                    )
            elif host not in services:
                found.append(f"job {job} scrapes {target}, and the file has no service {host}")
    return found


def wrong_data_sources(deployment: Deployment, record: DeploymentRead) -> list[str]:
    """Not exactly one default data source, or one that points at no service of the file."""
    sources = record.data_sources
    defaults = [source["name"] for source in sources if source.get("isDefault")]
    found = []
    if len(defaults) != 1:
        found.append(f"{len(defaults)} default data sources ({', '.join(defaults) or 'none'}), expected one")
    for source in sources:
        host = str(source.get("url", "")).partition("//")[2].partition(":")[0].partition("/")[0]
        if host not in record.config["services"]:
            found.append(f"data source {source['name']} points at {source.get('url')}: no service {host!r}")
    return found


def account(deployment: Deployment, record: DeploymentRead) -> tuple[str, str] | None:
    """User and password of the account's service as the file sets them; None when one of them is missing."""
    wanted = deployment.account
    if wanted is None:
        return None
    environment = record.config["services"].get(wanted.service, {}).get("environment") or {}
    user, password = environment.get(wanted.user_variable), environment.get(wanted.password_variable)
    return None if not user or not password else (str(user), str(password))


def _judge(look: Look, good: str, expected: str) -> Callable[[Claim, Evidence], Verdict]:
    def judge(claim: Claim, evidence: Evidence) -> Verdict:
        record = evidence.need(DeploymentRead)
        if record.data.error is not None:
            return not_verified(claim, f"the compose file could not be read: {record.data.error}")
        found = look(documented(evidence), record.data)
        return findings(claim, found, good=good, expected=expected, evidence=[record.number])

    return judge


def judge_account(claim: Claim, evidence: Evidence) -> Verdict:
    """Production: somebody has changed the documented default account. Until then it is not verified, never pass."""
    record = evidence.need(DeploymentRead)
    wanted = documented(evidence).account
    assert wanted is not None
    if record.data.error is not None:
        return not_verified(claim, f"the compose file could not be read: {record.data.error}")
    found = account(documented(evidence), record.data)
    if found is None:
        text = f"{wanted.service} has no {wanted.user_variable} and {wanted.password_variable}"
        return findings(claim, [text], good="", expected="an account", evidence=[record.number])
    if MASK in (wanted.password, found[1]):
        return not_verified(claim, "a run's folder keeps no passwords, so two of them cannot be compared")
    if found == (wanted.user, wanted.password):
        return not_verified(
            claim,
            f"{wanted.service} still has the documented default account {wanted.user}; "
            f"change {wanted.password_variable} before others can reach it",
        )
    return findings(claim, [], good="changed", expected="another account", evidence=[record.number])


def _check(name: str, look: Look, good: str, expected: str) -> Check:
    return register(
        Check(f"deployment-{name}", one(f"deployment/{name}"), _judge(look, good, expected), order=210)
    )


CHECKS = [
    _check("ports", wrong_ports, "documented ports, on 127.0.0.1", "the page's ports, on 127.0.0.1 only"),
    _check("images-pinned", unpinned_images, "all images pinned", "a version for every image, none `latest`"),
    _check(
        "storage",
        wrong_storage,
        good="configuration read-only, data in volumes",
        expected="read-only mounts, named volumes",
    ),
    _check("retention", wrong_retention, "retention as documented", "the documented retention flags"),
    _check(
        "targets", unreachable_targets, "every target is a service", "service names of the compose network"
    ),
    _check(
        "data-sources",
        wrong_data_sources,
        "one default data source, at a service",
        "one default, at a service",
    ),
    register(
        Check(
            "deployment-account",
            lambda contract: (
                [Claim("deployment/account-changed")]
                if contract.deployment is not None and contract.deployment.account is not None
                else []
            ),
            judge_account,
            order=210,
        )
    ),
]
