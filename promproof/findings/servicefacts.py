"""What a compose file says of a service, as JSON: with variables filled, durations in seconds, sizes in bytes."""

from __future__ import annotations

import re
from typing import Any

from promproof.findings.part import Part
from promproof.findings.read_compose import environment_of, filled
from promproof.findings.services import ComposeFile, Service

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmg]?)b?", re.IGNORECASE)
_DEFAULT = re.compile(r"\$\{\w+:?-(?P<value>[^{}]*)\}")
_FACTORS = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30}
INTERVAL, TIMEOUT, RETRIES = 30.0, 30.0, 3
"""Of a health check that does not say them (Docker)."""


def of_service(service: Service, file: ComposeFile) -> dict[str, Any]:
    """Image, restart, ports, command, environment, mounts, networks, profiles, limits and health check.

    defaults: of the variables of the environment, what they are where nobody sets them.
    memory, cpus: the limits, in bytes and cores; None where there is none, or one that can't be read.
    containers: how many of it are started; None where nothing is said, for one.
    health: the words of the health check, empty without one. ill_within: seconds from a failure to `unhealthy`.
    internal: whether all of its networks are, so that its ports are not published.
    """
    part = service.part
    limits = part.part("deploy").part("resources").part("limits")
    return {
        "image": service.image,
        "built": "build" in part,
        "restart": part.text("restart", "no"),
        "profiles": sorted(part.words("profiles")),
        "ports": sorted(service.published),
        "command": list(service.command),
        "environment": dict(service.environment),
        "defaults": {
            name: match["value"]
            for name, value in environment_of(part).items()
            if (match := _DEFAULT.fullmatch(value))
        },
        "mounts": sorted(
            f"{mount.source.rstrip('/') or '/'}:{mount.target}{':ro' if mount.read_only else ''}"
            if mount.source
            else mount.target
            for mount in service.mounts
        ),
        "networks": sorted(service.networks)
        if not part.text("network_mode")
        else [f"network_mode: {part.text('network_mode')}"],
        "internal": _is_internal(service, file),
        "memory": size_of(filled(part.text("mem_limit") or limits.text("memory"), {})),
        "cpus": _number(filled(part.text("cpus") or limits.text("cpus"), {})),
        "user": filled(part.text("user"), {}),
        "read_only": part.truth("read_only"),
        "cap_drop": sorted(part.words("cap_drop")),
        "security_opt": sorted(part.words("security_opt")),
        "containers": _number(filled(part.text("scale") or part.part("deploy").text("replicas"), {})),
        **_health(service.healthcheck),
        "where": str(service.at()),
    }


def size_of(text: str) -> float | None:
    """Bytes of a size as Compose writes it (`256m`, `1gb`, a number of bytes); None for anything else."""
    match = _SIZE.fullmatch(text.strip())
    return float(match[1]) * _FACTORS[match[2].lower()] if match is not None else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_internal(service: Service, file: ComposeFile) -> bool:
    networks = file.part.part("networks")
    if service.part.text("network_mode"):
        return False
    return all(networks.part(name).truth("internal") for name in service.networks)


def _health(part: Part | None) -> dict[str, Any]:
    words = part.words("test") if part is not None else ()
    if part is None or not words or words == ("NONE",) or part.truth("disable"):
        return {"health": "", "ill_within": None}
    interval, timeout = part.seconds("interval"), part.seconds("timeout")
    each = (INTERVAL if interval is None else interval) + (TIMEOUT if timeout is None else timeout)
    return {"health": " ".join(words), "ill_within": each * (_number(part.text("retries")) or RETRIES)}
