"""The scrape job of a drafted service where prometheus.yml leaves a doubt: the one that queries of its metrics name.

Without such a query nothing is guessed: the draft then names none, and says that `target.job` is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from promproof.config.folder import Folder
from promproof.config.jobs import job_of
from promproof.config.promql import parse
from promproof.config.rules import Rule
from promproof.errors import InputError
from promproof.promql.tree import matchers, metric, selectors

SUFFIX = re.compile(r"_(?:bucket|count|sum|total)$")


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
