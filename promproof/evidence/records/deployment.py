"""What containers did: services, ports, isolation, usage, and what survived a restart. Written by the exercises."""

from __future__ import annotations

from dataclasses import dataclass, field

from promproof.evidence.records.base import Json, Kind, Part


@dataclass(frozen=True)
class DeploymentRead(Kind, kind="deployment"):
    """The compose file as Compose reads it; `error` says why it could not."""

    config: Json = field(default_factory=dict)
    targets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """the targets of each scrape job"""
    data_sources: tuple[Json, ...] = ()
    """as the provisioning files have them"""
    error: str | None = None


@dataclass(frozen=True)
class Service(Part):
    """A container as the engine tells it."""

    service: str
    image: str
    state: str
    health: str
    """`none` without a check"""
    pid: int
    addresses: dict[str, str]
    """by network"""
    published: tuple[tuple[str, int, int], ...]
    """(address, port on this machine, port of the container)"""


@dataclass(frozen=True)
class Services(Kind, kind="services"):
    """What the engine runs, what is published, and the number of series of each job and metric."""

    services: tuple[Service, ...]
    listeners: tuple[tuple[str, int], ...]
    """(address, port) of the listening sockets of this machine on the published ports"""
    present: dict[str, str]
    """the service of each component that runs"""
    ports: dict[str, int]
    """the published port of each component"""
    missing: dict[str, str]
    """why a service was left out"""
    series: dict[str, float]
    """number of series by `JOB METRIC`"""


@dataclass(frozen=True)
class Isolation(Kind, kind="isolation"):
    """Whether `host:port` can be reached from inside the stack's network, and from another one."""

    inside: dict[str, bool]
    outside: dict[str, bool]


@dataclass(frozen=True)
class UsageSample(Part):
    """One look: CPU seconds since its start and bytes of memory of each service; `t` in run time (s)."""

    t: float
    services: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Usage(Kind, kind="usage"):
    """CPU and memory of the stack's services over the run."""

    samples: tuple[UsageSample, ...]


@dataclass(frozen=True)
class Survived(Kind, kind="survived"):
    """The stored series of one instant before and after a restart, or `down` and `up`."""

    what: str
    series: int
    """how many there were"""
    lost: tuple[str, ...]
    """the first of those that are gone"""
    lost_count: int
    changed: tuple[str, ...]
    """the first of those with another value"""


@dataclass(frozen=True)
class Down(Kind, kind="down"):
    """What was left after `down`: containers and networks, and processes of the services."""

    left: tuple[str, ...]
    processes: int
    """how many there had been"""
    alive: tuple[int, ...]
    """ids of those that were still there"""
