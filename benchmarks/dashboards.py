"""How long the dashboards take: read and checked without a server, asked at one zoom, asked at every zoom.

`python -m benchmarks.dashboards` makes seven days of samples, starts a Prometheus on them, and prints seconds next to
the bars: 200 dashboards of 30 panels in 10 s, all panels of the five at one zoom in 2 s, the whole matrix in 20 s.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import words
from promproof.checks.panel_findings import form, zooms
from promproof.config.timescale import TimeScale
from promproof.contract.model import load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.evidence.records import PanelAsked
from promproof.grafana import zoom
from promproof.grafana.provisioning import parsed, texts
from promproof.grafana.read import read
from promproof.observe import panels as record
from promproof.observe.prometheus import Prometheus
from promproof.run.clock import SystemClock
from promproof.stack.binaries import find_binaries
from promproof.stack.journal import Journal
from promproof.truth.views import Views
from tests.grafana.backfill import make_blocks, serve, write_samples
from tests.grafana.past import INTERVAL, LENGTH, lines

DASHBOARDS, PANELS = 200, 30
MONITORING = Path(__file__).resolve().parents[1] / "monitoring"


def timed(what: str, bar: float, work: Callable[[], object]) -> None:
    """Run and print seconds, bar and their ratio."""
    began = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - began
    print(f"{what:<44} {seconds:6.2f} s  bar {bar:4.0f} s  {seconds / bar:5.2f} of it  {result}")


def many() -> dict[str, str]:
    """Dashboards made from the shipped panels, each query a little different from all others."""
    shipped = [json.loads(text) for text in texts(MONITORING).dashboards.values()]
    panels = [panel for board in shipped for panel in board["panels"]]
    variables = [variable for each in shipped for variable in each["templating"]["list"]]
    files = {}
    for number in range(DASHBOARDS):
        chosen = []
        for index in range(PANELS):
            panel = json.loads(json.dumps(panels[(number + index) % len(panels)]))
            for target in panel["targets"]:
                target["expr"] = f"({target['expr']}) * {number * PANELS + index + 1}"
            chosen.append({**panel, "id": index + 1, "title": f"Panel {index}"})
        data = {
            "uid": f"d{number}",
            "title": f"D {number}",
            "panels": chosen,
            "templating": {"list": variables},
        }
        files[f"{number}.json"] = json.dumps(data)
    return files


def static(files: dict[str, str], views: Views) -> str:
    """Read every file and check form and every zoom of every panel."""
    count = 0
    for name, text in files.items():
        dashboard = read(name, text)
        for panel in dashboard.panels:
            form(views, dashboard, panel)
            zooms(views, dashboard, panel, alert=False)
            count += 1
    return f"{count} panels"


def main() -> None:
    """All three, on fresh data."""
    words.nothing(__doc__)
    with tempfile.TemporaryDirectory() as name, Journal() as journal:
        folder = Path(name)
        history = Recorder(folder / "history.jsonl", "benchmark", SystemClock())
        record.files(history, texts(MONITORING), {"promptpilot-api": 15_000, "node": 15_000})
        views = Views(Evidence(load(MONITORING / "contract.yaml"), history))
        files = many()
        timed(f"{DASHBOARDS} dashboards of {PANELS} panels, no server", 10, lambda: static(files, views))
        end = int(time.time()) // 86_400 * 86_400
        begin = end - LENGTH - 3600
        binaries = find_binaries()
        began = time.perf_counter()
        samples = write_samples(folder / "samples.txt", lines(begin), begin, end, INTERVAL)
        make_blocks(binaries.promtool.path, folder / "samples.txt", folder / "data")
        print(f"{samples} samples made and turned into blocks in {time.perf_counter() - began:.1f} s")
        with serve(binaries.prometheus.path, folder, folder / "data", journal) as url:
            prometheus = Prometheus(url)
            shipped = parsed(texts(MONITORING))
            now = end - history.epoch

            def ask(looks: list[record.Zoom]) -> str:
                before = len(history.records)
                record.panels(history, prometheus, shipped, TimeScale(1), (now - LENGTH, now), looks)
                return f"{sum(isinstance(record.data, PanelAsked) for record in history.records[before:])} queries"

            ask([record.Zoom("warm", 3600)])
            timed("the five dashboards at one zoom", 2, lambda: ask([record.Zoom("1h", 3600)]))
            every = [
                record.Zoom("x", length / 1000, width) for length in zoom.RANGES for width in zoom.WIDTHS
            ]
            timed("the five dashboards at every zoom", 20, lambda: ask(every))
            prometheus.close()
        history.close()


if __name__ == "__main__":
    main()
