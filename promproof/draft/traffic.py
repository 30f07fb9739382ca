"""The scenario of a draft: every probe that has the same answer each time, in turn, and unknown paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from promproof.draft.lines import comment, document, flow, scalar
from promproof.draft.observed import UNMATCHED, Probe
from promproof.draft.recognise import Recognised
from promproof.draft.routes import UNKNOWN

REQUESTS_A_SECOND = 20
UNKNOWN_PATHS = 1000
"""So many must share one label value before the run says that unknown paths don't multiply series."""


def scenario(
    service: str, probes: Sequence[Probe], found: Recognised, left: Sequence[tuple[str, str]]
) -> str:
    """The text of the scenario. left: what is not sent, with its reason."""
    known = [probe for probe in probes if probe.route != UNMATCHED]
    strange = [probe for probe in probes if probe.route == UNMATCHED]
    head = comment(
        "Traffic for `promproof verify`, drafted by `promproof init`: requests that only read, each with the answer "
        "that it had. It is yours: `promproof init` keeps what you change."
    )
    head += [
        "scenario: 1",
        f"name: {scalar(service)}",
        "description: every route that is safe to ask, in turn",
    ]
    sections = [head]
    if strange:
        sections.append(["once:", *_unknown(strange[0], found)])
    if known:
        rate = max(1, round(REQUESTS_A_SECOND / len(known)))
        steps = [f"      - {flow(step(probe, found))}" for probe in known]
        sections.append(["mix:", "  - name: each route", "    steps:", *steps])
        lag = [
            "# How many were sent is compared, not how evenly: a busy machine may be late.",
            "generator: {lag: 2s}",
        ]
        sections.append([f"arrival: {{model: open, rate: {rate}/s}}", "duration: 10s", *lag])
    if left:
        lines = comment("Not sent:")
        for route, why in left:
            lines += comment(f"  {route}: {why}")
        sections.append(lines)
    return document(sections)


def step(probe: Probe, found: Recognised) -> dict[str, Any]:
    """One request as a step."""
    path, mark, query = probe.path.partition("?")
    told: dict[str, Any] = {"request": f"{probe.method} {path}"}
    if mark:
        told["query"] = {name: _literal(value) for name, value in parse_qsl(query, keep_blank_values=True)}
    if probe.route != path:
        told["endpoint"] = probe.route
    if probe.status != 200:
        told["expect"] = [probe.status]
    if probe in found.uncounted:
        told["counted"] = False
    return told


def _literal(value: str) -> str:
    """A text in which a scenario finds no placeholder."""
    return value.replace("{", "{{").replace("}", "}}")


def _unknown(probe: Probe, found: Recognised) -> list[str]:
    """Requests to unknown paths: many different ones where they share a label value, else the one that was tried."""
    values = [
        value
        for counting in found.counting.values()
        for label, source in counting.sources.items()
        if source == "route"
        for value in (counting.values(label).get(probe, ""),)
    ]
    apart = any(UNKNOWN in value for value in values)
    path = UNKNOWN if apart else f"{UNKNOWN}/{{n}}"
    told: dict[str, Any] = {"request": f"GET {path}", "endpoint": UNMATCHED, "expect": [probe.status]}
    if probe in found.uncounted:
        told["counted"] = False
    lines = []
    if apart:
        lines += comment(
            "one path alone: this service gives each unknown path a label value of its own", "  "
        )
    many = bool(values) and not apart and probe not in found.uncounted
    times = [f"    times: {UNKNOWN_PATHS}", "    at_once: 8"] if many else ["    times: 20"]
    return [*lines, "  - name: unknown paths", *times, "    steps:", f"      - {flow(told)}"]
