"""gauge: a gauge of any job says a value, whatever its exporter measures.

For what can't be brought about: a disk that fills, a certificate that ends, a queue of somebody else's. Prometheus
scrapes the job through a proxy of the run, which puts the value into the exposition.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from promproof.config.yamlfile import dump, load
from promproof.errors import EvidenceError
from promproof.evidence.evidence import Evidence, Gap
from promproof.evidence.records import StoredMonitoring, Timing
from promproof.faults.kind import Fault, register
from promproof.faults.ledgers import Agreement, Held, series_of
from promproof.faults.monitoring_state import run_copy
from promproof.faults.rewriter import Rewriter, Told
from promproof.faults.site import DISCOVERY_SECONDS, POLL_SECONDS, Site
from promproof.stack.choice import Can
from promproof.stack.protocol import PROMETHEUS

KIND = "gauge"
NAME = r"^[a-zA-Z_:][a-zA-Z0-9_:]*$"


@register
class Gauge(Fault):
    """Its doses are the gauge's values, in its own unit."""

    kind: Literal["gauge"]
    metric: str = Field(pattern=NAME)
    job: str | None = None
    """Whose target exposes it; the service's own unless given."""
    labels: dict[str, str] | None = None
    """Those of the only series that it has from then on; without them each series that is there has the value."""
    beside: dict[str, float] = Field(default_factory=dict)
    """Other gauges with the same labels, and the value that they have all the time."""
    rest: float
    """The value once it is healed."""
    edge: float | None = None
    """A value between below and above, where the alert compares something else with its threshold, a forecast say."""
    shares: ClassVar[Literal["needed", "possible", "refused", "values"]] = "values"
    stack_needs: ClassVar[frozenset[Can]] = frozenset({Can.CONTROL})
    takes_over: ClassVar[bool] = True

    @property
    def watched(self) -> tuple[str, ...]:
        """The gauge, and whether its targets answered."""
        return (self.metric, "up")

    def hold(self, site: Site, drill: str, dose: float) -> None:
        """Have the gauge say so from the next scrape on."""
        rewriter = self._rewriter(site)
        site.state[KIND] = (rewriter, self.metric, Told(self.rest, self.labels))
        rewriter.gauges |= {name: Told(value, self.labels) for name, value in self.beside.items()}
        rewriter.gauges[self.metric] = Told(dose, self.labels)
        self._await_scrape(rewriter)

    def heal(self, site: Site, drill: str) -> None:
        """Back to the value at rest."""
        self.rescue(site)

    @classmethod
    def rescue(cls, site: Site) -> str:
        """Back to the value at rest."""
        if KIND not in site.state:
            return ""
        rewriter, metric, rest = site.state.pop(KIND)
        rewriter.gauges[metric] = rest
        return f"{metric} is {rest.value:g}"

    def _rewriter(self, site: Site) -> Rewriter:
        """The proxy of the job, which stays for the rest of the run."""
        job = self.job or site.job
        key = f"{KIND} {job}"
        if key not in site.kept:
            path = run_copy(site, PROMETHEUS)
            data = load(path, "the run copy").data
            mine = [each for each in data.get("scrape_configs") or () if each.get("job_name") == job]
            if not mine or any(each.get("scheme", "http") != "http" for each in mine):
                what = f"the run scrapes no job {job}" if not mine else f"job {job} is scraped by https"
                raise EvidenceError(PROMETHEUS, what, (), "correct fault.job, or leave the drill out")
            rewriter = Rewriter()
            for each in mine:
                each["proxy_url"] = rewriter.url
            path.write_text(dump(data), encoding="utf-8")
            site.stack.reload(PROMETHEUS)
            site.kept[key] = rewriter
        kept = site.kept[key]
        assert isinstance(kept, Rewriter)
        return kept

    def _await_scrape(self, rewriter: Rewriter) -> None:
        """Wait for the first scrape through the proxy.

        Raises:
            EvidenceError: none comes: a Prometheus in a container does not reach it.
        """
        deadline = time.monotonic() + 2 * DISCOVERY_SECONDS
        while not rewriter.answered:
            if time.monotonic() > deadline:
                what = f"no scrape of {self.job or 'the target'} came through the run's proxy"
                raise EvidenceError(PROMETHEUS, what, (), "use --stack processes")
            time.sleep(POLL_SECONDS)

    @property
    def at_rest(self) -> float | None:
        """As the file has it."""
        return self.rest

    def timed(self, timing: Timing, below: object, above: float | None) -> Timing:
        """With the edge in place of the alert's threshold: then its condition holds as soon as the gauge is beyond."""
        if self.edge is None or above is None:
            return timing
        return replace(
            timing, threshold=self.edge, window=0.0, short_window=0.0, fires_above=above > self.edge
        )

    def ledger(self, evidence: Evidence, held: Held) -> Agreement:
        """Each value that Prometheus stored while a dose was held must be the dose."""
        jobs = (self.job or evidence.contract.target.job,)
        shown, troubles = [], []
        try:
            every = series_of(evidence, StoredMonitoring, self.metric)
        except Gap as gap:
            return Agreement("", (str(gap),))
        wanted = (self.labels or {}).items()
        series = {
            labels: samples
            for labels, samples in every.items()
            if dict(labels).get("job") in jobs and wanted <= dict(labels).items()
        }
        for phase in held.phases:
            values = [
                value for samples in series.values() for t, value in samples if phase.begin < t < phase.end
            ]
            wrong = sorted({value for value in values if value != phase.dose})
            if not values:
                troubles.append(f"Prometheus stored no {self.metric} at {phase.dose:g}")
            elif wrong:
                troubles.append(f"Prometheus stored {wrong[0]:g} at a dose of {phase.dose:g}")
            else:
                shown.append(f"{len(values)} samples at {phase.dose:g}")
        return Agreement("; ".join(shown), tuple(troubles))

    def describe(self, dose: float | None) -> str:
        """What it says."""
        return f"{self.metric} is {0.0 if dose is None else dose:g}"
