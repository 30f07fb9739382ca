"""The instances of a drafted service: those that its scrape job reads, as far as each answers for itself.

Several that run already are drafted when all of them can be asked. Of a command one is drafted; a drill tells of one.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import requests

from promproof.config.jobs import address_of
from promproof.draft.job import ScrapeJob
from promproof.draft.probing import Target
from promproof.errors import EvidenceError
from promproof.http import Access, access_of

Say = Callable[[str], None]
MOST = 20
"""Instances of a contract."""


def instances(target: Target, job: ScrapeJob, is_started: bool, say: Say) -> tuple[str, ...]:
    """The URLs of all instances, that of the target first; empty for one alone, or where they can't be drafted.

    is_started: the service was started here from its command.
    """
    if len(job.reads) < 2:
        return ()
    named = f"job {job.name}" if job.name else "its job"
    listed = ", ".join(urlsplit(url).netloc for url in job.reads)
    if is_started:
        say(
            f"{named} reads {len(job.reads)} instances ({listed}), and one is drafted, of which every drill tells;"
        )
        say(f"  to have all verified: `target: {{instances: {min(len(job.reads), MOST)}}}` in the contract")
        return ()
    say(f"{named} reads {len(job.reads)} instances ({listed}), each with its own counts:")
    why = _why_not(target, job)
    if why:
        say(f"  one is drafted, since {why}; with all of them: `target: {{instances: [URL, URL]}}`")
        return ()
    others = [url for url in job.reads if address_of(url) != address_of(target.url)]
    say("  all of them are drafted")
    return (target.url, *others)


def _why_not(target: Target, job: ScrapeJob) -> str:
    """Why the instances can't be drafted; empty where they can."""
    parts = urlsplit(target.url)
    if address_of(target.url) not in map(address_of, job.reads):
        return f"none of them is {parts.netloc.rpartition('@')[2]}"
    if len(job.reads) > MOST:
        return f"{MOST} are the most that a run verifies"
    if parts.path or parts.username or parts.scheme != "http" or access_of(target.url) != Access():
        return "what lets one in is not known to let in the others"
    if address_of(target.metrics_base) != address_of(target.url):
        return "metrics and answers are at different addresses"
    for url in job.reads:
        why = _no_answer(Target(url, target.pause), target.metrics_path)
        if why:
            return f"{urlsplit(url).netloc} {why} from here"
    return ""


def _no_answer(other: Target, path: str) -> str:
    """Why an instance can't be asked; empty where it can."""
    other.metrics_path = path
    try:
        other.get("/")
        other.read()
    except requests.RequestException as error:
        return f"gives no answer ({type(error).__name__})"
    except EvidenceError:
        return "shows no metrics"
    finally:
        other.close()
    return ""
