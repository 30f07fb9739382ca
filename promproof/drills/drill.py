"""A drill as a file: the alert, its traffic, the fault with its doses, and what else may happen.

Every fault has an undo: built-in ones bring their own, those for other people's targets must name it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from promproof.config.inputs import Document, load_document, load_model
from promproof.contract.keys import hint
from promproof.contract.labels import Model
from promproof.contract.model import Contract
from promproof.contract.texts import Duration, Pattern
from promproof.errors import InputError
from promproof.evidence.records import Timing
from promproof.faults.kind import AnyFault, Dose, Share, kinds
from promproof.faults.ledgers import Held, Phase


class NearMiss(Model):
    """The harmless side of a fault that has no share: slow scrapes and scrapes that fail, or the fault for a while."""

    lasts: Duration | None = None
    """The fault itself, shorter than `for`; a duration as deployed, it is scaled."""
    slow_scrapes: Share | None = None
    """Scrapes take this part of their time-out."""
    failed_scrapes: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _either(self) -> NearMiss:
        if self.lasts is not None and self.of_scrapes:
            raise ValueError("lasts stands alone: it is the fault itself, and no scrape is slowed or failed")
        return self

    @property
    def of_scrapes(self) -> bool:
        """Whether scrapes of the target are slowed or failed, by its fault port."""
        return self.slow_scrapes is not None or self.failed_scrapes > 0


class Pulses(Model):
    """The fault again and again, each time too short for `for`; durations as deployed, they are scaled."""

    times: int = Field(ge=2)
    above_for: Duration
    below_for: Duration


class Disturbance(Model):
    """What is done to the path itself, and in which phase."""

    what: Literal[
        "webhook_fails", "alertmanager_restarts", "prometheus_restarts", "scrapes_fail", "target_restarts"
    ]
    when: Literal["below", "pending", "firing"]
    times: int = Field(default=3, ge=1)
    """How many deliveries the webhook refuses, or how many scrapes fail."""


class Drill(Model):
    """One drill."""

    drill: Literal[1]
    name: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    description: str = ""
    alert: str
    scenario: str | None = None
    rate: float | None = Field(default=None, gt=0)
    """Sessions per second of the scenario; not scaled by the time scale."""
    events: float | None = Field(default=None, gt=0)
    """Events per second that the fault decides on, when they are not `rate`: another fault may take some of them."""
    fault: AnyFault
    below: Dose | NearMiss | None = None
    above: Dose | None = None
    may: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Other alerts that may fire meanwhile; all others must not."""
    receivers: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Where notifications are judged; the documented receivers by default."""
    shows: dict[str, Pattern] = Field(default_factory=dict)
    """For each annotation a pattern that its text must match; the groups `percent` and `seconds` hold the value."""
    together: str | None = None
    """Drills that name the same word run side by side, and none is healed before all of them have fired."""
    pulses: Pulses | None = None
    disturb: Disturbance | None = None
    dead_man: bool = False
    """The alert always fires: whether its receiver can notice that it stops, and that it comes again."""
    by_name: bool = False
    """It is driven when it is named: it takes long, or is the first of a run; --all leaves it out and says so."""
    page_routing: bool = False
    """The notification goes to the target itself even while it is down; the drill reports it as late or lost."""

    @model_validator(mode="after")
    def _fits(self) -> Drill:
        shares = self.fault.shares
        if shares in ("needed", "values") and not (isinstance(self.below, float) and self.above is not None):
            word = "share" if shares == "needed" else "value"
            raise ValueError(f"the fault '{self.fault.kind}' needs a {word} below and a {word} above")
        if shares == "refused" and (isinstance(self.below, float) or self.above is not None):
            raise ValueError(
                f"the fault '{self.fault.kind}' has no share; below may name slow or failed scrapes"
            )
        doses = [dose for dose in (self.below, self.above) if isinstance(dose, float)]
        if shares == "needed" and any(dose >= 1 for dose in doses):
            raise ValueError(
                f"the fault '{self.fault.kind}' takes shares: below and above must be less than 1"
            )
        if (self.scenario is None) != (self.rate is None):
            raise ValueError("scenario and rate belong together")
        if self.dead_man and (self.above is not None or self.below is not None or not self.fault.cuts):
            raise ValueError("dead_man needs a fault that cuts the way of all notifications, and no doses")
        if self.fault.traffic and self.scenario is None:
            raise ValueError(f"the fault '{self.fault.kind}' needs traffic: scenario and rate")
        return self

    @property
    def decided(self) -> float | None:
        """Events a second that the dosing decides on; None for an exact quantity."""
        return self.fault.decided(self.events, self.rate)

    def timed(self, timing: Timing) -> Timing:
        """What its doses are measured by, from the durations and the threshold of its alert."""
        return self.fault.timed(timing, self.below, self.above)

    @property
    def alone(self) -> bool:
        """Whether nothing else can be drilled meanwhile: the fault takes the whole target or path."""
        return self.fault.alone or self.disturb is not None or self.pulses is not None

    def held(self, begun: float, ended: float, phases: Sequence[Phase]) -> Held:
        """The drill as its fault sees it, between two run times."""
        return Held(
            drill=self.name,
            alert=self.alert,
            begun=begun,
            ended=ended,
            phases=phases,
            below=self.below if isinstance(self.below, float) else 0.0,
            above=self.above or 0.0,
            decided=self.decided,
            restarted=self.disturb is not None and self.disturb.what == "target_restarts",
        )


class Loaded(Model):
    """A drill with its file, for messages, and its scenario's."""

    plan: Drill
    path: Path
    default: bool = True

    @property
    def scenario(self) -> Path | None:
        """The scenario's file; it is named relative to the drill's."""
        return self.path.parent / self.plan.scenario if self.plan.scenario is not None else None

    def at_rate(self, share: float) -> Loaded:
        """The same drill with this share of its rate; one without a rate is as it is."""

        def part(rate: float | None) -> float | None:
            return None if rate is None else rate * share

        changed = {"rate": part(self.plan.rate), "events": part(self.plan.events)}
        return self.model_copy(update={"plan": self.plan.model_copy(update=changed)})

    def with_events(self, more: float) -> Loaded:
        """The same drill whose fault decides on so many more events a second; one that decides on none is as it is."""
        decided = self.plan.decided
        changed = {"events": None if decided is None else decided + more}
        return self.model_copy(update={"plan": self.plan.model_copy(update=changed)})

    def where(self, key: str) -> str:
        """`file:line` of a key."""
        return _document(self.path).where((key,))


def load(path: Path) -> Drill:
    """Read and validate a drill file.

    Raises:
        InputError: with file, line and key.
    """
    return load_model(path, Drill, "a drill", hint(Drill, kinds))


def load_folder(folder: Path) -> list[Loaded]:
    """The default drills of a folder, then those of its sub-folders.

    Raises:
        InputError: a file is wrong, two drills have one name, or there is none.
    """
    files = sorted(folder.glob("*.yaml")) + sorted(folder.glob("*/*.yaml"))
    drills = [Loaded(plan=load(path), path=path, default=path.parent == folder) for path in files]
    if not drills:
        raise InputError(
            what="no drill is there",
            where=str(folder),
            expected="YAML files",
            todo="name the folder with --drills; `promproof init` drafts some for a folder with an Alertmanager",
        )
    seen: dict[str, Path] = {}
    for drill in drills:
        if drill.plan.name in seen:
            raise InputError(
                what=f"the name {drill.plan.name} is taken by {seen[drill.plan.name]}",
                where=drill.where("name"),
                expected="a name of its own",
                todo="rename one",
            )
        seen[drill.plan.name] = drill.path
    return drills


def check(drill: Loaded, contract: Contract, rules: set[str], receivers: set[str]) -> None:
    """What a drill names must be there.

    Raises:
        InputError: an alert that the contract or the rules do not have, or a receiver that nobody configured.
    """
    plan = drill.plan
    documented = {alert.name for alert in contract.alerts}
    for key, names in (("alert", (plan.alert,)), ("may", plan.may)):
        for name in names:
            if name not in documented:
                raise _unknown("alert", name, drill.where(key), documented, "in the contract")
            if name not in rules:
                raise _unknown("alert", name, drill.where(key), rules, "in the rule files")
    missing = contract.alert(plan.alert).no_drill(stated=plan.above is None)
    if missing:
        raise InputError(
            what=f"the contract does not say what {plan.alert} promises: {missing}",
            where=drill.where("alert"),
            expected="an alert whose threshold and `for` are promised",
            todo="add them to the alert in the contract: a drill is judged by what is promised",
        )
    alert = contract.alert(plan.alert)
    if alert.always != plan.dead_man:
        raise InputError(
            what=f"{plan.alert} {'always fires' if alert.always else 'does not always fire'} by the contract",
            where=drill.where("dead_man" if plan.dead_man else "alert"),
            expected="`dead_man: true` for an alert that always fires, and for no other",
            todo="add it" if alert.always else "leave it out",
        )
    if unmet := plan.fault.unmet(contract, alert):
        raise InputError(
            what=f"the drill {plan.name} would show nothing: {unmet}",
            where=drill.where("fault"),
            expected="a fault that moves what the alert looks at",
            todo="correct the fault, or leave the drill out",
        )
    for name in plan.receivers:
        if name not in receivers:
            raise _unknown(
                "receiver", name, drill.where("receivers"), receivers, "in Alertmanager's configuration"
            )


def _unknown(what: str, name: str, where: str, known: set[str], place: str) -> InputError:
    return InputError(
        what=f"{what} {name!r} is not {place}",
        where=where,
        expected=f"one of {', '.join(sorted(known))}",
        todo="correct the name",
    )


def _document(path: Path) -> Document:
    return load_document(path, "a drill")


def as_json(drill: Drill) -> dict[str, Any]:
    """A drill as the history keeps it."""
    return drill.model_dump(mode="json")
