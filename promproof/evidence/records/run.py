"""What is said of a run as a whole: what it was, its phases, and what went wrong. Written by the frame of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from promproof.evidence.records.base import Json, Kind, read_data, to_json


@dataclass(frozen=True)
class Prepared(Kind, kind="prepared"):
    """The first record of every run: the service of the contract and the factor by which durations are shortened."""

    time_scale: float
    """1 is real time"""
    service: str = ""
    """the name in the contract"""


@dataclass(frozen=True)
class Inputs(Kind, kind="inputs"):
    """What the run was given: paths of masked copies in the run's folder, and the versions of what judged."""

    job: Literal["main", "drills"]
    """what was run: the main job, or drills"""
    contract: str
    """the contract's copy"""
    page: str | None
    """the documentation page; None when the contract names none"""
    scenarios: tuple[str, ...]
    """copies of the scenarios"""
    drills: tuple[str, ...]
    """of the main job, the one that it took live"""
    options: Json
    """as given, without secrets"""
    versions: dict[str, str]
    """of Python and of the libraries; those of the stack's programs are in the record `run`"""
    scrape_job: str = ""
    """the job that reads the target, which the contract may leave to prometheus.yml"""


@dataclass(frozen=True)
class Run(Kind, kind="run"):
    """What was run, on what, and how it differs from what is shipped; written when the stack is up.

    Durations are those of the run, in seconds.
    """

    service: str
    """the name in the contract"""
    time_scale: float
    """every scaled duration is the documented one divided by it"""
    not_scaled: tuple[str, ...]
    """durations that the scale leaves as they are, each with its reason"""
    target_scale: float
    """the scale of the target's own windows: 1 for a target that the run did not start"""
    scrape_interval: float
    """of the target's job"""
    scrape_timeout: float
    """of the target's job"""
    backend: str
    """who brought the stack up: `processes`, `containers` or `external`"""
    niceness: int
    """of the harness, as nice(1) has it"""
    managed: bool
    """whether the run started the target"""
    pid: int | None
    """the target's process, if it is on this machine"""
    database: bool
    """whether the target's database could be asked"""
    faults: bool
    """whether the target has a fault port"""
    no_drill: str
    """why no alert was taken live; empty when one was"""
    instance: str
    """the label `instance` of the target"""
    binaries: tuple[str, ...]
    """the programs that judged, with their versions"""
    changes: tuple[str, ...]
    """what the run copy of the monitoring folder changes, one line each"""
    diff: str
    """the same as a unified diff"""
    instances: tuple[str, ...] = ()
    """of several instances, the label of each, the first one's first; empty for a target of one"""
    balanced: bool = False
    """whether something in front of the instances decides which of them answers, so that nobody knows"""

    @property
    def is_external(self) -> bool:
        """Whether the stack ran already: nobody here knows what was before, nor all of its files."""
        return self.backend == "external"


@dataclass(frozen=True)
class OfInstance(Kind, kind="of_instance"):
    """A record of one of several instances: what it would be if the target were that one alone."""

    instance: str
    """its label, one of those in `run`"""
    record: str
    """the kind of the record"""
    data: Json
    """what that kind holds"""

    @classmethod
    def of(cls, instance: str, record: Kind) -> OfInstance:
        """A record of this instance."""
        return cls(instance, record.kind, to_json(record))

    def read(self) -> Kind:
        """The record.

        Raises:
            Broken: it is of an unknown kind, or of another form.
        """
        return read_data(self.record, self.data)


@dataclass(frozen=True)
class Phase(Kind, kind="phase"):
    """The begin or the end of a phase of the main job; the time is that of the record."""

    name: Literal["traffic", "stimuli"]
    """`traffic` is the reconciliation, `stimuli` what follows it"""
    edge: Literal["begin", "end"]
    """which of its ends it is"""


@dataclass(frozen=True)
class Quiescence(Kind, kind="quiescence"):
    """How long the run waited (s) for what was under way, and whether nothing moved any more after that."""

    waited: float
    """seconds"""
    reached: bool
    """false when something still moved"""


@dataclass(frozen=True)
class ObservationFailed(Kind, kind="observation_failed"):
    """Something could not be observed: what depends on it is unknown, and nothing else."""

    what: str
    """the kind of record that is missing, or the step"""
    error: str
    """type and message of the exception"""


@dataclass(frozen=True)
class Trouble(Kind, kind="trouble"):
    """What broke a run off: the error as it was shown."""

    error: str
    """with its details, line by line"""


@dataclass(frozen=True)
class Ended(Kind, kind="ended"):
    """The last record of a run that ended by itself."""

    trouble: str | None
    """what broke it off"""
    interrupted: bool = False
    """whether that was a signal"""
    crashes: int = 0
    """exceptions that nobody expected; tracebacks.txt has them"""
