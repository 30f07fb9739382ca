"""The truth of a panel as a query: what has to give the same, whatever the series are.

A truth of the contract is no PromQL; here it is written as the plainest query of the documented metrics, with the
window of the panel's own query. It is compared by what both give (`panelworlds`), never by its text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promproof.contract.model import Contract
from promproof.exposition import Labels
from promproof.truth.counted import Counted
from promproof.truth.increase import IncreaseTruth
from promproof.truth.machine import MachineTruth
from promproof.truth.panel import Truth
from promproof.truth.process import ProcessPanelTruth
from promproof.truth.quantiles import QuantileTruth
from promproof.truth.rate import RateTruth
from promproof.truth.ratio import RatioTruth
from promproof.truth.rows import RowsPanelTruth
from promproof.truth.rows_mean import RowsMeanTruth
from promproof.truth.rows_total import RowsTotalTruth

_CPU, _MEMORY, _FILES = "node_cpu_seconds_total", "node_memory_Mem{}_bytes", "node_filesystem_{}_bytes"
_AVAILABLE, _WHOLE = _MEMORY.format("Available"), _MEMORY.format("Total")
MACHINE = {
    "cpu_used": (
        f'1 - sum by (instance) (rate({_CPU}{{mode="idle"}}[W])) / sum by (instance) (rate({_CPU}[W]))',
    ),
    "memory_used": (f"1 - {_AVAILABLE} / {_WHOLE}",),
    "disk_used": (f"1 - {_FILES.format('avail')} / {_FILES.format('size')}",),
    "cpu_modes": (f"sum by (instance, mode) (rate({_CPU}[W]))",),
    "memory_bytes": (f"{_WHOLE} - {_AVAILABLE}", _AVAILABLE),
    "disk_bytes": ("rate(node_disk_read_bytes_total[W])", "rate(node_disk_written_bytes_total[W])"),
    "network_bytes": (
        "rate(node_network_receive_bytes_total[W])",
        "rate(node_network_transmit_bytes_total[W])",
    ),
}
"""By the figure's name, a query for each of the panel's; W is its window. Names are Node Exporter's."""
PROCESS = {
    "cpu_cores": "rate(process_cpu_seconds_total[W])",
    "resident_bytes": "process_resident_memory_bytes",
    "open_descriptors": "process_open_fds",
    "uptime": "time() - process_start_time_seconds",
}


@dataclass(frozen=True)
class Form:
    """A truth as a query. key: the labels by which a panel shows its series; complete: it shows all of them."""

    expression: str
    key: Callable[[Labels], Labels]
    complete: bool


def form(truth: Truth, ordinal: int, asked: Sequence[str], window: str, contract: Contract) -> Form | None:
    """The truth of a panel's query; None for one that has no such form.

    asked: the metrics that the query names. window: the shortest of the query, as PromQL writes it; empty: none.
    """
    text = _text(truth, ordinal, asked, contract)
    if text is None or ("[W]" in text and not window):
        return None
    return Form(text.replace("[W]", f"[{window}]"), truth.key, truth.complete)


def likeness(query: str, window: str) -> Form | None:
    """A query of the contract that gives what the panel's has to give; None where it needs a window, and has none."""
    if "[W]" in query and not window:
        return None
    return Form(query.replace("[W]", f"[{window}]"), _own, True)


def _own(labels: Labels) -> Labels:
    """Without what the scrape job gives: a panel may say which job it is about, or not."""
    return tuple((name, value) for name, value in labels if name not in ("__name__", "job", "instance"))


def _text(truth: Truth, ordinal: int, asked: Sequence[str], contract: Contract) -> str | None:
    if isinstance(truth, MachineTruth):
        queries = MACHINE[truth.figure]
        return queries[ordinal] if ordinal < len(queries) else None
    if isinstance(truth, ProcessPanelTruth):
        return PROCESS[truth.figure]
    if isinstance(truth, RowsPanelTruth):
        return _of_rows(truth, asked, contract)
    if isinstance(truth, Counted) and truth.over == "sum":
        return _counted(truth, ordinal, contract)
    return None


def _counted(truth: Counted, ordinal: int, contract: Contract) -> str | None:
    metric = contract.metric(truth.metric)
    by = f" by ({', '.join(truth.by)})" if truth.by else ""
    where = [f'{name}=~"{_quoted(pattern)}"' for name, pattern in truth.where.items()]
    selector = _selector(metric.sample, where)
    if isinstance(truth, QuantileTruth):
        if ordinal >= len(truth.quantiles) or not metric.buckets:
            return None
        buckets = _selector(f"{metric.name}_bucket", where)
        groups = ", ".join((*truth.by, "le"))
        return f"histogram_quantile({truth.quantiles[ordinal]}, sum by ({groups}) (rate({buckets}[W])))"
    if isinstance(truth, RateTruth):
        return f"sum{by} (rate({selector}[W]))"
    if isinstance(truth, IncreaseTruth):
        return f"sum{by} (increase({selector}[W]))"
    if isinstance(truth, RatioTruth):
        part = [*where, *(f'{name}=~"{_quoted(pattern)}"' for name, pattern in truth.part.items())]
        share = f"sum{by} (rate({_selector(metric.sample, part)}[W])) / sum{by} (rate({selector}[W]))"
        return f"1 - {share}" if truth.complement else share
    return None


def _of_rows(truth: RowsPanelTruth, asked: Sequence[str], contract: Contract) -> str | None:
    """Of the documented sum of rows that the query names: which one is meant, its SQL does not tell."""
    sums = [
        metric.name
        for metric in contract.metrics
        if metric.name in asked
        and metric.truth.kind == "rows_sum"
        and metric.name != truth.counter
        and list(metric.labels) == [truth.label]
    ]
    if len(sums) != 1:
        return None
    if isinstance(truth, RowsTotalTruth):
        return f"sum by ({truth.label}) (increase({sums[0]}[W]))"
    if isinstance(truth, RowsMeanTruth):
        figure = f"sum by ({truth.label}) (rate({sums[0]}[W]))"
        return f"{figure} / sum by ({truth.label}) (rate({truth.counter}[W]))"
    return None


def _selector(metric: str, matchers: Sequence[str]) -> str:
    return f"{metric}{{{','.join(matchers)}}}" if matchers else metric


def _quoted(pattern: str) -> str:
    return pattern.replace("\\", "\\\\").replace('"', '\\"')
