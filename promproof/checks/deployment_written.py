"""deployment/written/SERVICE: a service of the compose file as the contract has it, no less and no more.

Ports with their addresses, command, environment, mounts, networks and profiles, variables filled with the file's
defaults; the version of the image, limits, and what the health check asks. Read without Compose, so that it is judged
on every machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

from promproof.checks.base import Check, Claim, findings, not_verified, register
from promproof.checks.files import held, judged, promised_services
from promproof.config.durations import in_milliseconds, parse_duration
from promproof.config.masking import MASK
from promproof.contract.deployment import Deployment, Written
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.findings.servicefacts import size_of
from promproof.verdict import Verdict

_NUMBERS = 2
"""A tag with fewer numbers (`v3`, `latest`) is that of whatever comes next."""
_LEAST_LOG = 2**18
"""Bytes: two thousand lines, or a night of a service that says little."""
_OF_THE_LOG = ("--log.level=", "--log.format=")
"""Flags that nobody promises, and that change nothing but the log."""
_LISTS = {
    "ports": "publishes",
    "command": "runs with",
    "mounts": "mounts",
    "networks": "is on the network",
    "profiles": "has the profile",
    "cap_drop": "drops the capability",
    "security_opt": "has the security option",
}


def claims(contract: Contract) -> list[Claim]:
    """One for each service that the contract names."""
    return [Claim(f"deployment/written/{name}", name) for name in promised_services(contract)]


def judge(claim: Claim, evidence: Evidence) -> Verdict:
    """Compare the service with the contract, and add what the check of the folder says."""
    record = judged(evidence)
    deployment = evidence.contract.deployment
    assert deployment is not None  # claims
    services = record.data.facts.get("services")
    if services is None:
        return not_verified(claim, "the compose file is not there or can't be read")
    service = services.get(claim.subject)
    if service is None:
        found = [f"the compose file has no service {claim.subject}"]
    else:
        differences = _differences(_wanted(deployment, claim.subject), service, _own(deployment))
        found = [*differences, *held(claim.id, evidence)]
    return findings(
        claim, found, good="as documented", expected="the service as documented", evidence=[record.number]
    )


def _wanted(deployment: Deployment, name: str) -> Written:
    service = deployment.services.get(name) or deployment.target
    return service.written or Written()


def _own(deployment: Deployment) -> set[str]:
    """The variables of the default account, which its owner is to change."""
    account = deployment.account
    return {account.user_variable, account.password_variable} if account is not None else set()


def _differences(wanted: Written, service: dict[str, Any], own: set[str]) -> Iterator[str]:
    where = service["where"]
    yield from _of_image(wanted, service)
    yield from _of_limits(wanted, service)
    yield from _of_health(wanted, service)
    if wanted.ports and service.get("internal"):
        yield f"{where}: publishes ports, and its networks are internal: nobody reaches them"
    if wanted.restart is not None and service["restart"] not in _restarts(wanted.restart):
        yield f"{where}: restart is {service['restart']}, documented {wanted.restart}"
    yield from _of_containers(service)
    if (kept := service.get("log") or math.inf) < _LEAST_LOG:
        yield f"{where}: keeps {kept / 2**10:g} KiB of its log: a fault of the night is not in it any more"
    for name in service.get("shared", ()):
        yield f"{where}: {name} moves its port, and that of another service as well"
    yield from _of_rights(wanted, service)
    for key, does in _LISTS.items():
        said: Sequence[str] | None = getattr(wanted, key)
        if said is not None:
            there = service.get(key, [])
            runs, wants = {_plain(key, word) for word in there}, {_plain(key, word) for word in said}
            yield from (
                f"{where}: {does} {word}, not documented"
                for word in there
                if _plain(key, word) not in wants and not (key == "command" and word.startswith(_OF_THE_LOG))
            )
            yield from (
                f"{where}: {does} no {word}, documented" for word in said if _plain(key, word) not in runs
            )
    if wanted.others is not None and "others" in service:
        yield from _of_others(wanted.others, service["others"], where)
    if wanted.environment is not None:
        there, said_of = service["environment"], wanted.environment
        for name in sorted((there.keys() | said_of.keys()) - (own & there.keys())):
            shown, documented = there.get(name, "not set"), said_of.get(name, "as not set")
            if there.get(name) != said_of.get(name) and MASK not in (shown, documented):
                yield f"{where}: {name} is {shown}, documented {documented}"
        defaults = service.get("defaults", {})
        for name in sorted(own & defaults.keys() & said_of.keys()):
            if defaults[name] != said_of[name] and said_of[name] != MASK:
                yield f"{where}: {name} is by default not {said_of[name]}, which is documented"


def _of_others(wanted: dict[str, Any], there: dict[str, Any], where: str) -> Iterator[str]:
    """Keys without a promise of their own; a list has any order."""
    for key in sorted(wanted.keys() | there.keys()):
        said, has = _flat(wanted.get(key)), _flat(there.get(key))
        if key not in there:
            yield f"{where}: has no {key}, documented is {said}"
        elif said != has:
            documented = f"documented {said}" if key in wanted else "which is not documented"
            yield f"{where}: {key} is {has}, {documented}"


def _flat(value: Any) -> str:
    """Data in a line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flat(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return f"[{', '.join(sorted(map(_flat, value)))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _restarts(documented: str) -> tuple[str, ...]:
    """The policies that start a service again whenever the documented one does."""
    return {
        "unless-stopped": ("unless-stopped", "always"),
        "on-failure": ("on-failure", "unless-stopped", "always"),
    }.get(documented, (documented,))


def _plain(key: str, word: str) -> str:
    """A port or a mount without what it says by default, `/tcp`, `:rw`; the duration of a flag in milliseconds."""
    if key == "ports":
        return word.removesuffix("/tcp")
    if key == "mounts":
        return ":".join(part.rstrip("/") or part for part in word.removesuffix(":rw").split(":"))
    return in_milliseconds(word) if key == "command" else word


def _registered(image: str) -> str:
    """An image with the registry that Docker takes where none is said."""
    return image.removeprefix("docker.io/").removeprefix("library/")


def _of_image(wanted: Written, service: dict[str, Any]) -> Iterator[str]:
    where = service["where"]
    image, _, digest = service["image"].partition("@")
    repository, _, tag = image.rpartition("/")[2].partition(":")
    name = f"{image.rpartition('/')[0]}/{repository}".lstrip("/")
    numbers = re.findall(r"\d+", tag)
    if wanted.image is not None:
        if _registered(name) != _registered(wanted.image):
            yield f"{where}: runs the image {name}, documented {wanted.image}"
        if not digest and not service["built"] and len(numbers) < _NUMBERS:
            yield f"{where}: the tag {tag or 'latest'} of {name} moves: write a whole version, or a digest"
    if wanted.version is not None and numbers:
        said, runs = ([int(number) for number in version] for version in (wanted.version.split("."), numbers))
        if runs[0] != said[0] or runs[: len(said)] < said:
            yield f"{where}: runs version {tag} of {name}, documented is {wanted.version} or newer of major {said[0]}"


def _of_limits(wanted: Written, service: dict[str, Any]) -> Iterator[str]:
    where, memory, cpus = service["where"], service.get("memory"), service.get("cpus")
    if wanted.memory is not None and memory is not None and memory < (size_of(wanted.memory) or 0):
        yield f"{where}: may use {memory / 2**20:g} MiB of memory, documented are {wanted.memory} at least"
    if wanted.cpus is not None and cpus is not None and 0 < cpus < wanted.cpus:
        yield f"{where}: may use {cpus:g} cpus, documented are {wanted.cpus:g} at least"


def _of_containers(service: dict[str, Any]) -> Iterator[str]:
    """More than one container can't have the same port of the machine."""
    where, count = service["where"], service.get("containers")
    if count == 0:
        yield f"{where}: no container of it is started"
    fixed = [port for port in service["ports"] if re.search(r"(?:^|:)\d+:\d+(?:/|$)", port)]
    if count is not None and count > 1 and fixed:
        yield f"{where}: {count:g} containers publish {', '.join(fixed)}: only the first one starts"


def _of_rights(wanted: Written, service: dict[str, Any]) -> Iterator[str]:
    where = service["where"]
    if wanted.user is not None and service.get("user", wanted.user) != wanted.user:
        yield f"{where}: runs as {service['user'] or 'the user of its image'}, documented {wanted.user}"
    if wanted.read_only is not None and service.get("read_only", wanted.read_only) != wanted.read_only:
        yield f"{where}: its root file system is {'' if service['read_only'] else 'not '}read-only"


def _of_health(wanted: Written, service: dict[str, Any]) -> Iterator[str]:
    where, health, ill = service["where"], service.get("health", ""), service.get("ill_within")
    if wanted.health is not None and not re.search(rf"(?<!\w){re.escape(wanted.health)}(?![\w-])", health):
        yield f"{where}: its health check is {health or 'not there'!r}, documented is one that asks {wanted.health}"
    if wanted.ill_within is not None and ill is not None and ill > parse_duration(wanted.ill_within):
        yield f"{where}: counts as ill after {ill:g} s of failures, documented {wanted.ill_within}"


CHECK = register(Check("deployment-written", claims, judge, order=215))
