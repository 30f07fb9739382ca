"""Every shipped panel at every zoom from 5 minutes to 7 days, on blocks made once: the numbers are the known ones."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import pytest

from promproof.config.timescale import TimeScale
from promproof.evidence.history import Record, Recorder
from promproof.evidence.records import PanelAsked
from promproof.grafana import zoom
from promproof.grafana.provisioning import GrafanaFolder, parsed, texts
from promproof.observe import panels
from promproof.observe.prometheus import Prometheus
from promproof.run.clock import SystemClock
from promproof.stack.binaries import find_binaries
from promproof.stack.journal import Journal
from tests.grafana.backfill import make_blocks, serve, write_samples
from tests.grafana.past import EXPECTED, INTERVAL, LENGTH, TOTALS, lines
from tests.grafana.twins import ROOT

pytestmark = [pytest.mark.stack, pytest.mark.takes(0.7)]
# Constant rates: what is left is how floats are added and how the range's two ends are extrapolated.
RELATIVE = 1e-6


@dataclass(frozen=True)
class Past:
    """All answers at all zooms, by (dashboard file, path of the query)."""

    folder: GrafanaFolder
    records: dict[tuple[str, str], list[Record[PanelAsked]]]
    looks: int


@pytest.fixture(
    scope="module",
    params=[(zoom.WIDTHS[0], zoom.WIDTHS[-1]), pytest.param(zoom.WIDTHS, marks=pytest.mark.nightly)],
    ids=["narrowest and widest", "every width"],
)
def past(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Past:
    widths: tuple[int, ...] = request.param
    folder = tmp_path_factory.mktemp("past")
    end = int(time.time()) // 86_400 * 86_400
    begin = end - LENGTH - 3600
    binaries = find_binaries()
    write_samples(folder / "samples.txt", lines(begin), begin, end, INTERVAL)
    make_blocks(binaries.promtool.path, folder / "samples.txt", folder / "data")
    dashboards = parsed(texts(ROOT / "monitoring"))
    history = Recorder(folder / "history.jsonl", "past", SystemClock())
    now = end - history.epoch
    looks = [
        panels.Zoom(f"{length // 1000} s at {width} px", length / 1000, width)
        for length in zoom.RANGES
        for width in widths
    ]
    with Journal() as journal, serve(binaries.prometheus.path, folder, folder / "data", journal) as url:
        prometheus = Prometheus(url)
        panels.panels(history, prometheus, dashboards, TimeScale(1), (now - LENGTH, now), looks)
        prometheus.close()
    history.close()
    records: dict[tuple[str, str], list[Record[PanelAsked]]] = {}
    for record in history.of(PanelAsked):
        records.setdefault((record.data.dashboard, record.data.path), []).append(record)
    return Past(dashboards, records, len(looks))


def of(past: Past, uid: str, title: str, ordinal: int) -> list[Record[PanelAsked]]:
    dashboard = next(dashboard for dashboard in past.folder.dashboards if dashboard.uid == uid)
    panel = next(panel for panel in dashboard.panels if panel.title == title)
    return past.records[dashboard.file, panel.sent[ordinal].path]


@pytest.mark.parametrize("key", EXPECTED, ids=lambda key: "/".join(map(str, key)))
def test_a_panel_shows_the_known_numbers_at_every_zoom(key: tuple[str, str, int], past: Past) -> None:
    looked = of(past, *key)
    assert len(looked) == past.looks
    wrong = {}
    for look in looked:
        values = [value for series in look.data.series or () for _, value in series.points]
        strange = [
            value
            for value in values
            if not any(math.isclose(value, known, rel_tol=RELATIVE) for known in EXPECTED[key])
        ]
        if strange or not values:
            wrong[look.data.zoom] = (look.data.expanded, look.data.step, strange[:3])
    assert not wrong


@pytest.mark.parametrize("key", TOTALS, ids="/".join)
def test_a_total_is_that_of_its_range(key: tuple[str, str], past: Past) -> None:
    for look in of(past, *key, 0):
        seconds = (look.data.end - look.data.begin) / 1000
        values = sorted(series.points[0][1] / seconds for series in look.data.series or ())
        assert values == pytest.approx(sorted(TOTALS[key]), rel=RELATIVE)
