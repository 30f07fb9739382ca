"""The run copy that the stack of a run will use, whichever backend brings it up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from promproof.render.monitoring import Address, Rendered, render
from promproof.run.prepared import Prepared
from promproof.run.scaling import NODE_JOBS
from promproof.run.secrecy import restrict
from promproof.stack.protocol import ALERTMANAGER, NODE_EXPORTER


def configuration(
    prepared: Prepared, folder: Path, receivers: Mapping[str, str], target: Sequence[str], *, readers: bool
) -> Callable[[Mapping[str, str]], Rendered]:
    """Renders the run copy into a folder, for the addresses at which Prometheus reaches the components.

    receivers: where each receiver is told. target: the addresses of its instances as Prometheus scrapes them. readers:
    whether other users read the copy.
    """
    jobs = prepared.folder.jobs

    def configure(components: Mapping[str, str]) -> Rendered:
        node = components[NODE_EXPORTER]
        by_job = {**components, **dict.fromkeys(NODE_JOBS, node)}
        addresses: dict[str, Address] = {job: address for job, address in by_job.items() if job in jobs}
        if prepared.contract.target.job in jobs:
            addresses[prepared.contract.target.job] = target
        rendered = render(
            prepared.options.monitoring,
            folder,
            scale=prepared.scale,
            addresses=addresses,
            alertmanager=components[ALERTMANAGER],
            receivers=receivers,
        )
        restrict(folder, readers=readers)
        return rendered

    return configure
