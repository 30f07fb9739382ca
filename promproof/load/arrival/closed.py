"""closed: a number of users, each of whom runs one session after the other."""

from __future__ import annotations

import gevent

from promproof.load.arrivals import NAP_SECONDS
from promproof.load.drive import driver
from promproof.load.ground import Ground
from promproof.load.models import Closed
from promproof.load.play import Player
from promproof.load.rates import most_users, users_at


@driver("closed")
def drive(ground: Ground, player: Player, arrival: Closed) -> None:
    """Start this process's users; returns at once."""
    for number in range(most_users(arrival)):
        if ground.team.share.has(number):
            ground.sessions.spawn(_user, ground, player, number, arrival)


def _user(ground: Ground, player: Player, number: int, arrival: Closed) -> None:
    began = ground.progress.began
    # spread over the first pause, so that the users do not stay in step
    gevent.sleep(max(began - ground.clock(), 0.0) + arrival.think * number / most_users(arrival))
    while not ground.stop.asked and not ground.enough():
        if users_at(arrival, ground.clock() - began) <= number:
            gevent.sleep(NAP_SECONDS / 10)
            continue
        ground.generator.sent += 1
        player.play(*ground.plan.next_of_mix())
        gevent.sleep(arrival.think)
