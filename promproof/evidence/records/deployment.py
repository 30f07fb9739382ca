"""What containers did: services, ports, isolation, usage, and what survived a restart. Written by the exercises."""

from __future__ import annotations

from dataclasses import dataclass, field

from promproof.evidence.records.base import Json, Kind, Part


@dataclass(frozen=True)
class DeploymentRead(Kind, kind="deployment"):
    """The compose file as Compose reads it; `error` says why it could not."""

    config: Json = field(default_factory=dict)
    """as `docker compose config` gives it"""
    targets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """the targets of each scrape job"""
    data_sources: tuple[Json, ...] = ()
    """as the provisioning files have them"""
    error: str | None = None
    """why Compose could not read it"""


@dataclass(frozen=True)
class Service(Part):
    """A container as the engine tells it."""

    service: str
    """its name in the compose file"""
    image: str
    """the image that it runs"""
    state: str
    """`running`, `exited` and so on"""
    health: str
    """`none` without a check"""
    pid: int
    """of its first process, on this machine"""
    addresses: dict[str, str]
    """by network"""
    published: tuple[tuple[str, int, int], ...]
    """(address, port on this machine, port of the container)"""


@dataclass(frozen=True)
class Services(Kind, kind="services"):
    """What the engine runs, what is published, and the number of series of each job and metric."""

    services: tuple[Service, ...]
    """those of the run's project"""
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
    """by `host:port`"""
    outside: dict[str, bool]
    """by `host:port`"""


@dataclass(frozen=True)
class UsageSample(Part):
    """One look: CPU seconds since its start and bytes of memory of each service; `t` in run time (s)."""

    t: float
    """run time (s)"""
    services: dict[str, tuple[float, float]]
    """CPU seconds since its start, and bytes of memory, by service"""


@dataclass(frozen=True)
class Usage(Kind, kind="usage"):
    """CPU and memory of the stack's services over the run."""

    samples: tuple[UsageSample, ...]
    """one every five seconds"""


@dataclass(frozen=True)
class Survived(Kind, kind="survived"):
    """The stored series of one instant before and after a restart, or `down` and `up`."""

    what: str
    """`restart`, or `down and up`"""
    series: int
    """how many there were"""
    lost: tuple[str, ...]
    """the first of those that are gone"""
    lost_count: int
    """how many are gone"""
    changed: tuple[str, ...]
    """the first of those with another value"""


@dataclass(frozen=True)
class Down(Kind, kind="down"):
    """What was left after `down`: containers and networks, and processes of the services."""

    left: tuple[str, ...]
    """names of containers and networks"""
    processes: int
    """how many there had been"""
    alive: tuple[int, ...]
    """ids of those that were still there"""
