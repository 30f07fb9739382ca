"""What a run of drills waits for before its first dose, and when it sees that its machine can't keep up.

No window needs to be full by then: the harmless side of each drill lasts a whole one, and until it is full the states
that are admissible know from when on there were events. Alerts from before the first scrape must be gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from promproof.checks.aspect_others import of_the_machine
from promproof.evidence.history import Recorder
from promproof.observe.polling import Pollers
from promproof.run.bench import Bench
from promproof.run.frame import Say
from promproof.run.holding import seen_slow, too_much
from promproof.run.pace import timing_of
from promproof.run.prepared import Prepared

SETTLE_SECONDS = 10.0
SCRAPES = 20
"""are looked at before a machine is said to be too slow: three of them must be late"""


class Settling:
    """The begin of a run."""

    def __init__(self, prepared: Prepared, bench: Bench, history: Recorder, pollers: Pollers) -> None:
        self._prepared = prepared
        self._bench = bench
        self._history = history
        self._pollers = pollers
        self._looked = False
        self._begun = history.now()

    def wait(self, windows: Sequence[float], alive: Callable[[], None], say: Say) -> None:
        """Wait until no alert is left from before the first scrape. windows: of the alerts to be drilled, seconds.

        Raises:
            EvidenceError: something has died.
        """
        say("settling: alerts from before the first scrape go")
        self._begun = self._history.now()
        last = self._begun + max(windows, default=0.0) + 2 * self._bench.pace.scrape_interval
        # Alertmanager tells of a resolved alert at its next group_interval
        contract = self._prepared.contract
        intervals = [
            timing_of(self._prepared, alert).group_interval for alert in contract.alerts if alert.is_dosed
        ]
        calm = max(intervals, default=1.0)
        beside = self._beside()
        quiet_since: float | None = None
        while True:
            alive()
            now = self._history.now()
            quiet_since = (quiet_since or now) if self._pollers.quiet(beside) else None
            if quiet_since is not None and now - quiet_since >= calm + 0.5:
                return
            if now > last + 3 * calm + SETTLE_SECONDS:
                # not an end: an alert that fires without a fault is what the drills will say
                say("alerts are active before any fault")
                return
            time.sleep(0.05)

    def _beside(self) -> Collection[str]:
        """Alerts that may be active: they are meant to be, or the machine's own business."""
        contract = self._prepared.contract
        return {alert.name for alert in contract.alerts if alert.always} | of_the_machine(contract, True)

    def raise_if_too_much(self, rate: float, may_lower: Callable[[], bool]) -> None:
        """End the run where its target has no time left for its scrapes, and another one may ask for less.

        It is looked at once, while the first doses are still on their harmless side. rate: sessions a second.

        Raises:
            TooMuch: a smaller time scale may be taken.
        """
        filled = self._history.now() - self._begun
        bench = self._bench
        if self._looked or not rate or filled < (SCRAPES + 1) * bench.pace.scrape_interval:
            return
        self._looked = True
        if (seen := seen_slow(bench, filled)) and may_lower():
            raise too_much(seen, rate, self._prepared.scale)
