"""What a load model is: its keys under `arrival`, what is wrong with them, and what drives its sessions.

Each model is one file that registers itself by the name in `model`. It is imported wherever a scenario is read, so it
imports no gevent: it sleeps as its ground does.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, TypeVar

from pydantic import Field, GetJsonSchemaHandler, SerializeAsAny, WrapValidator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from promproof.load.fields import Duration, Strict, problem
from promproof.registry import Registry, names_in

if TYPE_CHECKING:
    from promproof.load.ground import Ground
    from promproof.load.play import Player

Mistake = tuple[tuple[str | int, ...], str]
"""A key below `arrival`, and what is wrong with it."""


class Stage(Strict):
    """A part of the arrivals."""

    name: str | None = Field(default=None, description="its name in results; its number by default")
    seconds: Duration = Field(alias="for", description="how long it lasts")

    @property
    def edges(self) -> tuple[float, float]:
        """The model's quantity at its begin and at its end."""
        raise NotImplementedError(type(self).__name__)

    def times(self, quantity: str, factor: float) -> Self:
        """The same with so many times the quantity, which stays whole where it is."""
        values = {name: getattr(self, name) for name in (quantity, "begin", "end")}
        return self.model_copy(
            update={
                name: round(value * factor) if isinstance(value, int) else value * factor
                for name, value in values.items()
                if value is not None
            }
        )

    def mistakes(self, quantity: str) -> Iterator[Mistake]:
        """What no single key shows."""
        single = getattr(self, quantity) is not None
        ramp = [getattr(self, name) is not None for name in ("begin", "end")]
        if single == any(ramp) or any(ramp) != all(ramp):
            yield (), f"expected either {quantity}, or from and to"
        if self.seconds == 0:
            yield ("for",), "found 0, expected more than 0"


class Arrival(Strict):
    """How the sessions of the mix arrive; a model of any kind."""

    model: str
    quantity: ClassVar[str]
    """What the arrivals are measured in: a key of the model and of its stages, and, where the program has one, the
    option that sets it."""
    stages: Sequence[Stage] = Field(default=(), max_length=0)
    """Instead of the quantity and a duration; a model without them leaves this as it is."""

    # what is done

    @abstractmethod
    def drive(self, ground: Ground, player: Player) -> None:
        """Start this process's part of the sessions, from `ground.progress.began` on."""

    def schedule(self, seconds: float | None, seed: int) -> Iterator[float] | None:
        """When all arrivals are due, in seconds from the begin; None where that depends on the target."""
        return None

    def at_most(self, processes: int, files: int) -> str:
        """What bounds the sessions under way, in words; empty where the arrivals bound them by themselves.

        processes: among which they are shared; files: how many each of them may open.
        """
        return ""

    # what a file and a command line say

    @property
    def constant(self) -> float | None:
        """The quantity for the whole duration; None with stages."""
        value = getattr(self, self.quantity)
        return None if value is None else float(value)

    @property
    def constant_rate(self) -> float | None:
        """Arrivals a second, where they are the same throughout and known beforehand."""
        return None

    def mistakes(self) -> Iterator[Mistake]:
        """What no single key shows."""
        word = self.quantity
        single = self.constant is not None
        if single == bool(self.stages):
            found = "both" if single else "neither"
            yield (), f"found {found} of {word} and stages, expected one of them"
        seen: set[str] = set()
        for position, stage in enumerate(self.stages):
            key = ("stages", position)
            yield from (((*key, *rest), text) for rest, text in stage.mistakes(word))
            if stage.name is not None and stage.name in seen:
                yield (*key, "name"), f"{stage.name!r} is the name of another stage"
            seen.add(stage.name or "")
        if self.stages and not any(max(stage.edges) for stage in self.stages):
            yield ("stages",), f"found no {word} above 0 in any stage, expected one"

    def at(self, highest: float) -> Self:
        """The same with another quantity, or with stages in proportion whose highest has it."""
        if not self.stages:
            return self.model_copy(update={self.quantity: highest})
        factor = highest / max(max(stage.edges) for stage in self.stages)
        return self.model_copy(
            update={"stages": [stage.times(self.quantity, factor) for stage in self.stages]}
        )

    def lasting(self, seconds: float) -> Self:
        """The same with stages in proportion that last so long together."""
        factor = seconds / sum(stage.seconds for stage in self.stages)
        stages = [stage.model_copy(update={"seconds": stage.seconds * factor}) for stage in self.stages]
        return self.model_copy(update={"stages": stages})


ARRIVALS: Registry[type[Arrival]] = Registry("load model", "promproof.load.arrival")
"""The model of every way to arrive, by the name that a scenario has in `model`."""
ArrivalT = TypeVar("ArrivalT", bound=Arrival)


def register(model: type[ArrivalT]) -> type[ArrivalT]:
    """Let scenarios name this load model: a class decorator. Its names are the values that `model` can have.

    Raises:
        ValueError: `model` is no Literal, or a name is taken.
    """
    for name in names_in(model, "model"):
        ARRIVALS.add(name, model)
    return model


def _read(value: Any, handler: Callable[[Any], Arrival]) -> Arrival:
    """Validate with the load model that is named."""
    if isinstance(value, Arrival):
        return value
    if not isinstance(value, dict) or "model" not in value:
        return handler(value)
    known = sorted(ARRIVALS.names())
    if value["model"] not in known:
        raise problem(f"model must be one of {', '.join(known)}")
    return ARRIVALS.get(value["model"]).model_validate(value)


class _Schema:
    """The JSON Schema of all load models that are registered."""

    @staticmethod
    def __get_pydantic_json_schema__(_: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        models = [ARRIVALS.get(name) for name in sorted(ARRIVALS.names())]
        return {"oneOf": [handler(model.__pydantic_core_schema__) for model in models]}


AnyArrival = Annotated[SerializeAsAny[Arrival], WrapValidator(_read), _Schema]
"""A load model of any kind that is registered."""
