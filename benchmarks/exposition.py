"""How long `/metrics` holds the event loop: `python -m benchmarks.exposition 5000` renders 5,000, then 10,000 series.

Beside it what prometheus_client's own rendering takes for the same registry, in the same process.
"""

from __future__ import annotations

from statistics import median

from prometheus_client import generate_latest

from benchmarks.growing import compare, timed
from promptpilot.metrics import OUTCOMES, Metrics, Totals

PER_PROMPT = len(OUTCOMES) + 2
TIMES = 5


def measured(series: int) -> dict[str, float]:
    """CPU seconds: of the first rendering, of a later one (median), and of the library's (median)."""
    metrics = Metrics(series_limit=series, active_users_window=300)
    for prompt in range(series // PER_PROMPT):
        metrics.prompt_added(prompt)
        metrics.prompt_executed(prompt, OUTCOMES[0])
        metrics.prompt_spent(prompt, 0.123 * prompt, 0.0017 * prompt)
    totals = Totals(prompts=1, pipelines=1)
    first, *later = (timed(lambda: metrics.render(totals))[1] for _ in range(1 + TIMES))
    library = [timed(lambda: generate_latest(metrics.registry))[1] for _ in range(TIMES)]
    return {
        "first": first,
        "later": median(later),
        "prometheus_client": median(library),
        "all": median(later),
    }


if __name__ == "__main__":
    compare("benchmarks.exposition", __doc__, measured, 3)
