"""Sending crowds: several clients ask one route at once while the metrics are read, only where a gauge may show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack

import requests

from promproof.draft.flight import Crowd
from promproof.draft.observed import Probe
from promproof.draft.probing import Target

CLIENTS = 6
TIMES = 5
"""Requests of each client: so few that a route which needs a second each time is over in five."""
MOST_CROWDS = 8
SETTLE_SECONDS = 0.3


def crowds(target: Target, probes: Sequence[Probe]) -> tuple[Crowd, ...]:
    """A crowd for each probe that only reads, a few at most; those whose answers did not all come are left out.

    Raises:
        EvidenceError: the metrics can't be read any more.
    """
    reading = [probe for probe in probes if probe.method == "GET"]
    return tuple(_sent(target, reading[:MOST_CROWDS]))


def _sent(target: Target, probes: Sequence[Probe]) -> Iterator[Crowd]:
    with ExitStack() as ends, ThreadPoolExecutor(CLIENTS) as pool:
        clients = [target.another() for _ in range(CLIENTS)]
        for client in clients:
            ends.callback(client.close)
        for probe in probes:
            before = target.read()
            asked = [pool.submit(_ask, client, probe) for client in clients]
            during = []
            while wait(asked, timeout=0).not_done:
                during.append(target.read())
            target.pause(SETTLE_SECONDS)
            after = target.read()
            if all(answers.result() for answers in asked):
                yield Crowd(probe, CLIENTS, tuple(during), after, before, TIMES)


def _ask(client: Target, probe: Probe) -> bool:
    """Whether all answers came and were as they are for one client."""
    try:
        return all(client.get(probe.path, probe.method).status_code == probe.status for _ in range(TIMES))
    except requests.RequestException:
        return False
