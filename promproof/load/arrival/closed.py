"""closed: a number of users, each of whom runs one session after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from promproof.load.arrival.kind import Arrival, Stage, register
from promproof.load.arrivals import NAP_SECONDS
from promproof.load.fields import Duration

if TYPE_CHECKING:
    from promproof.load.ground import Ground
    from promproof.load.play import Player


class UserStage(Stage):
    """A part of the closed model: with so many users, or from one number to another in a straight line."""

    users: Annotated[int, Field(ge=0)] | None = None
    begin: Annotated[int, Field(ge=0)] | None = Field(default=None, alias="from")
    end: Annotated[int, Field(ge=0)] | None = Field(default=None, alias="to")

    @property
    def edges(self) -> tuple[int, int]:
        """Users at its begin and at its end."""
        return (self.begin or 0, self.end or 0) if self.users is None else (self.users, self.users)


@register
class Closed(Arrival):
    """A number of users, each of whom runs one session after the other."""

    model: Literal["closed"]
    quantity = "users"
    users: Annotated[int, Field(ge=1)] | None = Field(default=None, description="for the whole duration")
    stages: list[UserStage] = Field(default=[], description="instead of users and duration")
    think: Duration = Field(default=0.0, description="pause between two sessions of a user")

    @property
    def most(self) -> int:
        """The highest number of users that it ever wants."""
        return self.users if self.users is not None else max(max(stage.edges) for stage in self.stages)

    def users_at(self, at: float) -> float:
        """How many users it wants `at` seconds after its begin; none after its last stage."""
        if self.users is not None:
            return self.users
        for stage in self.stages:
            if at < stage.seconds:
                begin, end = stage.edges
                return begin + (end - begin) * at / stage.seconds
            at -= stage.seconds
        return 0.0

    def drive(self, ground: Ground, player: Player) -> None:
        """Start this process's users; returns at once."""
        for number in range(self.most):
            if ground.team.share.has(number):
                ground.sessions.spawn(self._user, ground, player, number)

    def _user(self, ground: Ground, player: Player, number: int) -> None:
        began = ground.progress.began
        # spread over the first pause, so that the users do not stay in step
        ground.sleep(max(began - ground.clock(), 0.0) + self.think * number / self.most)
        while not ground.stop.asked and not ground.enough():
            if self.users_at(ground.clock() - began) <= number:
                ground.sleep(NAP_SECONDS / 10)
                continue
            ground.generator.sent += 1
            player.play(*ground.plan.next_of_mix())
            ground.sleep(self.think)
