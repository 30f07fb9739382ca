"""Kinds of findings, and the judges that look for them.

A judge is a function of one item and the whole set-up: `each_alert`, `each_panel` and so on say which items it gets.
Several kinds may share a judge. It yields findings and never asks anybody; what it raises costs the item at hand only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from promproof.config.masking import Masker
from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.thing import piped
from promproof.registry import Registry

if TYPE_CHECKING:
    from promproof.findings.part import Document
    from promproof.findings.services import ComposeFile, Service
    from promproof.findings.setup import (
        Alertmanager,
        DashboardFile,
        Group,
        Job,
        Prometheus,
        Receiver,
        Route,
        Rule,
        Setup,
    )
    from promproof.grafana.dashboard import Panel

__all__ = ["Finding", "Judge", "Kind", "Place", "Severity", "register"]


_MASKER = Masker()
SERVER = "what a running Prometheus knows (`promproof check --prometheus URL`)"
"""What a kind needs that files can't say: types, names of metrics, values of labels."""


@dataclass(frozen=True)
class Kind:
    """One kind of finding.

    id: family/name, public. title: what is wrong, in a few words. why: what it does to the reader, for the page.
    example, instead: a text that triggers it, and the harmless one. needs: "promtool" or SERVER.
    """

    id: str
    severity: Severity
    title: str
    why: str
    example: str
    instead: str
    needs: str = ""

    def at(
        self,
        place: Place,
        message: str,
        *,
        effect: str = "",
        todo: str = "",
        see: str = "",
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of this kind; severity: another one than usual, a hint where a fact is not known.

        Passwords in what its texts quote are masked: they go into the log of a CI.
        """
        texts = map(_MASKER.text, (message, effect, todo, piped(see)))
        return Finding(self.id, severity or self.severity, place.file, place.line, place.path, *texts)


@dataclass(frozen=True)
class Item:
    """What a judge gets in one call: its name for messages, where it is, and the arguments before the set-up."""

    name: str
    place: Place
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Judge:
    """A function with the kinds that it finds, and the items that it is called for."""

    kinds: tuple[Kind, ...]
    items: Callable[[Setup], Iterable[Item]]
    function: Callable[..., Iterable[Finding]] = field(compare=False)


KINDS: Registry[Kind] = Registry("finding", "promproof.findings", nested=True)
JUDGES: list[Judge] = []


def register(kind: Kind) -> Kind:
    """Add a kind; the same object comes back."""
    return KINDS.add(kind.id, kind)


_Arguments = TypeVar("_Arguments", bound=Callable[..., Iterable[Finding]])


def _judging(
    kinds: tuple[Kind, ...], items: Callable[[Setup], Iterable[Item]]
) -> Callable[[_Arguments], _Arguments]:
    def add(function: _Arguments) -> _Arguments:
        JUDGES.append(Judge(kinds, items, function))
        return function

    return add


def each_rule(*kinds: Kind) -> Callable[[Callable[[Rule, Setup], Iterable[Finding]]], Any]:
    """Judge every alerting and recording rule."""
    return _judging(kinds, lambda setup: _rules(setup.rules))


def each_alert(*kinds: Kind) -> Callable[[Callable[[Rule, Setup], Iterable[Finding]]], Any]:
    """Judge every alerting rule."""
    return _judging(kinds, lambda setup: _rules(setup.alerts))


def each_record(*kinds: Kind) -> Callable[[Callable[[Rule, Setup], Iterable[Finding]]], Any]:
    """Judge every recording rule."""
    return _judging(kinds, lambda setup: _rules(setup.records))


def each_group(*kinds: Kind) -> Callable[[Callable[[Group, Setup], Iterable[Finding]]], Any]:
    """Judge every rule group."""
    return _judging(
        kinds, lambda setup: (Item(f"group {group.name}", group.at(), (group,)) for group in setup.groups)
    )


def each_prometheus(*kinds: Kind) -> Callable[[Callable[[Prometheus, Setup], Iterable[Finding]]], Any]:
    """Judge every Prometheus configuration."""
    return _judging(
        kinds,
        lambda setup: (Item("the configuration", server.at(), (server,)) for server in setup.prometheuses),
    )


def each_job(*kinds: Kind) -> Callable[[Callable[[Job, Prometheus, Setup], Iterable[Finding]]], Any]:
    """Judge every scrape job, with the Prometheus that it is of."""
    return _judging(
        kinds,
        lambda setup: (
            Item(f"job {job.name}", job.at(), (job, server))
            for server in (*setup.prometheuses, *setup.operated)
            for job in server.jobs
        ),
    )


def each_alertmanager(*kinds: Kind) -> Callable[[Callable[[Alertmanager, Setup], Iterable[Finding]]], Any]:
    """Judge every Alertmanager configuration."""
    return _judging(
        kinds,
        lambda setup: (Item("the configuration", server.at(), (server,)) for server in setup.alertmanagers),
    )


def each_route(*kinds: Kind) -> Callable[[Callable[[Route, Alertmanager, Setup], Iterable[Finding]]], Any]:
    """Judge every route, the root first."""
    return _judging(
        kinds,
        lambda setup: (
            Item(route.path, route.at(), (route, server))
            for server in setup.alertmanagers
            for route in server.routes
        ),
    )


def each_receiver(
    *kinds: Kind,
) -> Callable[[Callable[[Receiver, Alertmanager, Setup], Iterable[Finding]]], Any]:
    """Judge every receiver."""
    return _judging(
        kinds,
        lambda setup: (
            Item(f"receiver {receiver.name}", receiver.at(), (receiver, server))
            for server in setup.alertmanagers
            for receiver in server.receivers
        ),
    )


def each_dashboard(*kinds: Kind) -> Callable[[Callable[[DashboardFile, Setup], Iterable[Finding]]], Any]:
    """Judge every dashboard file."""
    return _judging(
        kinds,
        lambda setup: (
            Item(board.dashboard.title, Place(board.file, None, "$"), (board,)) for board in setup.dashboards
        ),
    )


def each_panel(*kinds: Kind) -> Callable[[Callable[[Panel, DashboardFile, Setup], Iterable[Finding]]], Any]:
    """Judge every panel of every dashboard."""
    return _judging(kinds, _panels)


def each_compose(*kinds: Kind) -> Callable[[Callable[[ComposeFile, Setup], Iterable[Finding]]], Any]:
    """Judge every compose file."""
    return _judging(
        kinds, lambda setup: (Item("the compose file", file.at(), (file,)) for file in setup.compose)
    )


def each_service(
    *kinds: Kind,
) -> Callable[[Callable[[Service, ComposeFile, Setup], Iterable[Finding]]], Any]:
    """Judge every service of every compose file."""
    return _judging(
        kinds,
        lambda setup: (
            Item(f"service {service.name}", service.at(), (service, file))
            for file in setup.compose
            for service in file.services
        ),
    )


def each_document(*kinds: Kind) -> Callable[[Callable[[Document, Setup], Iterable[Finding]]], Any]:
    """Judge every document of a file, whatever it is."""
    return _judging(
        kinds,
        lambda setup: (
            Item(document.file, document.part().at(), (document,)) for document in setup.documents
        ),
    )


def whole_setup(*kinds: Kind) -> Callable[[Callable[[Setup], Iterable[Finding]]], Any]:
    """Judge the set-up as a whole, once."""
    return _judging(kinds, lambda setup: (Item("the set-up", Place(setup.root)),))


def _rules(rules: Iterable[Rule]) -> Iterator[Item]:
    return (Item(rule.name, rule.at(), (rule,)) for rule in rules)


@lru_cache(maxsize=2)
def _panels(setup: Setup) -> tuple[Item, ...]:
    """The panels of a set-up, which twenty judges go through."""
    return tuple(
        Item(f"panel {panel.title}", Place(board.file, None, panel.path), (panel, board))
        for board in setup.dashboards
        for panel in board.dashboard.panels
    )
