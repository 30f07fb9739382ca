"""What a kind of fault is: the model of what a drill file says of it, and all that it does and means.

Each kind is one file that registers its model by the name in `kind`. A fault is written into the undo book before it
is applied, unless it dies with the run.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, Field, SerializeAsAny, WrapValidator

from promproof.contract.labels import Model
from promproof.contract.model import Alert, Contract
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import Timing
from promproof.faults.ledgers import Agreement, Held
from promproof.faults.occurring import Occurring
from promproof.faults.site import Site
from promproof.registry import Registry, names_in
from promproof.stack.choice import Can

Share = Annotated[float, Field(gt=0, lt=1)]
Dose = Annotated[float, Field(gt=0)]
"""Of a fault of the library a share; of somebody else's in the unit of the boundary's `q`, items in a queue say."""
Words = Annotated[tuple[str, ...], Field(strict=False, min_length=1)]


class Need(StrEnum):
    """What a fault needs of a run, beside what its stack can do."""

    FAULT_PORT = "the target's fault port"
    TARGET = "a target that the run has started"


class Fault(Model):
    """A fault of any kind; what is said here holds for a fault of somebody else's target."""

    kind: str
    shares: ClassVar[Literal["needed", "possible", "refused", "values"]] = "possible"
    """Whether a drill names a share below and a share above: without one the fault is there, or it is not.

    values: it names them, and they are no shares.
    """
    traffic: ClassVar[bool] = False
    """Whether it decides on requests, so that a drill needs a scenario."""
    needs: ClassVar[frozenset[Need]] = frozenset()
    stack_needs: ClassVar[frozenset[Can]] = frozenset()
    alone: ClassVar[bool] = True
    """Whether nothing else can be drilled meanwhile, because the whole target or path is taken."""
    fails_scrapes: ClassVar[bool] = False
    """Whether scrapes of the target fail by it."""
    silences: ClassVar[bool] = False
    """Whether the target can't take notifications meanwhile."""

    takes_over: ClassVar[bool] = False
    """Whether what its alert saw before the first dose, and may still be active for, is none of the drill's."""

    @property
    def cuts(self) -> bool:
        """Whether nobody can be told of anything meanwhile."""
        return False

    @property
    def downs(self) -> tuple[str, ...]:
        """Jobs of the monitoring whose scrapes fail by it, as monitoring folders usually call them."""
        return ()

    @property
    def watched(self) -> tuple[str, ...]:
        """Metrics of the monitoring itself that its ledger asks for."""
        return ()

    # what is done

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Apply the fault, or hold another dose of it: in effect when this returns. Without a share the dose is 1.

        Raises:
            EvidenceError: it could not be applied.
        """
        raise NotImplementedError(self.kind)

    def heal(self, site: Site, drill: str) -> None:
        """Take it back; nothing when it was not applied. By default that is what the book says of this drill.

        Raises:
            EvidenceError: it could not be taken back; the book keeps it.
        """
        site.take_back(drill)

    @classmethod
    def rescue(cls, site: Site) -> str:
        """After trouble: take back what neither the book nor the fault port takes back; what was done, or nothing."""
        return ""

    # what it means for the alert

    def decided(self, events: float | None, rate: float | None) -> float | None:
        """Events a second that the dosing decides on, from the drill's keys; None for an exact quantity."""
        return events

    @property
    def accumulators(self) -> int:
        """Counters that are rounded on their own."""
        return 1

    def lag(self, scrape: float, scrape_timeout: float) -> float:
        """How much later (seconds) than decided an event may show up at Prometheus."""
        return scrape_timeout

    def timed(self, timing: Timing, below: object, above: float | None) -> Timing:
        """The durations and the threshold that its doses are measured by; those of the alert unless it knows better."""
        return timing

    def told_late(self, timing: Timing) -> float:
        """How much later (seconds) a notification may come, because the way of notifications is renewed."""
        return 0.0

    def unmet(self, contract: Contract, alert: Alert) -> str:
        """Why it could not make this alert fire in this set-up; empty where nothing speaks against it."""
        return ""

    def occurring(self, timing: Timing) -> Occurring | None:
        """When it makes the events that a rule such as `rate(errors[5m]) > 0` counts; None where nobody can tell."""
        return None

    @property
    def hold_back(self) -> str | None:
        """How long the fault holds an event back at least, a duration that is not scaled; None when it does not."""
        return None

    @property
    def at_rest(self) -> float | None:
        """The quantity while no dose is held; None for the harmless end of the scale."""
        return None

    @property
    def added(self) -> tuple[str, str] | None:
        """Method and route of the requests that the fault itself sends; None for one that sends none."""
        return None

    def ledger(self, evidence: Evidence, held: Held) -> Agreement:
        """What was injected, what the clients saw and what Prometheus stored, and where they disagree.

        Raises:
            Gap: one of them was not recorded.
        """
        return Agreement("a fault of somebody else's target keeps no ledger", ())

    # in words

    def describe(self, dose: float | None) -> str:
        """The fault in a line of a run's timeline."""
        return self.kind if dose is None else f"{self.kind} at {dose:.4g}"


FAULTS: Registry[type[Fault]] = Registry("fault", "promproof.faults")
"""The model of every kind of fault, by the name that a drill file has in `kind`."""
FaultT = TypeVar("FaultT", bound=Fault)


def register(model: type[FaultT]) -> type[FaultT]:
    """Let drill files name this kind: a class decorator. Its names are the values that `kind` can have.

    Raises:
        ValueError: `kind` is no Literal, or a name is taken.
    """
    for name in names_in(model, "kind"):
        FAULTS.add(name, model)
    return model


def kinds(model: type[BaseModel]) -> list[type[BaseModel]]:
    """The registered kinds of fault, for the model that stands for any; nothing for another."""
    return list(FAULTS) if model is Fault else []


def _read(value: Any, handler: Callable[[Any], Fault]) -> Fault:
    """Validate with the model of the kind that is named."""
    if isinstance(value, Fault):
        return value
    if not isinstance(value, dict):
        return handler(value)
    known = sorted(FAULTS.names())
    name = value.get("kind")
    if name not in known:
        raise ValueError(f"kind must be one of {', '.join(known)}")
    return FAULTS.get(name).model_validate(value)


AnyFault = Annotated[SerializeAsAny[Fault], WrapValidator(_read)]
"""A fault of any kind that is registered."""
