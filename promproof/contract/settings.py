"""What the configuration is documented to say: intervals, grouping, notifications; and what it may take away.

A number that is left out is not promised. What drops samples, mutes or holds alerts is promised not to be there unless
it is named.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from promproof.contract.labels import Model, Names
from promproof.contract.texts import Duration


class Timers(Model):
    """How one route groups and repeats; as all do where it says nothing."""

    group_by: Names | None = None
    group_wait: Duration | None = None
    group_interval: Duration | None = None
    repeat_interval: Duration | None = None


class ReceiverSettings(Timers):
    """One receiver, where it differs from the others."""

    send_resolved: bool | None = None
    max_alerts: int | None = Field(default=None, ge=0)
    url: str | None = None
    """The address of its webhook, as the file has it."""
    others: Names = ()
    """Further keys of its webhook, where `closed` says that there are no others: `http_config.proxy_url`."""


class JobSettings(Model):
    """One scrape job, where it differs from the others."""

    scrape_interval: Duration | None = None
    scrape_timeout: Duration | None = None
    address: str | None = None
    """Host and port of its one target, as the file has them."""
    limits: dict[str, Any] = Field(default_factory=dict)
    """`sample_limit: 5000` and the like."""
    relabelled: bool = False
    """Whether it changes labels, or drops targets or metrics."""
    others: Names = ()
    """Further keys, where `closed` says that there are no others: `basic_auth`, `file_sd_configs`."""


class GroupSettings(Model):
    """One rule group, where it differs from the others."""

    interval: Duration | None = None
    limit: int = Field(default=0, ge=0)
    query_offset: Duration | None = None


class Inhibition(Model):
    """An inhibition as it is documented, with matchers as Alertmanager writes them."""

    source: Names
    target: Names
    equal: Names = ()


class Settings(Timers):
    """The documented settings of Prometheus and Alertmanager."""

    scrape_interval: Duration | None = None
    scrape_timeout: Duration | None = None
    evaluation_interval: Duration | None = None
    send_resolved: bool | None = None
    max_alerts: int = Field(default=0, ge=0)
    inhibitions: Annotated[tuple[Inhibition, ...], Field(strict=False)] = ()
    muted: Names = ()
    """The time intervals that routes may mute by, or be active in."""
    external_labels: dict[str, str] | None = None
    """Left out, those are refused by which alerts are routed or grouped."""
    alerts_relabelled: bool = False
    """Whether Prometheus changes labels of alerts before it sends them, or drops some."""
    closed: bool = False
    """Whether scrape jobs, webhooks and Prometheus' Alertmanager have no other keys than those that are documented."""
    annotations: Names = ()
    """What every alert of the contract says, not empty; judged with `accepted`."""
    receivers: dict[str, ReceiverSettings] = Field(default_factory=dict)
    jobs: dict[str, JobSettings] = Field(default_factory=dict)
    groups: dict[str, GroupSettings] = Field(default_factory=dict)

    def timer(self, key: str, receiver: str) -> Any:
        """A key of `Timers` as it is documented for a receiver; None for one that nobody promised."""
        own = getattr(self.receivers.get(receiver), key, None)
        return getattr(self, key) if own is None else own

    def states(self, key: str) -> bool:
        """Whether a key is stated, for all or for one thing."""
        others = {"evaluation_interval": "interval"}
        things = [*self.receivers.values(), *self.jobs.values(), *self.groups.values()]
        return getattr(self, key) is not None or any(
            getattr(thing, others.get(key, key), None) is not None for thing in things
        )


class Accepted(Model):
    """A finding of `promproof check` that is meant so: what has all that it names."""

    id: str | None = None
    """A kind, or a family of kinds."""
    path: str | None = None
    """The file, from the monitoring folder; `*` stands for anything."""
    name: str | None = None
    """The alert, receiver, job, service, dashboard or panel."""
    reason: str

    @model_validator(mode="after")
    def _names(self) -> Accepted:
        if not (self.id or self.path or self.name):
            raise ValueError("name an id, a path or a name")
        return self
