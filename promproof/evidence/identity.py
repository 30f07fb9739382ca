"""What a scrape makes of the series that a target exposes: the target's labels, `exported_...`, metric_relabel_configs.

A stored series is looked up under the label set that the target exposed, whatever the scrape configuration made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from promproof.config.relabel_exact import EXPORTED, Step, applied, scraped, steps
from promproof.config.yamlfile import served
from promproof.exposition import Labels, label_set

NAME = "__name__"
ALWAYS = ("job", "instance")
"""Labels of every target."""


@dataclass(frozen=True)
class Scraping:
    """How one target's series are stored. target: its labels; rules: those of metric_relabel_configs."""

    target: Mapping[str, str]
    honor: bool = False
    rules: tuple[Step, ...] = ()

    def stored(self, name: str, exposed: Labels) -> tuple[str, Labels] | None:
        """The name and label set under which Prometheus stores a series; None for one that it drops."""
        given = scraped(dict(exposed), self.target, honor=self.honor)
        found = applied(self.rules, {NAME: name, **given})
        if found is None:
            return None
        return found.pop(NAME, ""), label_set(found)

    def origins(self, series: Iterable[tuple[str, Labels]]) -> dict[tuple[str, Labels], Labels]:
        """What each exposed series is stored as, and what it was exposed as; what several come to is left out."""
        found: dict[tuple[str, Labels], Labels] = {}
        twice = set()
        for name, exposed in series:
            stored = self.stored(name, exposed)
            if stored is not None:
                twice |= {stored} if stored in found else set()
                found[stored] = exposed
        return {stored: exposed for stored, exposed in found.items() if stored not in twice}

    def drops(self, name: str, series: Iterable[tuple[str, Labels]]) -> bool:
        """Whether the rules let none of the exposed series of this name through under it."""
        mine = [self.stored(name, labels) for exposed, labels in series if exposed == name]
        return bool(mine) and all(stored is None or stored[0] != name for stored in mine)

    def exposed(self, stored: Mapping[str, str]) -> Labels:
        """What a series that is no longer there was exposed as, as far as that can be told from what is stored."""
        own = {*self.target, *ALWAYS}
        return label_set(
            {
                name.removeprefix(EXPORTED) if name.removeprefix(EXPORTED) in own else name: value
                for name, value in stored.items()
                if name not in own
            }
        )


def filled(labels: Labels) -> Labels:
    """Without empty labels, which to Prometheus are none."""
    return tuple(pair for pair in labels if pair[1])


def scraping(configuration: str, job: str, targets: Iterable[Mapping[str, Any]], instance: str) -> Scraping:
    """How the target's series are stored, from what Prometheus has loaded and the targets that it lists."""
    mine = [
        dict(target["labels"])
        for target in targets
        if target["labels"].get("job") == job and target["labels"].get("instance") == instance
    ]
    labels = mine[0] if mine else {"job": job, "instance": instance}
    loaded = served(configuration)
    jobs = (loaded or {}).get("scrape_configs") or ()
    config: dict[str, Any] = next((entry for entry in jobs if entry.get("job_name") == job), {})
    return Scraping(
        labels, bool(config.get("honor_labels")), tuple(steps(config.get("metric_relabel_configs")))
    )
