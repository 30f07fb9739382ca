"""What asking and judging the panels of many dashboards takes: a real Prometheus, and what a run does with its answers.

    python -m benchmarks.panels_asked              # 50 dashboards of 30 panels at the four zooms of a run, bar 30 s
    python -m benchmarks.panels_asked 5 --profile  # fewer, and the functions in which most of the time passes

The samples are those that a target with 8 routes and 6 statuses would have given in a minute. Prometheus has them as a
block. Making it is left out; writing the history is in it.
"""

from __future__ import annotations

import cProfile
import pstats
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from benchmarks import words
from benchmarks.growing import cpu_seconds, peak
from benchmarks.judging import HITS, TOOK
from benchmarks.panels import BEGIN, END, JUDGED, evidence
from promproof.checks import claims
from promproof.checks.base import judge
from promproof.config.timescale import TimeScale
from promproof.evidence import records
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.grafana.provisioning import GrafanaFolder, read_all
from promproof.observe.panels import panels
from promproof.observe.prometheus import Prometheus
from promproof.stack.binaries import find_binaries
from promproof.stack.journal import Journal
from tests.grafana.backfill import make_blocks, serve

BAR_SECONDS, PAST_SECONDS = 30.0, 3600
T = TypeVar("T")


@dataclass(frozen=True)
class Past:
    """A clock that stands at the begin of the run."""

    epoch: float

    def monotonic(self) -> float:
        return 0.0

    def time(self) -> float:
        return self.epoch


def samples(made: Evidence, epoch: float) -> Iterator[str]:
    """All that was stored, as OpenMetrics."""
    for record in made.history.of(records.Stored):
        for series in record.data.series:
            labels = ",".join(f'{name}="{text}"' for name, text in series.labels.items())
            for stamp, value in series.samples:
                yield f"{series.name}{{{labels}}} {value!r} {epoch + stamp:.3f}\n"
    yield "# EOF\n"


def measured(what: str, work: Callable[[], T]) -> tuple[T, float]:
    """What the work gives, and seconds of the clock; both and the CPU time of this process are printed."""
    began, used = time.perf_counter(), cpu_seconds()
    found = work()
    seconds = time.perf_counter() - began
    print(f"| {what} | {seconds:.1f} | {cpu_seconds() - used:.1f} |")
    return found, seconds


def judged(made: Evidence) -> Counter[str]:
    """Outcomes of all claims about panels.

    Raises:
        AssertionError: a panel's values are not a pass, so that something else was measured.
    """
    found: Counter[str] = Counter()
    for check, claim in claims(made.contract):
        if check.name in JUDGED:
            verdict = judge(check, claim, made)
            found[str(verdict.outcome)] += 1
            if check.name == "panel-values":
                assert str(verdict.outcome) == "pass", f"{verdict.claim}: {verdict.reason:.300}"
    return found


def main() -> None:
    given = words.parser(__doc__)
    given.add_argument("dashboards", type=words.positive, nargs="?", default=50)
    given.add_argument("--profile", action="store_true")
    options = given.parse_args()
    made, epoch = evidence(options.dashboards), float(int(time.time()) - PAST_SECONDS)
    with tempfile.TemporaryDirectory() as name, Journal() as journal:
        folder, binaries = Path(name), find_binaries()
        (folder / "samples.txt").write_text("".join(samples(made, epoch)), encoding="utf-8")
        make_blocks(binaries.promtool.path, folder / "samples.txt", folder / "data")
        with (
            serve(binaries.prometheus.path, folder, folder / "data", journal) as url,
            closing(Recorder(folder / "history.jsonl", "benchmark", Past(epoch))) as history,
            closing(Prometheus(url)) as prometheus,
        ):
            for record in made.history.records:
                if not isinstance(record.data, records.PanelAsked):
                    history.add(record.data, t=record.t)
            shown = history.last(records.Dashboards)
            assert shown is not None
            read = read_all(shown.data.files, shown.data.sources, shown.data.providers)
            boards = GrafanaFolder(read, shown.data.sources, (), ())

            def ask() -> None:
                panels(history, prometheus, boards, TimeScale(1), (BEGIN, END))
                history.add(
                    records.Metadata({HITS: "counter", TOOK: "histogram"})
                )  # nothing is scraped there

            with cProfile.Profile() if options.profile else nullcontext() as profile:
                print("| | seconds | CPU |\n|---|---|---|")
                _, asking = measured("asked, and written down", ask)
                found, judging = measured("judged", lambda: judged(Evidence(made.contract, history)))
            queries = sum(1 for _ in history.of(records.PanelAsked))
    counts = ", ".join(f"{count} {outcome}" for outcome, count in found.most_common())
    print(
        f"{asking + judging:.1f} s, bar {BAR_SECONDS:g} s for 50; {queries} queries; {counts}; {peak():.0f} MB"
    )
    if isinstance(profile, cProfile.Profile):
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)


if __name__ == "__main__":
    main()
