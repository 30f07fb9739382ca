"""The text of a drafted contract, section by section."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from promproof.draft.lines import comment, document, keyed, scalar


@dataclass(frozen=True)
class Service:
    """What is said of the target itself. job: empty where nothing names one; scenario: a file beside the contract."""

    name: str
    app: str | None = None
    job: str = ""
    metrics_path: str = "/metrics"
    scenario: str = ""
    more: Mapping[str, str | int | list[str] | None] = field(default_factory=dict)
    """Further keys of the target, where they are named."""
    stamped: tuple[str, ...] = ()
    """Metrics whose samples carry time stamps of their own."""


def contract(service: Service, sections: Sequence[Sequence[str]]) -> str:
    """The whole file. sections: metrics, alerts, dashboards and comments, in their order."""
    head = comment(
        "What this service's monitoring promises, drafted by `promproof init` from what it shows. It is yours to edit: "
        "`promproof init` again keeps what you change and adds what is new. docs/contract.md explains every key."
    )
    head += ["contract: 1", f"service: {scalar(service.name)}"]
    target = ["target:"]
    if service.app is not None:
        target += [f"  {line}" for line in keyed("app", service.app)]
    target += [
        f"  {line}" for key, value in service.more.items() if value is not None for line in keyed(key, value)
    ]
    if service.job:
        target += [f"  job: {scalar(service.job)}"]
    if service.metrics_path != "/metrics":
        target += [f"  metrics_path: {scalar(service.metrics_path)}"]
    if service.stamped:
        target += comment(
            "The samples of these carry time stamps of their own, with which Prometheus stores them", "  "
        )
        target += [f"  {line}" for line in keyed("stamped", list(service.stamped))]
    traffic = ["traffic:", f"  reconcile: {scalar(service.scenario)}"] if service.scenario else []
    return document([head, target if len(target) > 1 else [], traffic, *sections])
