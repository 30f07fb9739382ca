"""First drafts of stories, from a kind's example and what its page says to write instead.

    python -m tests.findings.drafting rule/quantile-out-of-range    one that has none yet, or all of them without an id
    python -m tests.findings.drafting --answers                     what the program answers now, into all of them

A draft is to be read before it is kept: a kind whose example is no file by itself needs its files written by hand.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

from promproof.findings.kind import KINDS, Kind, Severity
from tests.stories import Scene, told, write_anew

STORIES = Path(__file__).parent / "stories"
_FILE = re.compile(r"^# (\S+\.(?:ya?ml|md|json|tmpl))\n", re.MULTILINE)


def path_of(kind: str) -> Path:
    """Where the story of a kind is."""
    return STORIES / f"{kind}.txt"


def files_of(text: str, family: str) -> dict[str, str]:
    """The files of an example: an expression, some rules, a file, or several files, each under its name."""
    if _FILE.match(text):
        parts = _FILE.split(text)[1:]
        return dict(zip(parts[::2], parts[1::2], strict=True))
    if text.lstrip("\ufeff").startswith("{"):
        return {"dashboard.json": text}
    if family == "grafana":
        target = {"refId": "A", "expr": text}
        panel = {"title": "Example", "type": "timeseries", "targets": [target]}
        return {"dashboard.json": json.dumps({"title": "Example", "panels": [panel]}, indent=2)}
    if family != "rule" or text.startswith("groups:"):
        return {
            {"alertmanager": "alertmanager.yml", "compose": "compose.yml"}.get(family, f"{family}.yml"): text
        }
    rules = text if text.startswith("- ") else f"- alert: Example\n  expr: |-\n    {text}"
    lines = "".join(f"  {line}\n" for line in rules.splitlines())
    return {"rules.yml": f"groups:\n- name: example\n  rules:\n{lines}"}


def draft(kind: Kind, *acts: dict[str, str]) -> str:
    """The draft of a story: acts are the files of each scene, those of the kind's texts unless given."""
    family = kind.id.partition("/")[0]
    severity = "" if kind.severity.rank <= Severity.WARNING.rank else f" --severity {kind.severity}"
    command = f"promproof check --only {kind.id}{severity}"
    scenes = acts or (files_of(kind.example, family), files_of(kind.instead, family))
    heading = f"# {kind.title[0].upper()}{kind.title[1:]}, and its harmless neighbour."
    return told(heading, iter([Scene(files, [command]) for files in scenes]))


def main(words: list[str]) -> None:
    """Write drafts or answers."""
    os.environ["COLUMNS"] = "80"
    if words == ["--answers"]:
        write_anew(sorted(STORIES.rglob("*.txt")))
        return
    lacking = [name for name in KINDS.names() if not path_of(name).exists()]
    for name in words or lacking:
        story = draft(KINDS.get(name))
        path_of(name).parent.mkdir(parents=True, exist_ok=True)
        path_of(name).write_text(story, encoding="utf-8")
        sys.stdout.write(f"{'to be read' if is_whole(name, story) else 'TO BE WRITTEN'}: {path_of(name)}\n")


def is_whole(kind: str, story: str) -> bool:
    """Whether the story has files in which the kind is found, and others in which nothing is."""
    is_found = re.search(rf"^\S+ (error|warning|info|hint) {kind}( |$)", story, re.MULTILINE)
    return is_found is not None and "\nno findings\n" in story


if __name__ == "__main__":
    main(sys.argv[1:])
