"""The report of a load session: the table on the terminal, and one HTML file that needs nothing else."""

from __future__ import annotations

import html as markup
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from promproof.config.urls import without_password
from promproof.evidence import bins
from promproof.load.account import Account
from promproof.load.judgement import find_knee
from promproof.load.result import PERCENTILES, EndpointRow, LoadResult
from promproof.report.lines import wrapped
from promproof.report.page import courses
from promproof.report.page.courses import Course
from promproof.report.page.pictures import picture
from promproof.report.styles import STYLE
from promproof.report.tables import print_whole, table, width_of
from promproof.verdict import Verdict

HERE = Path(__file__).resolve().parent
UPLOT = HERE / "assets" / "uplot"
WIDTH = 180
"""columns of a table that goes into a file or a pipe"""


def _percentile(p: float) -> str:
    return "max" if p == 100 else f"p{p:g}"


COUNTS = ("requests", "answers", "none", "maybe")
HEADS = (*COUNTS, *(_percentile(p) for p in PERCENTILES))
CELLS = range(len(HEADS))
"""numbers of all columns behind the endpoint's"""
PARTS = (CELLS[: len(COUNTS)], CELLS[len(COUNTS) :])
"""where they do not fit beside each other"""
NARROW_PARTS = (PARTS[0], PARTS[1][:3], PARTS[1][3:])
NARROW = 100
"""columns below which names would have too few beside all percentiles"""
LEAST_NAME = 20


def show(result: LoadResult, console: Console | None = None) -> None:
    """Print endpoints, generator and verdicts; the reasons of an invalid run come last, where they are seen."""
    console = console or Console(
        highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH
    )
    parts = NARROW_PARTS if console.width < NARROW else PARTS
    fitting = [_fitting(result, console, part) for part in parts]
    print_whole(console, _endpoints(result, CELLS), lambda: fitting)
    whole = not console.is_terminal  # a terminal breaks lines between words, a pipe has them whole
    if result.account.scenario.knee and (knee := find_knee(result.account)) is not None:
        console.print(f"knee: {knee}", soft_wrap=whole)
    console.print(f"generator: {generator_line(result.account)}\n", soft_wrap=whole)
    made = table()
    made.add_column("condition", overflow="fold")
    made.add_column("verdict", no_wrap=True)
    made.add_column("seen", overflow="fold")
    for verdict in result.verdicts:
        style = STYLE[verdict.outcome]
        made.add_row(escape(verdict.claim), f"[{style}]{verdict.outcome}[/]", escape(verdict.reason))
    print_whole(console, made, lambda: [made])
    for reason in result.reasons:
        console.print(f"[yellow]invalid[/]: {escape(reason)}", soft_wrap=whole)
    for row in result.account.final.get("surprises", ()):
        text = (
            f"{row['count']} x {row['method']} {row['endpoint']}: {row['what']}; the first: {row['example']}"
        )
        console.print(f"unexpected: {escape(text)}", soft_wrap=whole)
    for lost in result.account.lost_workers:
        console.print(f"lost worker {lost['worker']}: {escape(str(lost['known']))}", soft_wrap=whole)
    total = result.endpoints()[-1]
    if total.requests and not total.statuses:
        target = escape(result.about["target"])
        console.print(f"nobody answers at {target}: start the target, or name another with --target URL")
    console.print(f"\n{headline(result)}")


def headline(result: LoadResult) -> str:
    """The outcome in one line."""
    outcome = {0: "passed", 1: "failed", 2: "invalid" if result.reasons else "unknown"}[result.status]
    early = f"; ended early: {result.stopped_for}" if result.stopped_for else ""
    return (
        f"{outcome}: {result.account.scenario.name} against {without_password(result.about['target'])}{early}"
    )


def generator_line(account: Account) -> str:
    """How well the generator kept its promise, in one line."""
    final = account.final.get("generator")
    if not final:
        return "no final line"
    planned = "" if final["planned"] is None else f"{final['planned']} planned, "
    lag = final["lag_p99_seconds"]
    late = (
        ""
        if lag is None
        else f", late by {lag * 1000:.1f} ms (p99), {final['lag_max_seconds'] * 1000:.1f} ms at most"
    )
    limit = f" of at most {final['limit']} sessions at once" if final.get("limit") else ""
    return (
        f"{planned}{final['sent']} sent, {final['missed']} missed{limit}{late}, {final['cpu']:.0%} of a CPU"
    )


def html(result: LoadResult) -> str:
    """The whole report as one page."""
    data = json.dumps(charts(result.account)).replace("</", "<\\/")
    invalid = "".join(f"<p class=unknown>invalid: {_text(reason)}</p>" for reason in result.reasons)
    knee = find_knee(result.account) if result.account.scenario.knee else None
    unexpected = "".join(
        f"<tr><td>{row['count']}</td><td>{_text(row['method'])} {_text(row['endpoint'])}</td>"
        f"<td>{_text(row['what'])}</td><td>{_text(row['example'])}</td></tr>"
        for row in result.account.final.get("surprises", ())
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(headline(result))}</title>
<style>{_asset(UPLOT / "uPlot.min.css")}{_asset(HERE / "assets" / "report.css")}</style></head><body>
<h1>{_text(headline(result))}</h1>
<p>{_text(result.account.scenario.description)}</p>
<p>Run {_text(result.folder)}, {_text(result.about["started"])}, {result.account.seconds:.1f} s of arrivals</p>
{invalid}
<h2>Verdicts</h2>
<div class=wide><table id=verdicts><tr><th>condition</th><th>verdict</th><th>seen</th></tr>
{"".join(_verdict(verdict) for verdict in result.verdicts)}</table></div>
{f"<p>Knee: {_text(str(knee))}</p>" if knee else ""}
<h2>Endpoints</h2>
<p>Latencies are counted from the time when a request was due, so that a stall is in them as callers feel it.</p>
<div class=wide><table id=endpoints><tr><th>endpoint</th><th>requests</th><th>answers</th><th>none</th><th>maybe</th>
{"".join(f"<th>{_percentile(p)}</th>" for p in PERCENTILES)}</tr>
{"".join(_endpoint(row) for row in result.endpoints())}</table></div>
{f"<h2>Unexpected answers</h2><div class=wide><table>{unexpected}</table></div>" if unexpected else ""}
{_monitoring(result)}
<h2>Course</h2><div id=charts></div>
<h2>Generator</h2><p>{_text(generator_line(result.account))}</p>
<script id=data type="application/json">{data}</script>
<script>{_asset(UPLOT / "uPlot.iife.min.js")}</script><script>{_asset(HERE / "assets" / "report.js")}</script>
</body></html>
"""


def charts(account: Account) -> dict[str, Any]:
    """Columns over time: seconds from the begin, answers per second by class, errors, latencies, CPU and lag."""
    numbers = sorted(account.slots)
    slots = [account.slots[number] for number in numbers]
    width = account.slot_seconds
    percentiles = {f"p{p:g}": [bins.percentile(slot.felt, p) for slot in slots] for p in (50.0, 95.0, 99.0)}
    classes = sorted({status // 100 for slot in slots for status in slot.statuses})
    return {
        "t": [number * width for number in numbers],
        "charts": [
            {
                "title": "answers per second",
                "unit": "/s",
                "series": {
                    f"{digit}xx": [slot.ended.of(digit) / width for slot in slots] for digit in classes
                },
            },
            {
                "title": "errors per second",
                "unit": "/s",
                "series": {"5xx or no answer": [slot.ended.errors / width for slot in slots]},
            },
            {"title": "latency from the due time", "unit": "s", "series": percentiles},
            {
                "title": "generator",
                "unit": "",
                "series": {
                    "CPU (1 = one)": [slot.cpu for slot in slots],
                    "loop lag, s": [slot.lag for slot in slots],
                },
            },
        ],
    }


def course(result: LoadResult) -> Course:
    """What the page of the session tells of it."""
    data = charts(result.account)
    tables = [courses.Table("Endpoints", ("endpoint", *HEADS), [_cells(row) for row in result.endpoints()])]
    if result.monitoring is not None:
        rows = [
            (
                row["metric"],
                row["client"],
                _plain(row["api"]),
                _plain(row["prometheus"]),
                f"{row['differing']} of {row['label_sets']}",
            )
            for row in result.monitoring["counts"]
        ]
        head = ("metric", "client", "API", "Prometheus", "label sets that differ")
        tables.append(courses.Table("What the monitoring believes", head, rows))
    return Course(
        headline(result),
        generator_line(result.account),
        result.reasons,
        [picture(chart["title"], chart["unit"], data["t"], chart["series"]) for chart in data["charts"]],
        tables,
    )


def _monitoring(result: LoadResult) -> str:
    if result.monitoring is None:
        return ""
    counts = "".join(
        f"<tr><td>{_text(row['metric'])}</td><td>{_text(row['client'])}</td><td>{_text(_plain(row['api']))}</td>"
        f"<td>{_text(_plain(row['prometheus']))}</td><td>{row['differing']} of {row['label_sets']}</td></tr>"
        for row in result.monitoring["counts"]
    )
    alerts = "".join(
        f"<tr><td>{_text(row['name'])}</td><td>{_text(row['state'])}</td><td>{_text(_plain(row['quantity']))}</td>"
        f"<td>{_text(row['comparator'])} {_text(_plain(row['threshold']))}</td></tr>"
        for row in result.monitoring["alerts"]
    )
    return (
        "<h2>What the monitoring believes</h2><div class=wide><table id=counts><tr><th>metric</th><th>client</th>"
        f"<th>API</th><th>Prometheus</th><th>label sets that differ</th></tr>{counts}</table></div>"
        "<div class=wide><table id=alerts><tr><th>alert</th><th>state</th><th>quantity</th><th>threshold</th></tr>"
        f"{alerts}</table></div>"
    )


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _endpoints(result: LoadResult, columns: Sequence[int], width: int | None = None) -> Table:
    """The endpoints with some of their cells; of a name, what is too long for `width` columns stands below."""
    made = table("endpoint")
    for name in (HEADS[number] for number in columns):
        made.add_column(name, justify="right", no_wrap=True)
    for row in result.endpoints():
        name, *cells = map(escape, _cells(row))
        shown = "\n".join(wrapped(name, width))
        made.add_row(shown, *(cells[number] for number in columns))
    return made


def _fitting(result: LoadResult, console: Console, columns: Sequence[int]) -> Table:
    """The endpoints as wide as the terminal: names have what the numbers leave."""
    numbers = width_of(console, _endpoints(result, columns, 1)) - _longest(result, 1)
    return _endpoints(result, columns, max(console.width - numbers, LEAST_NAME))


def _longest(result: LoadResult, width: int) -> int:
    lines = [line for row in result.endpoints() for line in wrapped(_cells(row)[0], width)]
    return max(map(cell_len, ["endpoint", *lines]))


def _cells(row: EndpointRow) -> list[str]:
    answers = " ".join(f"{status}:{n}" for status, n in sorted(row.statuses.items()))
    latencies = ["" if value is None else f"{value * 1000:.1f} ms" for value in row.latency.values()]
    name = f"{row.method} {row.endpoint}".strip()
    return [name, str(row.requests), answers, str(row.unanswered or ""), str(row.maybe or ""), *latencies]


def _endpoint(row: EndpointRow) -> str:
    return "<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in _cells(row)) + "</tr>"


def _verdict(verdict: Verdict) -> str:
    return (
        f"<tr><td>{_text(verdict.claim)}</td><td class={verdict.outcome.split()[0]}>{verdict.outcome}</td>"
        f"<td>{_text(verdict.reason)}</td></tr>"
    )


def _text(text: str) -> str:
    return markup.escape(text)


def _asset(path: Path) -> str:
    return path.read_text(encoding="utf-8")
