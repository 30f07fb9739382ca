"""The scrape job of a drafted service where its configuration leaves a doubt: the one that queries of its metrics name.

Without such a query nothing is guessed: the draft then names none, and `init` asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from promproof.config.folder import Folder, Job
from promproof.config.jobs import candidates, job_of, of_targets
from promproof.config.promql import parse
from promproof.config.rules import Rule
from promproof.config.scrape_auth import authorization
from promproof.errors import InputError, meant
from promproof.promql.tree import matchers, metric, selectors

SUFFIX = re.compile(r"_(?:bucket|count|sum|total)$")


@dataclass(frozen=True)
class ScrapeJob:
    """Who reads the service. name: as the draft has to say it, empty where nothing has to; is_open: a doubt stays."""

    name: str = ""
    is_open: bool = False
    may_be: tuple[str, ...] = ()
    """The jobs that are equally likely."""
    there: tuple[str, ...] = ()
    """All jobs of the configuration."""
    instance: str = ""
    """How a Prometheus that runs already names the service; empty where several or none are its address."""
    reads: tuple[str, ...] = ()
    """The URLs that the job reads, without their path."""
    mine: str = ""
    """The job, also where the draft need not say it; empty where a doubt stays."""

    @property
    def doubt(self) -> str:
        """What is not known."""
        if self.may_be:
            may_be = ", ".join(self.may_be)
            return f"{len(self.may_be)} scrape jobs may be this service's: {may_be}"
        return f"no scrape job reads this service; there are {', '.join(self.there) or 'none'}"

    @property
    def todo(self) -> str:
        """What its user does about it."""
        if self.may_be or not self.there:
            return "name it: promproof init --job NAME" if self.may_be else "add one under scrape_configs"
        return "add one under scrape_configs; if one of these is it, name it: promproof init --job NAME"


def of_folder(
    folder: Folder, service: str, url: str | None, families: Iterable[str], queries: Sequence[Any]
) -> ScrapeJob:
    """The job of a folder's configuration. url: of a service that runs already; families, queries: as of `job`."""
    found = job(folder, service, families, queries)
    if found is None and url is not None:
        with suppress(InputError):
            found = job_of(folder.jobs, service, url, "")
    if found is None:
        return ScrapeJob("", True, tuple(candidates(folder.jobs)), tuple(folder.jobs))
    name = found or job_of(folder.jobs, service, None, "")
    return ScrapeJob(found, reads=_urls(folder.jobs[name]), mine=name)


def of_running(
    targets: Sequence[Mapping[str, Any]], metrics_url: str, service: str, asked: str | None
) -> ScrapeJob:
    """The job in a Prometheus that runs already. targets: as `/api/v1/targets` lists them; asked: by its user.

    Raises:
        InputError: it has no job of the name that is asked for.
    """
    there = tuple(dict.fromkeys(str(target["labels"]["job"]) for target in targets))
    if asked is not None:
        refuse_unknown(asked, there)
    mine = [target for target in targets if asked is None or target["labels"]["job"] == asked]
    found = of_targets(mine, metrics_url, service)
    if found is None and asked is None:
        return ScrapeJob("", True, there, there)
    name = asked or (found.job if found is not None else "")
    urls = [urlsplit(str(target["scrapeUrl"])) for target in targets if target["labels"]["job"] == name]
    instance = found.instance if found is not None else ""
    reads = tuple(dict.fromkeys(f"{url.scheme}://{url.netloc}" for url in urls))
    return ScrapeJob(name, there=there, instance=instance, reads=reads, mine=name)


def refuse_unknown(asked: str, there: Iterable[str]) -> None:
    """Refuse a job that is none.

    Raises:
        InputError: it is none of those that are there.
    """
    names = list(there)
    if asked not in names:
        raise InputError(
            what=f"no scrape job is called {asked!r}{meant(asked, names)}",
            where="--job",
            expected=f"one of {', '.join(names)}" if names else "a job; there are none",
        )


def job(folder: Folder, service: str, families: Iterable[str], queries: Sequence[Any]) -> str | None:
    """The job's name; empty where prometheus.yml leaves no doubt, None where the doubt stays.

    families: the service's own metrics; queries: the trees of rules and panels.
    """
    with suppress(InputError):
        job_of(folder.jobs, service, None, "")
        return ""
    own = {SUFFIX.sub("", name) for name in families}
    named = {
        value
        for query in queries
        for selector in selectors(query)
        if SUFFIX.sub("", metric(selector)) in own
        for label, sign, value in matchers(selector)
        if label == "job" and sign == "="
    }
    found = named & set(folder.jobs)
    return found.pop() if len(found) == 1 else None


def trees(rules: Iterable[Rule]) -> list[Any]:
    """The trees of rules' expressions; those that can't be read are left out."""
    found = []
    for rule in rules:
        with suppress(ValueError):
            found.append(parse(rule.expression))
    return found


def scraped(folder: Folder | None, name: str | None) -> dict[str, tuple[str, ...]]:
    """By metrics path of the folder's scrape jobs the Authorization headers that they show there.

    name: the job alone that is asked for; None for all of them.
    """
    found: dict[str, tuple[str, ...]] = {}
    if folder is None:
        return found
    for job in folder.prometheus.data.get("scrape_configs") or ():
        if name is not None and job.get("job_name") != name:
            continue
        path = str(job.get("metrics_path") or "/metrics")
        key = authorization(job, folder.prometheus.path.parent)
        found[path] = tuple(dict.fromkeys((*found.get(path, ()), *([key] if key else ()))))
    return found


def written_labels(folder: Folder) -> frozenset[str]:
    """The labels that scrape jobs write onto samples (`metric_relabel_configs`)."""
    rules = [
        rule
        for job in folder.prometheus.data.get("scrape_configs") or ()
        for rule in job.get("metric_relabel_configs") or ()
    ]
    return frozenset(str(rule["target_label"]) for rule in rules if rule.get("target_label")) - {"__name__"}


def named(folder: Folder, name: str) -> ScrapeJob:
    """A job of the configuration by its name."""
    return ScrapeJob(name, reads=_urls(folder.jobs[name]), mine=name)


def _urls(job: Job) -> tuple[str, ...]:
    return tuple(f"{job.scheme or 'http'}://{target}" for target in dict.fromkeys(job.targets))
