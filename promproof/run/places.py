"""Where the instances of a target are: one that is started or found, several that are, or several behind one URL.

What a run needs of an instance it has for one target already; here each instance becomes such a target of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from promproof.run.alone import metrics_url
from promproof.run.prepared import Prepared


@dataclass(frozen=True)
class Place:
    """One instance. prepared: the input of a run whose only target it is.

    behind: whether requests go to something in front of it.
    """

    prepared: Prepared
    name: str = "target"
    behind: bool = False


def places(prepared: Prepared) -> list[Place]:
    """All instances of the target, the first one's first."""
    options, wanted = prepared.options.target, prepared.contract.target.instances
    if options.url is None:
        number = wanted if isinstance(wanted, int) else 1
        return [Place(prepared, f"target-{index + 1}" if index else "target") for index in range(number)]
    if not options.instances:
        return [Place(prepared)]
    found = []
    for url in options.instances:
        if options.url in options.instances:
            found.append(Place(_at(prepared, url, None)))
        else:
            found.append(Place(_at(prepared, options.url, _metrics(prepared, url)), behind=True))
    return found


def _at(prepared: Prepared, url: str, metrics: str | None) -> Prepared:
    target = replace(prepared.options.target, url=url, metrics=metrics, instances=())
    return replace(prepared, options=replace(prepared.options, target=target))


def _metrics(prepared: Prepared, url: str) -> str:
    path = prepared.contract.target.metrics_path
    return metrics_url(_at(prepared, url, None).options, path)
