"""The contract: every promise of a service's monitoring page, machine-readable and validated strictly.

A promise names its truth, never the PromQL that is under test: where the expected value comes from (the ledger, the
database, the kernel) is part of the claim. Unknown keys, wrong types and numbers without sense are refused with
file, line and key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from promproof.config.durations import parse_duration
from promproof.config.guards import printed
from promproof.config.inputs import load_model
from promproof.config.promql import TooLarge, parse
from promproof.contract.boundary import Boundary as Boundary
from promproof.contract.deployment import Deployment
from promproof.contract.keys import hint
from promproof.contract.labels import (
    Label,
    Model,
    Names,
    RequestTruth,
)
from promproof.contract.page import PagePromises, Vocabulary
from promproof.contract.panels import Dashboards, RowsSumTruth, kinds
from promproof.contract.settings import Accepted, Settings
from promproof.contract.texts import Duration
from promproof.contract.truths import NoTruth, RestTruth, Truth
from promproof.errors import InputError

MetricName = Annotated[str, Field(pattern=r"^[^\x00-\x1f{}\"]+$")]
"""Any text since Prometheus 3; what older servers ask for has letters, digits, `_` and `:` only."""


REQUESTED = ("method", "route", "status", "status_class")
COUNTED = ("requests", "durations", "tally")
"""Truths whose events the ledger counts by label set at any moment."""


class Metric(Model):
    """One documented metric: its form and where its truth comes from. What is left out is not promised."""

    name: MetricName
    type: Literal["counter", "gauge", "histogram", "summary", "info", "stateset", "untyped"]
    unit: str = ""
    help: str | None = None
    labels: dict[str, Label] = Field(default_factory=dict)
    buckets: tuple[float, ...] | None = Field(default=None, strict=False)
    born: tuple[dict[str, Names], ...] = Field(default=(), strict=False)
    """Label sets that exist at 0 from the start: of each entry, every combination of its values."""
    truth: Truth = NoTruth()

    @model_validator(mode="after")
    def _fits(self) -> Metric:
        if self.type != "histogram" and self.buckets is not None:
            raise ValueError("buckets belong to a histogram")
        if self.buckets is not None and list(self.buckets) != sorted(set(self.buckets)):
            raise ValueError("buckets must ascend without repeats")
        if misfits := [named for named in self.born if set(named) != set(self.labels)]:
            raise ValueError(
                f"born has an entry with the labels {sorted(misfits[0])}, expected {sorted(self.labels)}"
            )
        if self.truth.kind == "durations" and self.type not in ("histogram", "summary"):
            raise ValueError("the truth 'durations' is that of a histogram or summary")
        if not isinstance(self.truth, RequestTruth):
            strange = [name for name, label in self.labels.items() if label.source in REQUESTED]
            if strange:
                raise ValueError(
                    f"label {', '.join(strange)} is of a request, and the truth {self.truth.kind!r} is not"
                )
        if isinstance(self.truth, RowsSumTruth) and (
            self.type != "counter" or list(self.labels) != [self.truth.subject]
        ):
            raise ValueError("the truth 'rows_sum' is that of a counter whose only label is its subject")
        return self

    @property
    def sample(self) -> str:
        """The sample whose value counts: a histogram's or summary's `_count`, else the metric itself."""
        return f"{self.name}_count" if self.type in ("histogram", "summary") else self.name

    @property
    def any_labels(self) -> bool:
        """Whether nothing is promised of its labels: they are not named, and no truth is, which goes by label set."""
        return "labels" not in self.model_fields_set and isinstance(self.truth, NoTruth | RestTruth)


class Alert(Model):
    """One documented alert. What is left out is not promised; a drill needs its threshold and `for`."""

    name: str
    comparator: Literal[">", ">=", "<", "<=", "=="] | None = None
    threshold: float | None = None
    unit: Literal["ratio", "seconds", "state"] | None = None
    window: Duration | None = None
    """0s: its expression must have none."""
    short_window: Duration | None = None
    """A second range, over which the quantity must be beyond the threshold as well: it ends soon after its cause."""
    hold: Duration | None = Field(default=None, alias="for")
    keep_firing_for: Duration | None = None
    """How long it goes on when its condition is over; judged where the contract has `settings`, or says it here."""
    severity: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels that its rule gives it, beside the severity: whose it is, say. What is not named may be any."""
    receivers: tuple[str, ...] = Field(default=(), strict=False, min_length=1)
    metrics: tuple[MetricName, ...] = Field(default=(), strict=False, min_length=1)
    """The metrics that the rule must be about; scraped ones that the page does not name (node_*) included."""
    guards: tuple[str, ...] | None = Field(default=None, strict=False)
    """Conditions beside the threshold without which it does not fire; none given: any, empty: none."""
    vanished: bool = False
    """Whether the alert also fires for a target that left discovery."""
    vanishing: tuple[str, ...] = Field(default=(), strict=False)
    """The alerts of which one fires when a metric that this one reads has vanished."""
    always: bool = False
    """Whether it never stops firing: a watchdog, whose silence is the alarm."""
    expression: str | None = None
    """What its rule must mean, with the expressions of recorded metrics in their places."""
    says: dict[str, str] = Field(default_factory=dict)
    """Its texts by the name of the annotation, {} for what is filled in; what they are about stands in braces."""
    boundary: Boundary | None = None

    @model_validator(mode="after")
    def _fits(self) -> Alert:
        if (self.comparator is None) != (self.threshold is None):
            raise ValueError("comparator and threshold belong together")
        if self.short_window is not None and not (
            self.window is not None and 0 < seconds(self.short_window) < seconds(self.window)
        ):
            raise ValueError("short_window stands beside a longer window")
        if self.guards is not None and self.threshold is None:
            raise ValueError("guards stand beside a threshold, and it has none")
        for guard in self.guards or ():
            try:
                printed(guard)
            except ValueError as error:
                raise ValueError(f"the guard {guard!r} is no PromQL: {error}") from error
        try:
            parse(self.expression or "vector(1)")
        except TooLarge:
            pass  # then it is compared word for word
        except ValueError as error:
            raise ValueError(f"the expression is no PromQL: {error}") from error
        if self.always and (self.threshold is not None or self.boundary is not None):
            raise ValueError("an alert that always fires has no threshold and no boundary")
        return self

    @property
    def promised(self) -> str:
        """Threshold, window and `for` in a line, as far as they are promised: `> 0.05 over 5m for 5m`."""
        limit = f"{self.comparator} {self.threshold:g}" if self.threshold is not None else ""
        if self.always:
            limit = "always"
        beside = f" and {self.short_window}" if self.short_window else ""
        window = f" over {self.window}{beside}" if self.window and seconds(self.window) else ""
        hold = f" for {self.hold}" if self.hold else ""
        return f"{limit}{window}{hold}".strip()

    @property
    def windows(self) -> tuple[float, ...]:
        """The lengths (s) of the ranges that are promised, unscaled."""
        return tuple(seconds(window) for window in (self.window, self.short_window) if window)

    def no_drill(self, *, stated: bool) -> str:
        """What the contract leaves out of it that a drill is judged by; empty when nothing is missing.

        stated: the drill's fault is there or it is not, so that no threshold is crossed by degrees.
        """
        if self.always:
            return ""
        missing = {"comparator and threshold": self.threshold if not stated else 0, "for": self.hold}
        return ", ".join(key for key, value in missing.items() if value is None)

    @property
    def is_dosed(self) -> bool:
        """Whether there is a value at which it changes, and so an edge."""
        return self.boundary is not None or self.unit == "state" or self.threshold is not None

    @property
    def limit(self) -> float:
        """The threshold of a drilled alert; it was asked before (`no_drill`)."""
        assert self.threshold is not None
        return self.threshold

    @property
    def edge(self) -> float:
        """The threshold in terms of the quantity that a drill doses: the boundary's, or else the documented one."""
        if self.boundary is not None:
            return self.boundary.threshold
        return 0.5 if self.unit == "state" or self.threshold is None else self.limit

    @property
    def fires_above(self) -> bool:
        """On which side of its edge it fires; of a state, a drill doses whether it is the bad one."""
        if self.boundary is not None:
            return self.boundary.fires_when == "above"
        return self.unit == "state" or self.comparator in (None, ">", ">=")


class Outage(Model):
    """How the target's database is taken away for a moment, and what its health path says meanwhile."""

    fault: str
    """A kind of fault of the target's fault port that needs nothing but a lease."""
    health: int = Field(default=503, ge=400, le=599)
    requests: str | None = None
    """A scenario that meets it, relative to the contract's folder: its background sessions begin before, those that are
    alone follow it."""


class Target(Model):
    """The API under test: how to start it, and where it answers."""

    app: str | None = None
    instances: Annotated[int, Field(ge=1, le=20)] | Annotated[Names, Field(min_length=2)] = 1
    """How many are started, or the URLs of those that run already."""
    job: str = ""
    """Empty where prometheus.yml leaves no doubt: a run fills it in."""
    health: str | None = None
    """The path that answers `health_status`; without one, its metrics answer."""
    health_status: int = Field(default=200, ge=100, le=599)
    metrics_path: str = Field(default="/metrics", pattern=r"^/")
    labels: dict[str, str] = Field(default_factory=dict)
    environment: dict[str, str] = Field(default_factory=dict)
    """Texts with {workdir}, {token} and {duration:5m} (scaled by the run's time scale)."""
    env_file: str | None = None
    """NAME=VALUE lines, in the folder where promproof is typed; `environment` goes before it."""
    directory: str | None = None
    """The folder in which its command runs; without one, that in which promproof is typed."""
    database: str | None = None
    outage: Outage | None = None
    webhook: str | None = None
    longest_handler: Duration = "10s"
    """No handler takes longer; not scaled."""
    stamped: tuple[str, ...] = Field(default=(), strict=False)
    """Metrics whose samples carry time stamps of their own on purpose, as exporters of what others measured do."""


class Traffic(Model):
    """The scenarios of the main job, relative to the contract's folder."""

    reconcile: str | None = None
    """Without it the shipped scenario `root` is played: ten requests a second for the start page."""
    drill: str | None = None
    drilled: str | None = None
    """The alert of that drill."""


class Contract(Model):
    """All claims of one service."""

    contract: Literal[1]
    service: str
    documentation: str | None = None
    page: PagePromises = PagePromises()
    target: Target = Target()
    traffic: Traffic = Traffic()
    metrics: tuple[Metric, ...] = Field(default=(), strict=False)
    allowed: tuple[str, ...] | None = Field(default=None, strict=False)
    """Metric families that may be exposed without being promised: names, or prefixes that end in `*`.

    With it, even empty, any other family is a finding; without it nothing is said of families that are not promised.
    """
    alerts: tuple[Alert, ...] = Field(default=(), strict=False)
    dashboards: Dashboards = ()
    deployment: Deployment | None = None
    settings: Settings | None = None
    accepted: tuple[Accepted, ...] | None = Field(default=None, strict=False)
    """Findings of `promproof check` that are meant so.

    With it, even empty, any other finding of severity warning or worse fails; without it nothing is said of findings.
    """

    @model_validator(mode="after")
    def _unique(self) -> Contract:
        for what, names in (
            ("metric", [metric.name for metric in self.metrics]),
            ("alert", [alert.name for alert in self.alerts]),
            ("dashboard uid", [dashboard.uid for dashboard in self.dashboards]),
            ("dashboard", [dashboard.title for dashboard in self.dashboards if dashboard.title]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what} named twice: {', '.join(twice)}")
        return self

    @model_validator(mode="after")
    def _panels_fit(self) -> Contract:
        for dashboard in self.dashboards:
            for panel in dashboard.panels:
                where = f"{dashboard.title}, {panel.title}"
                if panel.alert is not None and panel.alert not in {alert.name for alert in self.alerts}:
                    raise ValueError(f"{where}: no alert is called {panel.alert!r}")
                misfit = panel.truth.misfit(self) if panel.truth is not None else ""
                if misfit:
                    raise ValueError(f"{where}: {misfit}")
        return self

    def lacks(self, name: str, labels: set[str]) -> str:
        """What is not there of a metric with these labels, in words; empty when all of it is."""
        if name not in {metric.name for metric in self.metrics}:
            return f"no metric is called {name!r}"
        strange = sorted(labels - set(self.metric(name).labels))
        return f"{name} has no label {', '.join(strange)}" if strange else ""

    def closed(self, kind: Vocabulary) -> bool:
        """Whether the page may use names of this kind only that the files and the contract know."""
        return kind in self.page.closed

    @property
    def drilled(self) -> tuple[str, ...]:
        """Names of the alerts that the main job takes live through their threshold."""
        return (self.traffic.drilled,) if self.traffic.drilled else ()

    def metric(self, name: str) -> Metric:
        """The metric of this name; KeyError when the contract has none."""
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(name)

    def alert(self, name: str) -> Alert:
        """The alert of this name; KeyError when the contract has none."""
        for alert in self.alerts:
            if alert.name == name:
                return alert
        raise KeyError(name)

    def edges(self, alert: Alert) -> tuple[float, ...]:
        """Bucket edges of the histogram that an alert looks at; none for another kind of metric."""
        return next(
            (
                metric.buckets
                for metric in self.metrics
                if metric.name in alert.metrics and metric.buckets is not None
            ),
            (),
        )

    def permits(self, name: str) -> bool:
        """Whether a metric family may be exposed: it is promised, comes with a promised one, or is on the allow-list.

        Libraries expose when a counter or histogram was created, as a family of its own (`_created`, OpenMetrics).
        """
        created = name.removesuffix("_created")
        known = {name} if created == name else {name, created, f"{created}_total"}
        return any(metric.name in known for metric in self.metrics) or any(
            name.startswith(item[:-1]) if item.endswith("*") else name == item for item in self.allowed or ()
        )

    def of_job(self, job: str) -> Contract:
        """The contract with the scrape job that reads its target; one that names it keeps its own."""
        if self.target.job or not job:
            return self
        return self.model_copy(update={"target": self.target.model_copy(update={"job": job})})


def load(path: Path) -> Contract:
    """Read and validate a contract.

    Raises:
        InputError: with file, line, key, what was found and what was expected.
    """
    try:
        return load_model(path, Contract, "a contract", hint(Contract, kinds))
    except InputError as error:
        if not path.exists():
            error.todo = (
                "promproof init drafts one, --contract FILE names one; promproof demo shows one at work"
            )
        raise


seconds = parse_duration
"""Length of a documented duration in seconds, unscaled."""
