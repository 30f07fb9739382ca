"""All checks: pure functions from a claim and the evidence of a run to a verdict."""

from __future__ import annotations

from promproof.checks import (
    alert_boundary,
    alert_documented,
    alert_live,
    configuration,
    deployment_file,
    deployment_live,
    documented,
    documented_deployment,
    metric_cardinality,
    metric_durations,
    metric_during,
    metric_exact,
    metric_form,
    metric_kernel,
    metric_lifecycle,
    metric_moves,
    metric_parked,
    metric_rows,
    metric_stimulus,
    metric_stored,
    metric_sums,
    metric_window,
    panel_agreement,
    panel_data,
    panel_form,
    panel_grafana,
    panel_inventory,
    panel_legend,
    panel_values,
    panel_variables,
    panel_zoom,
    target,
    traffic,
)
from promproof.checks.base import Check, Claim, claims_of, judge_each
from promproof.contract.model import Contract
from promproof.evidence.evidence import Evidence
from promproof.verdict import Verdict

CHECKS: tuple[Check, ...] = (
    configuration.TOOLS,
    configuration.RULES,
    configuration.ALERTMANAGER,
    deployment_live.RELOAD,
    *deployment_file.CHECKS,
    *deployment_live.CHECKS,
    target.UP,
    target.FRESH,
    target.EXPOSITION,
    traffic.CHECK,
    metric_form.CHECK,
    metric_exact.CHECK,
    metric_during.CHECK,
    metric_moves.CHECK,
    metric_stored.CHECK,
    metric_durations.BUCKETS,
    metric_durations.SUM,
    metric_parked.CHECK,
    metric_cardinality.CHECK,
    metric_lifecycle.CHECK,
    metric_window.CHECK,
    metric_rows.REST,
    metric_rows.RESTART,
    metric_sums.CHECK,
    metric_kernel.CHECK,
    metric_stimulus.CHECK,
    alert_documented.CHECK,
    alert_boundary.CHECK,
    *alert_live.CHECKS,
    *panel_inventory.CHECKS,
    panel_variables.CHECK,
    panel_form.CHECK,
    panel_values.CHECK,
    panel_data.CHECK,
    panel_legend.CHECK,
    panel_agreement.CHECK,
    panel_zoom.CHECK,
    *panel_grafana.CHECKS,
    documented.CHECK,
    documented_deployment.CHECK,
)


def claims(contract: Contract) -> list[tuple[Check, Claim]]:
    """Every claim that the contract makes, with the check that judges it: known before anything runs."""
    return [pair for check in CHECKS for pair in claims_of(check, contract)]


def judge_all(evidence: Evidence) -> list[Verdict]:
    """A verdict for every claim, each with the run's time scale."""
    return list(judge_each(claims(evidence.contract), evidence))
