"""The regular writing of a run: the ledger's bins, the generator's state once a second, and what both show amiss."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import gevent

from promproof.load.ground import Ground
from promproof.load.patience import Patience
from promproof.load.punctuality import overrun
from promproof.load.roles import Pulse, Writer


def write_regularly(
    ground: Ground,
    patience: Patience,
    users: Callable[[], int],
    problem: Callable[[str], None],
    give_up: Callable[[str], None],
) -> None:
    """Write once a bin, until the greenlet is killed.

    users: how many of Locust's users have come. problem: told why the evidence is incomplete.
    give_up: ends the run for a reason, if there is one.
    """
    ledger, generator, progress = ground.ledger, ground.generator, ground.progress
    due = ground.clock()
    pulse, lag_before = Pulse(due), 0.0
    while True:
        due += ledger.bin_seconds
        gevent.sleep(max(due - ground.clock(), 0.0))
        now = ground.clock()
        lag = now - due
        generator.loop_lag_max_seconds = max(generator.loop_lag_max_seconds, lag)
        due += lag if lag > ledger.bin_seconds else 0.0
        ground.written(lambda writer: writer.flush())
        give_up(patience.lost(now, users(), ledger.opened, ledger.open_requests()))
        if pulsed := pulse.beat(now, lag):
            ground.written(partial(_sample, pulsed, generator.sent))
            newest = progress.newest_lag
            if late := overrun(newest, lag_before, pulsed["cpu"], generator.sent, now - progress.began):
                problem(late)
                ground.stop("the rate is beyond this machine", cut=True)
            lag_before = newest


def _sample(pulsed: Mapping[str, float], sent: int, writer: Writer) -> None:
    writer.sample(**pulsed, sent=sent)
