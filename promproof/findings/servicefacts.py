"""What a compose file says of a service, as JSON: with variables filled, durations in seconds, sizes in bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from promproof.findings.part import Part, scalar_text
from promproof.findings.read_compose import environment_of, filled
from promproof.findings.services import ComposeFile, Service

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmg]?)b?", re.IGNORECASE)
_DEFAULT = re.compile(r"\$\{\w+:?-(?P<value>[^{}]*)\}")
_OUTSIDE = re.compile(r"(?:^|:)\$\{(?P<name>\w+):?-(?P<port>\d+)\}$")
_FACTORS = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30}
_PLAIN = frozenset(
    re.findall(
        r"\w+",
        "image restart profiles ports expose command environment volumes networks network_mode mem_limit memswap_limit "
        "mem_reservation cpus user read_only cap_drop security_opt scale deploy healthcheck build logging labels "
        "annotations container_name hostname domainname init pull_policy platform tty stdin_open attach develop "
        "extends links",
    )
)
"""Keys of a service that have a promise of their own, or that change nothing of what it does."""
_GRACE = 10.0
"""Seconds that a service has to stop where nothing is said (Docker)."""
INTERVAL, TIMEOUT, RETRIES = 30.0, 30.0, 3
"""Of a health check that does not say them (Docker)."""


def of_service(service: Service, file: ComposeFile) -> dict[str, Any]:
    """Image, restart, ports, command, environment, mounts, networks, profiles, limits and health check.

    defaults: of the variables of the environment, what they are where nobody sets them.
    memory, cpus: the limits, in bytes and cores; None where there is none, or one that can't be read.
    containers: how many of it are started; None where nothing is said, for one.
    health: the words of the health check, empty without one. ill_within: seconds from a failure to `unhealthy`.
    internal: whether all of its networks are, so that its ports are not published.
    left_out: the profiles that `.env` starts, where it is in none of them; empty else.
    others: what else is said of it, of its volumes and of its networks, and changes what it does.
    log: how many bytes of its log are kept; None where nothing is said, or what can't be read.
    shared: variables that give a published port, and one of another service as well.
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
        "left_out": _left_out(part, file),
        "others": dict(_others(service, file)),
        "log": _log(part.part("logging").part("options")),
        "shared": sorted(set(_shared(service, file))),
        "where": str(service.at()),
    }


def _log(options: Part) -> float | None:
    most, files = size_of(filled(options.text("max-size"), {})), _number(filled(options.text("max-file"), {}))
    return None if most is None else most * (1.0 if files is None else files)


def _shared(service: Service, file: ComposeFile) -> Iterator[str]:
    """Where somebody sets the variable both ports are one, and the second service does not start.

    Services that have one port by default, too, are alternatives, and so are those of profiles that `.env` does not
    start together.
    """
    mine = _by_variables(service)
    for other in file.services:
        if other.name == service.name or _apart(service.part, other.part, file):
            continue
        for name, port in _by_variables(other).items():
            if mine.get(name, port) != port:
                yield name


def _apart(one: Part, other: Part, file: ComposeFile) -> bool:
    """Whether two services are in different profiles, and nothing starts both by default."""
    profiles = [set(part.words("profiles")) for part in (one, other)]
    started = {name.strip() for name in file.variables.get("COMPOSE_PROFILES", "").split(",")}
    if not all(profiles) or profiles[0] & profiles[1] or "*" in started:
        return False
    return not all(mine & started for mine in profiles)


def _by_variables(service: Service) -> dict[str, str]:
    """Variables that give a published port, with their defaults."""
    ports = service.part.data.get("ports")
    texts = [
        scalar_text(port.get("published") or "")
        if isinstance(port, dict)
        else scalar_text(port).rpartition(":")[0]
        for port in (ports if isinstance(ports, list) else ())
    ]
    return {match["name"]: match["port"] for text in texts if (match := _OUTSIDE.search(text))}


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


def _left_out(part: Part, file: ComposeFile) -> str:
    started, mine = file.variables.get("COMPOSE_PROFILES", ""), set(part.words("profiles"))
    is_left_out = mine and started and not mine & {*(name.strip() for name in started.split(",")), "*"}
    return started if is_left_out and not mine & {"*"} and "*" not in started else ""


def _others(service: Service, file: ComposeFile) -> Iterator[tuple[str, Any]]:
    part = service.part
    for key, value in part.data.items():
        if key in _PLAIN or str(key).startswith("x-") or value in (None, [], {}, False):
            continue
        if key == "depends_on":
            value = _waits(value)
        elif key == "stop_grace_period" and (part.seconds(key) or 0.0) >= _GRACE:
            continue
        if value:
            yield str(key), _text(value)
    for name, network in part.entries("networks"):
        data = dict(network.data) if isinstance(network.data, dict) else {}
        taken = {other.name for other in file.services} - {service.name}
        aliases = [alias for alias in network.words("aliases") if alias in taken]
        left = {key: value for key, value in data.items() if key != "aliases"}
        if left | {"aliases": aliases} != {"aliases": []}:
            yield f"networks.{name}", _text(left | ({"aliases": aliases} if aliases else {}))
    named = {mount.source for mount in service.mounts}
    for kind, names in (("volumes", named), ("networks", set(service.networks))):
        for name, entry in file.part.entries(kind):
            data = entry.data if isinstance(entry.data, dict) else {}
            left = {key: value for key, value in data.items() if _matters(kind, str(key), value)}
            if name in names and left:
                yield f"{kind}.{name}", _text(left)


def _matters(kind: str, key: str, value: Any) -> bool:
    """Whether a key of a volume or a network changes what becomes of it; `internal` has a promise of its own."""
    is_usual = (kind, key, value) in (("volumes", "driver", "local"), ("networks", "driver", "bridge"))
    return key not in ("labels", "name", "internal") and not is_usual and value not in (None, {}, False)


def _waits(value: Any) -> Any:
    """Services that must be well, or have ended, before this one is started; an order alone keeps nothing down."""
    if not isinstance(value, dict):
        return None
    return {
        name: wait
        for name, wait in value.items()
        if isinstance(wait, dict) and wait.get("condition", "service_started") != "service_started"
    }


def _text(value: Any) -> Any:
    """Plain data with texts at its ends, however YAML has read them."""
    if isinstance(value, dict):
        return {str(key): _text(entry) for key, entry in value.items()}
    return [_text(entry) for entry in value] if isinstance(value, list) else scalar_text(value)


def _health(part: Part | None) -> dict[str, Any]:
    words = part.words("test") if part is not None else ()
    if part is None or not words or words == ("NONE",) or part.truth("disable"):
        return {"health": "", "ill_within": None}
    interval, timeout = part.seconds("interval"), part.seconds("timeout")
    each = (INTERVAL if interval is None else interval) + (TIMEOUT if timeout is None else timeout)
    return {"health": " ".join(words), "ill_within": each * (_number(part.text("retries")) or RETRIES)}
