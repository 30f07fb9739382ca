"""Before the arrivals: the pools are filled, then the once sessions run, in the order of the file, wave after wave."""

from __future__ import annotations

from collections.abc import Callable

import gevent
from gevent.pool import Pool

from promproof.load.ground import Ground
from promproof.load.models import Once
from promproof.load.plan import Item, ReadyRequest, ReadySession, Visit
from promproof.load.play import Player, SetupError

SETUP_AT_ONCE = 8
"""create requests of one pool under way at the same time"""


def set_up(ground: Ground, player: Player, missing: Callable[[str, SetupError], None] | None = None) -> None:
    """Create what the pools hold. missing: told of a pool that can't be filled, and why: then the next one follows.

    Raises:
        SetupError: something could not be created, and nobody is told.
    """
    for name, pool in ground.scenario.pools.items():
        request = ground.plan.creates[name]
        failed: list[SetupError] = []

        def create(visit: Visit, request: ReadyRequest = request, failed: list[SetupError] = failed) -> Item:
            if ground.stop.asked or failed:
                return {}
            try:
                return player.create(request, visit)
            except SetupError as error:  # a greenlet that raises would print a traceback
                failed.append(error)
                return {}

        visits = [ground.plan.visit() for _ in range(pool.count)]
        ground.plan.items[name] = Pool(SETUP_AT_ONCE).map(create, visits)
        if failed and missing is None:
            raise failed[0]
        if failed and missing is not None:
            ground.plan.items[name] = []
            missing(name, failed[0])


def run_once(ground: Ground, player: Player) -> list[gevent.Greenlet]:
    """Run the once sessions; returns when all have ended but those that go on through the arrivals."""
    beside: list[gevent.Greenlet] = []
    through: list[gevent.Greenlet] = []
    for spec, session in zip(ground.scenario.once, ground.plan.once, strict=True):
        if ground.plan.lacks(session):
            continue
        if spec.alone:
            gevent.joinall(beside)
        runs = ground.sessions.spawn(_times, ground, player, spec, session)
        if spec.through:
            through.append(runs)
        elif spec.background:
            beside.append(runs)
        else:
            runs.join()
    gevent.joinall(beside)
    return through


def _times(ground: Ground, player: Player, spec: Once, session: ReadySession) -> None:
    ground.event("once-started", session=session.name)
    slots = Pool(spec.at_once)
    for number in range(spec.times):
        if ground.stop.asked:
            break
        if spec.stretched and number % spec.at_once == 0:
            slots.join()  # wave after wave: in each, how many are under way is certain
        slots.wait_available()
        slots.add(ground.sessions.spawn(player.play, session, ground.plan.visit(session)))
    slots.join()
    ground.event("once-ended", session=session.name)
