"""The queries of documented panels against their truths, on the files alone: see `proofs.panelproofs`."""

from __future__ import annotations

from promproof.checks.panel_findings import sent
from promproof.config.targetlabels import target_labels
from promproof.contract.model import Contract
from promproof.contract.panels import PanelClaim
from promproof.grafana.dashboard import Dashboard, Panel
from promproof.grafana.provisioning import GrafanaFolder, read_all
from promproof.grafana.units import factor
from promproof.proofs.panelproofs import other_than
from promproof.proofs.panelworlds import Identity
from promproof.run.prepared import Prepared
from promproof.truth.panel import Truth


def panels_proven(prepared: Prepared) -> dict[str, tuple[str, ...]]:
    """By `uid/slug`, how the queries of a panel give something else than its truth, each with its JSON path."""
    contract, given = prepared.contract, prepared.dashboards
    folder = GrafanaFolder(
        read_all(given.dashboards, given.sources, given.providers),
        given.sources,
        given.providers,
        given.problems,
    )
    identity = _identity(prepared)
    found = {}
    for wanted in contract.dashboards:
        for dashboard in folder.dashboards:
            if dashboard.uid != wanted.uid:
                continue
            for claim in wanted.panels:
                panel = next((panel for panel in dashboard.panels if panel.slug == claim.slug), None)
                texts = () if panel is None else _of(folder, dashboard, panel, claim, contract, identity)
                if texts:
                    found[f"{wanted.uid}/{claim.slug}"] = texts
    return found


def _of(
    folder: GrafanaFolder,
    dashboard: Dashboard,
    panel: Panel,
    claim: PanelClaim,
    contract: Contract,
    identity: Identity,
) -> tuple[str, ...]:
    texts = []
    for ordinal, target in enumerate(panel.sent):
        truth = claim.like[ordinal] if ordinal < len(claim.like) else claim.truth
        if not isinstance(truth, Truth | str):
            continue
        try:
            query = sent(folder, dashboard, panel, target)
        except ValueError:
            continue  # the form of the panel says so
        text = other_than(query, ordinal, truth, contract, identity, factor(panel.unit))
        if text:
            texts.append(f"{target.path}.expr: {text}")
    return tuple(texts)


def _identity(prepared: Prepared) -> Identity:
    """The labels that the scrape jobs of the target and of Node Exporter give, as far as the file tells."""
    contract, data = prepared.contract, prepared.folder.prometheus.data
    services = contract.deployment.services.values() if contract.deployment is not None else ()
    node = next((service.job for service in services if service.component == "node_exporter"), None)
    known = [target_labels(data, job) if job else None for job in (contract.target.job, node)]
    target, machine = known
    return Identity(
        target or {"job": frozenset({contract.target.job})},
        machine or ({"job": frozenset({node})} if node else {}),
        target is not None,
        machine is not None,
    )
