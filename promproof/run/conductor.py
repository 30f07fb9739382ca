"""The one loop that drives drills: it performs each drill's steps when they are due and writes down when it did.

Nothing is judged here. Drills of one batch go through their steps independently, side by side. A step that waits for a
notification ends when it came, or when the deployed durations leave no hope for it. Signals set a flag that the loop
looks at: however often Ctrl-C is pressed, what was applied is taken back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promproof import interrupts
from promproof.contract.model import Alert
from promproof.drills.drill import Drill, as_json
from promproof.drills.plan import Step, steps
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.history import Recorder
from promproof.evidence.records import Timing
from promproof.faults.resource import Resource
from promproof.observe.node import NodeReader
from promproof.run.world import World

STEP_SECONDS = 0.02
READ_SECONDS = 1.0
INTERRUPTED = "interrupted by "


@dataclass(frozen=True)
class Part:
    """One drill to be driven, with what it is about. receivers: those at which its notifications are awaited.

    clear: the run time (s) until which alerts may still see the traffic before it; they are judged from then on.
    after: the drills of the same batch that must have ended before this one begins.
    """

    drill: Drill
    alert: Alert
    timing: Timing
    receivers: tuple[str, ...]
    clear: float | None = None
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Watch:
    """What the conductor may look at while it waits.

    alive: raises EvidenceError when something that the drills depend on has died. active: whether the alert of this
    name was seen pending or firing since a run time. state: its state in the newest poll. lateness: the longest time
    (seconds) between two answered polls.
    """

    alive: Callable[[], None]
    active: Callable[[str, float], bool]
    state: Callable[[str], str]
    lateness: Callable[[], float]


@dataclass
class Course:
    """Where one drill is."""

    part: Part
    steps: tuple[Step, ...]
    begun: float
    at: int = -1
    since: float = 0.0
    healed: float = 0.0
    """When its fault was last taken back."""
    done: bool = False
    read_at: float = 0.0
    fired: float | None = None
    """When it was first seen firing in this step."""
    broken: str | None = None
    """Why it was given up."""
    ended: float | None = None
    """When its last step was over."""
    followed: bool = False
    """Whether another drill of its alert or fault follows in the batch: then it is watched until its end alone."""

    @property
    def raised(self) -> bool:
        """Whether its fault was raised, and it has not ended."""
        return not self.done and any(step.turn == "raised" for step in self.steps[: self.at + 1])

    @property
    def disturbs(self) -> bool:
        """Whether it disturbs the path."""
        return self.part.drill.disturb is not None and self.at >= 0 and not self.done


class Conductor:
    """Drives batches of drills. say: told about every turn."""

    def __init__(self, world: World, history: Recorder, watch: Watch, say: Callable[[str], None]) -> None:
        self._world = world
        self._history = history
        self._watch = watch
        self._say = say
        self._interrupted: str | None = None
        self._reader: NodeReader | None = None

    def run(self, batch: Sequence[Part], number: int = 0, reader: NodeReader | None = None) -> None:
        """Drive one batch to its end; whatever happens, everything is healed and each drill has its record.

        reader: reads the exporter inside each dose of CPU or memory.

        Raises:
            EvidenceError: something died, or a fault could not be applied or was lost.
            InputError: a smaller time scale may be taken; never once a signal came, which ends the run.
            KeyboardInterrupt: a signal came; raised after the healing.
        """
        slack = self._watch.lateness()
        self._reader = reader
        courses = [course_of(part, slack, self._history.now()) for part in batch]
        for course in courses:
            course.followed = any(course.part.drill.name in part.after for part in batch)
        trouble: str | None = None
        refused: InputError | None = None
        with interrupts.as_flag(self._interrupt):
            try:
                self._drive(courses)
            except EvidenceError as error:
                trouble = str(error)
                raise
            except InputError as error:  # whoever would begin anew is told first that somebody ended it
                refused = error
            finally:
                if not all(course.done for course in courses):
                    for line in self._world.heal_all():
                        self._say(f"healed: {line}")
                for course in courses:
                    self._record(course, number, trouble or self._interrupted)
        if self._interrupted is not None:
            raise KeyboardInterrupt(self._interrupted.removeprefix(INTERRUPTED)) from refused
        if refused is not None:
            raise refused

    def is_clean(self) -> bool:
        """Whether nothing is left of any fault."""
        return self._world.is_clean()

    def _drive(self, courses: Sequence[Course]) -> None:
        while not all(course.done for course in courses):
            self._watch.alive()
            self._give_up_lost(courses)
            if self._interrupted is not None:
                return
            for course in courses:
                self._read(course)
                if not course.done and not waits(course, courses) and self._is_over(course, courses):
                    self._next(course)
            time.sleep(STEP_SECONDS)

    def _give_up_lost(self, courses: Sequence[Course]) -> None:
        """A fault whose lease was lost is over, and so is its drill: no other one depends on it.

        Raises:
            EvidenceError: the fault is none of these drills' own.
        """
        port = self._world.port
        if port is None:
            return
        for kind, why in [*port.lost.items()]:
            lost = f"a lease was lost: {kind}: {why}"
            owners = [
                course for course in courses if not course.done and course.part.drill.fault.kind == kind
            ]
            if not owners:
                raise EvidenceError("fault port", lost)
            del port.lost[kind]
            port.forget(kind)
            for course in owners:
                self._say(f"{course.part.drill.name}: given up, {lost}")
                course.broken, course.done = f"fault port: {lost}", True

    def _read(self, course: Course) -> None:
        """Read the exporter soon after a dose is in effect, and again and again while it is held."""
        if self._reader is None or not isinstance(course.part.drill.fault, Resource):
            return
        now = self._history.now()
        if course.at < 0 or course.done:
            return
        held = [step for step in course.steps[: course.at + 1] if step.do in ("dose", "heal")]
        if held and held[-1].do == "dose" and now >= course.read_at:
            course.read_at = now + READ_SECONDS
            self._reader.read(course.part.drill.name)

    def _is_over(self, course: Course, courses: Sequence[Course]) -> bool:
        if course.at < 0:
            return True
        step, part = course.steps[course.at], course.part
        word = part.drill.together
        if step.until == "firing" and word is not None:
            partners = [partner for partner in courses if partner.part.drill.together == word]
            return all(self._has_fired(partner) for partner in partners)
        now = self._history.now()
        if now - course.since >= step.seconds and now - course.healed >= step.since_healing:
            return True
        if step.until == "pending":
            return self._watch.active(part.alert.name, course.since)
        if step.until == "firing":
            if self._watch.state(part.alert.name) != "firing":
                return False  # a receiver may know it before the next poll: healing now would hide it from the views
            if course.fired is None:
                course.fired = self._history.now()
            if (
                not part.receivers or part.drill.fault.cuts
            ):  # they tell others: those must have had the time to be told
                told = course.fired + part.timing.group_wait + part.timing.evaluation
                return self._history.now() >= told
        return step.until in ("firing", "resolved") and self._delivered(part, step.until, course.since)

    def _has_fired(self, course: Course) -> bool:
        """Whether a drill's notification has come, or can't come any more."""
        if course.done or (course.at >= 0 and course.steps[course.at].do == "heal"):
            return True
        if self._delivered(course.part, "firing", course.begun):
            return True
        step = course.steps[course.at]
        return step.until == "firing" and self._history.now() - course.since >= step.seconds

    def _next(self, course: Course) -> None:
        if course.at < 0:
            course.begun = self._history.now()
        course.at += 1
        drill = course.part.drill
        if course.at == len(course.steps):
            course.done, course.ended = True, self._history.now()
            self._turn(drill, "ended", "watch", 0.0, course.ended)
            return
        step = course.steps[course.at]
        course.since, course.fired = self._history.now(), None
        if step.do != "watch":
            self._say(f"{drill.name}: {describe(drill, step)}")
        self._world.perform(drill, step)
        self._turn(drill, step.turn, step.do, step.value, course.since)
        for state in self._world.taken_counts():
            self._history.add(records.FaultEnded.of(drill.name, state))
        if step.until == "time":
            course.since = self._history.now()
        if step.do == "heal":
            course.healed = self._history.now()

    def _turn(self, drill: Drill, turn: str, do: str, value: float, asked: float) -> None:
        done = self._history.now()
        self._history.add(records.Turn(drill.name, turn, do, value, asked, done), t=asked)

    def _delivered(self, part: Part, status: str, since: float) -> bool:
        if not part.receivers:  # nobody tells this run: the state itself must do
            return self._watch.state(part.alert.name) == ("firing" if status == "firing" else "inactive")
        own = self._history.last(records.OwnAlerts)
        return all(
            any(
                delivery.t >= since
                and 200 <= delivery.status < 300
                and alert["labels"].get("alertname") == part.alert.name
                and (own is None or own.data.has_sent(alert["labels"]))
                and alert["status"] == status
                for delivery in self._world.receiver.deliveries(name)
                for alert in delivery.body.get("alerts", ())
            )
            for name in part.receivers
        )

    def _record(self, course: Course, number: int, trouble: str | None) -> None:
        part = course.part
        broken = trouble.splitlines()[0] if trouble and not course.done else course.broken
        ended = course.ended if course.followed and course.ended is not None else self._history.now()
        self._history.add(
            records.DrillDriven(
                name=part.drill.name,
                alert=part.alert.name,
                batch=number,
                begun=course.begun,
                ended=ended,
                plan=as_json(part.drill),
                timing=part.timing,
                receivers=part.receivers,
                slack=self._watch.lateness(),
                error=broken,
                watched=part.clear if part.clear is None else max(part.clear, course.begun),
            )
        )

    def _interrupt(self, name: str) -> None:
        if self._interrupted is None:
            self._interrupted = f"{INTERRUPTED}{name}"
            self._say(f"{self._interrupted}: healing")


def waits(course: Course, courses: Sequence[Course]) -> bool:
    """Whether a drill waits for another one: for its end, or until nobody who disturbs the path can be noticed.

    A disturbance begins when no other alert is beyond its threshold and nobody else disturbs the path, and no fault is
    raised while one lasts: all that meets a disturbance is silence. Those that name one word run side by side whatever
    they have in common: each of them waits until all have fired.
    """
    word = course.part.drill.together
    others = [other for other in courses if other is not course]
    others = [other for other in others if word is None or other.part.drill.together != word]
    if course.at < 0:
        if any(not other.done for other in others if other.part.drill.name in course.part.after):
            return True
        disturbs = course.part.drill.disturb is not None
        return disturbs and any(other.raised or other.disturbs for other in others)
    following = course.steps[course.at + 1 : course.at + 2]
    return any(step.turn == "raised" for step in following) and any(other.disturbs for other in others)


def course_of(part: Part, slack: float, now: float) -> Course:
    ages = 0.0 if part.clear is None else max(0.0, part.clear - now)
    return Course(part, steps(part.drill, part.timing, slack, ages), now)


def describe(drill: Drill, step: Step) -> str:
    """A step in words."""
    match step.do:
        case "dose":
            return f"{step.turn}, {drill.fault.describe(step.value)}"
        case "break":
            return f"{step.turn}, {drill.fault.describe(None)}"
        case "slow_scrapes":
            return f"{step.turn}, scrapes take {step.value * 1000:.0f} ms"
        case "fail_scrapes":
            return f"{step.turn}, scrapes that fail: {step.value:.0f}"
        case "disturb":
            assert drill.disturb is not None
            return f"{step.turn}: {drill.disturb.what}"
        case _:
            return step.turn
