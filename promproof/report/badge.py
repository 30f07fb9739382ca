"""The badge of a run: an SVG that a README can show. Fonts differ, so each text has a fixed length."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path

from promproof.report.output import Report, register
from promproof.verdict import Outcome

NAME = "badge.svg"
LABEL = "monitoring"
COLOURS = {0: "#2e7d32", 1: "#c62828"}
"""by exit status; any other one is the colour of what is unknown"""
UNKNOWN = "#8a6d00"
CHARACTER = 6.6
"""pixels of a character of 11 pixels, on average"""
PADDING = 12


@register("badge", order=420)
def write(report: Report) -> Path:
    """badge.svg in the run's folder."""
    path = report.folder / NAME
    path.write_text(svg(message(report), COLOURS.get(report.status, UNKNOWN)), encoding="utf-8")
    return path


def message(report: Report) -> str:
    """The worst that there is to say, in two words: `2 fail`, `3 unknown`, `269 pass`."""
    counts = Counter(verdict.outcome for verdict in report.verdicts)
    for outcome in (Outcome.FAIL, Outcome.UNKNOWN):
        if counts[outcome]:
            return f"{counts[outcome]} {outcome}"
    if report.status == 0:
        return f"{counts[Outcome.PASS]} pass"
    return "incomplete"


def svg(text: str, colour: str) -> str:
    """The picture: the label, and a text on a colour; white on each has a contrast of over 4.5."""
    left, right = (round(len(part) * CHARACTER) + PADDING for part in (LABEL, text))
    title = escape(f"{LABEL}: {text}")
    size = f'width="{left + right}" height="20"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">
<title>{title}</title>
<rect {size} rx="3" fill="{colour}"/>
<path d="M3 0h{left - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
<text x="{left / 2:g}" y="14" textLength="{left - PADDING}">{escape(LABEL)}</text>
<text x="{left + right / 2:g}" y="14" textLength="{right - PADDING}">{escape(text)}</text>
</g></svg>
"""
