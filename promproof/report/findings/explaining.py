"""What a kind of finding is: as text for a terminal, and as the page of the documentation."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from promproof.findings.kind import SERVER, Kind
from promproof.report.lines import beside, fitted, wrapped

FAMILIES = {
    "rule": "alerting and recording rules",
    "alertmanager": "routes, receivers, inhibitions and time intervals",
    "prometheus": "the configuration of Prometheus",
    "grafana": "dashboards, provisioning, and Grafana's own alerts",
    "compose": "compose files of a monitoring stack",
    "file": "files as such, and what leaves findings out",
    "proof": "alerts as promtool evaluates them, with `promproof check --prove`",
}
"""What each family is about, in the order of the index."""
COMMAND = "python -m tests.findings.test_pages"
"""It writes the pages."""


def family(kind: Kind) -> str:
    """The part of an id before the slash."""
    return kind.id.partition("/")[0]


def by_family(kinds: Iterable[Kind]) -> Iterator[tuple[str, list[Kind]]]:
    """The kinds of each family by their ids; families in the order of the index."""
    known = list(FAMILIES)
    ordered = sorted(
        kinds,
        key=lambda kind: (
            known.index(family(kind)) if family(kind) in known else len(known),
            family(kind),
            kind.id,
        ),
    )
    for name, mine in groupby(ordered, key=family):
        yield name, list(mine)


def listed(kinds: Sequence[Kind], width: int | None = None) -> str:
    """A line for each kind, family by family; more on a terminal where one is too long."""
    lines = []
    longest = max(len(kind.id) for kind in kinds)
    for name, mine in by_family(kinds):
        lines += [f"{name}: {FAMILIES.get(name, 'from a plugin')}"]
        lines += [beside(f"  {kind.id:{longest}}  {kind.severity:7}  ", kind.title, width) for kind in mine]
        lines += [""]
    return "\n".join([*lines, "promproof explain ID tells one of them", ""])


def explained(kind: Kind, width: int | None) -> str:
    """All about a kind, for a terminal."""
    why = kind.why if width is None else "\n".join(wrapped(" ".join(kind.why.split()), width))
    parts = [
        fitted(f"{kind.id} ({kind.severity}): {kind.title}", width),
        why,
        f"Found:\n\n{textwrap.indent(kind.example.strip(), '    ')}",
        f"Instead:\n\n{textwrap.indent(kind.instead.strip(), '    ')}",
        *([fitted(_needed(kind, "not verified"), width)] if kind.needs else []),
        f"To leave it out:\n\n{textwrap.indent(_way_out(kind), '    ')}",
    ]
    return "\n\n".join(parts) + "\n"


def _needed(kind: Kind, unverified: str) -> str:
    outcome = "nothing is said" if kind.needs == SERVER else f"it is {unverified}"
    return f"It needs {kind.needs}; without, {outcome}."


def page(kind: Kind) -> str:
    """The page of a kind, in Markdown."""
    needs = f"\n\n{_needed(kind, '*not verified*')}" if kind.needs else ""
    return f"""<!-- written by `{COMMAND}` -->

# {kind.id}

{kind.title[0].upper()}{kind.title[1:]}. Severity: **{kind.severity}**{_when(kind)}.

{_markdown(kind.why)}{needs}

## Example

{_fenced(kind.example, family(kind))}

Instead:

{_fenced(kind.instead, family(kind))}

## To leave it out

{_fenced(_way_out(kind), "file")}

[All ways](../../check.md#findings-that-you-want-to-keep), and [all kinds](../README.md).
"""


def index(kinds: Iterable[Kind]) -> str:
    """The page of all kinds."""
    lines = [f"<!-- written by `{COMMAND}` -->", "", "# All kinds of findings", ""]
    lines += ["What [`promproof check`](../check.md) finds. `promproof explain ID` prints a page.", ""]
    for name, mine in by_family(kinds):
        lines += [f"## {name}", "", f"{_sentence(FAMILIES.get(name, name))}", ""]
        lines += ["| id | severity | what |", "|---|---|---|"]
        lines += [
            f"| [{kind.id}]({kind.id}.md) | {kind.severity} | {_markdown(kind.title).replace('|', chr(92) + '|')} |"
            for kind in mine
        ]
        lines += [""]
    return "\n".join(lines)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _when(kind: Kind) -> str:
    return "" if kind.severity.rank <= 1 else f", shown with `--severity {kind.severity}`"


def _markdown(text: str) -> str:
    """Text in which PromQL and placeholders stand as they are, outside of what is code already."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(
        piece if piece.startswith("`") else re.sub(r"([*_<>\[\]])", r"\\\1", piece) for piece in pieces
    )


def _fenced(text: str, of: str) -> str:
    stripped = text.strip("\n")
    if stripped.lstrip("\ufeff").startswith(("{", '"')) and of == "grafana":
        language = "json"
    elif re.search(r"^(- |# )?[\w./-]+:(\s|$)", stripped, re.MULTILINE) or of == "file":
        language = "yaml"
    else:
        language = "promql" if of in ("rule", "grafana") else ""
    fence = "````" if "```" in stripped else "```"
    return f"{fence}{language}\n{stripped}\n{fence}"


def _way_out(kind: Kind) -> str:
    entry = f"# promproof.yaml\nignore:\n- id: {kind.id}\n  path: some/folder/*"
    if family(kind) == "grafana":  # JSON has no comments
        return entry
    return f"# promproof: ignore {kind.id} - the reason\n\n{entry}"
