"""Everything about dashboards that a run asks while its servers are there: panels, their truths, a Grafana."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import psutil

from promproof.contract.model import Contract
from promproof.evidence.history import Recorder
from promproof.grafana.provisioning import parsed, texts
from promproof.observe import display, panels
from promproof.observe.grafana import Grafana
from promproof.observe.machine import MachineSampler
from promproof.run.bench import Bench, Monitoring
from promproof.run.prepared import Prepared
from promproof.run.traffic import Traffic

USER, PASSWORD = "GRAFANA_ADMIN_USER", "GRAFANA_ADMIN_PASSWORD"
"""Variables of the compose file, for an account that is no longer the documented one."""


def sampler(history: Recorder, contract: Contract, monitoring: Monitoring) -> MachineSampler | None:
    """A sampler of this machine, when panels are promised and their Node Exporter is known to run on it."""
    if not contract.dashboards or monitoring.node_exporter_net is None:
        return None
    return MachineSampler(history.now, network=monitoring.node_exporter_net)


def ask(
    history: Recorder,
    prepared: Prepared,
    bench: Bench,
    machine: MachineSampler | None,
    ran: Sequence[Traffic],
    window: tuple[float, float],
    at_queries: Callable[[], None],
) -> None:
    """Ask and write down; `window` is begin and end of what the panels show, in run time (seconds).

    at_queries: called once only Prometheus is asked any more, and then for what lies in the window.
    """
    sources = panels.Sources(
        {traffic.settings.name: traffic.ledger_file for traffic in ran},
        bench.service.database,
        machine.stop() if machine is not None else [],
        process_started(bench.service.pid),
        {each.url: each.instance for each in bench.service.every} if len(bench.service.urls) > 1 else {},
    )
    monitoring = bench.monitoring
    with_grafana = monitoring.grafana_url is not None and bool(prepared.dashboards.dashboards)
    panels.everything(
        history,
        monitoring.prometheus,
        prepared.contract,
        bench.pace.scale,
        window,
        sources,
        at_queries if not with_grafana else lambda: None,  # a Grafana asks for what is there now
    )
    if monitoring.grafana_url is None or not with_grafana:
        return
    served = prepared.dashboards
    rendered = monitoring.stack.rendered
    if (
        monitoring.stack.endpoints.grafana is not None
        and rendered is not None
        and rendered.grafana is not None
    ):
        served = texts(rendered.grafana.parent)  # the run copy is what was provisioned
    grafana = Grafana(monitoring.grafana_url, *account(prepared.contract))
    display.ask(
        history, grafana, monitoring.prometheus, parsed(prepared.dashboards), served, bench.pace.scale
    )
    grafana.close()


def account(contract: Contract) -> tuple[str, str]:
    """User and password of Grafana's administrator: what the environment says, or else what is documented."""
    documented = contract.deployment.account if contract.deployment is not None else None
    user, password = (documented.user, documented.password) if documented is not None else ("admin", "admin")
    return os.environ.get(USER) or user, os.environ.get(PASSWORD) or password


def process_started(pid: int | None) -> float | None:
    """When the kernel says that a process started (epoch seconds); None when it is gone or not on this machine."""
    try:
        return None if pid is None else float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
