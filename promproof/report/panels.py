"""The page of panels: each drawn from its own query results, the truth's bounds as a band behind every line.

One file without references: the chart library stands in it, and its content policy forbids every request.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from promproof.evidence.evidence import Evidence
from promproof.report.drawings import Drawing, drawings
from promproof.report.output import Moment, Report, register
from promproof.verdict import Outcome, Verdict

ASSETS = files("promproof.report").joinpath("assets")
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
_CLASSES = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.UNKNOWN: "unknown",
    Outcome.NOT_VERIFIED: "open",
}
PAGE = "panels.html"


@register("panels", Moment.JUDGED, order=300)
def write_page(report: Report) -> Path | None:
    """The page of panels in the run's folder; None for a contract without dashboards."""
    return None if report.evidence is None else draw(report.folder, report.evidence, report.verdicts)


def draw(folder: Path, evidence: Evidence, verdicts: Sequence[Verdict]) -> Path | None:
    """Write the page of panels into the run's folder; None for a contract without dashboards."""
    if not evidence.contract.dashboards:
        return None
    path = folder / PAGE
    write(path, folder.name, drawings(evidence, verdicts))
    return path


def write(path: Path, title: str, drawings: Sequence[Drawing]) -> None:
    """Write the page."""
    path.write_text(page(title, drawings), encoding="utf-8", errors="replace")


def page(title: str, drawings: Sequence[Drawing]) -> str:
    """The page as HTML; `title` names the run."""
    library = ASSETS.joinpath("uplot", "uPlot.iife.min.js").read_text(encoding="utf-8")
    style = ASSETS.joinpath("uplot", "uPlot.min.css").read_text(encoding="utf-8")
    own = ASSETS.joinpath("panels.css").read_text(encoding="utf-8")
    script = ASSETS.joinpath("panels.js").read_text(encoding="utf-8")
    counts = Counter(drawing.outcome for drawing in drawings)
    summary = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]) or "none"
    sections = []
    for dashboard in dict.fromkeys(drawing.dashboard for drawing in drawings):
        mine = [drawing for drawing in drawings if drawing.dashboard == dashboard]
        sections.append(f"<h2>{escape(dashboard)}</h2>\n<div class=grid>{''.join(map(_section, mine))}</div>")
    body = "\n".join(sections)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{escape(title)}: panels</title>
<style>{style}</style>
<style>{own}</style></head>
<body><h1>Panels</h1>
<p>{escape(title)}: {len(drawings)} panels, {escape(summary)}. Lines are what the panels' own queries gave;
the band behind a line is what the truth allows. A band is missing where the truth leaves it open.</p>
{body}
<script>{library}</script>
<script id="data" type="application/json">{_data(drawings)}</script>
<script>{script}</script>
</body></html>
"""


def _section(drawing: Drawing) -> str:
    verdicts = "".join(
        f"<li class={_CLASSES[verdict.outcome]}><b>{escape(verdict.claim.rpartition('/')[2])}</b> "
        f"{verdict.outcome}: {escape(verdict.reason)}</li>"
        for verdict in drawing.verdicts
    )
    queries = "".join(f"<pre>{escape(query)}</pre>" for query in drawing.queries)
    drawn = len(drawing.curves)
    many = f" The {drawn} largest of {drawing.series} series." if drawing.series > drawn else ""
    note = f"<p class=note>{escape(drawing.note)}</p>" if drawing.note else ""
    lines = " lines" if any(len(curve.times) > 1 for curve in drawing.curves) else ""
    empty = "" if drawing.curves else "<p class=note>Nothing to draw: no series came back.</p>"
    return f"""<section class="panel {_CLASSES[drawing.outcome]}" id="{escape(drawing.claim)}">
<h3>{escape(drawing.title)} <small>{escape(drawing.unit)}.{many}</small></h3>
<div class="plot{lines}" data-claim="{escape(drawing.claim)}"></div>{empty}{note}
<ul>{verdicts}</ul>
<details><summary>queries</summary>{queries}</details></section>"""


def _data(drawings: Sequence[Drawing]) -> str:
    """The curves as JSON that can stand in a script element."""
    data = {
        drawing.claim: {
            "unit": drawing.unit,
            "line": drawing.line,
            "curves": [
                {"name": c.name, "t": c.times, "v": c.values, "low": c.low, "high": c.high}
                for c in drawing.curves
            ],
        }
        for drawing in drawings
        if drawing.curves
    }
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
