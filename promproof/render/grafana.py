"""The run copy of a Grafana folder: the same files under the time scale, each difference declared.

Scaled are the data source's interval, fixed windows of queries and written min steps. Macros stay as they are: they
follow the range and the data source. At scale 1 nothing changes.
"""

from __future__ import annotations

import difflib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promproof.config import jsontext, usertext
from promproof.config.durations import format_milliseconds
from promproof.config.folder import Folder
from promproof.config.timescale import TimeScale
from promproof.config.usertext import Mistake
from promproof.config.yamlfile import load
from promproof.config.yamltext import Key
from promproof.errors import InputError
from promproof.grafana import mounts
from promproof.grafana.durations import milliseconds
from promproof.grafana.steps import DEFAULT_SCRAPES, MACROS
from promproof.grafana.windows import scaled
from promproof.render.runcopy import Change, RunCopy

FOLDER, MOUNTED = "grafana", "mounted"


def render_grafana(source: Folder, out: Path, scale: TimeScale) -> tuple[list[Change], str]:
    """Write the copy below `out`; the changes, and a unified diff of them. Nothing for a folder without Grafana.

    Raises:
        InputError: a file cannot be copied, one of data sources cannot be read, or its interval cannot be scaled.
    """
    changes: list[Change] = []
    diffs: list[str] = []
    for path, place, is_of_sources in _copies(source, out):
        place.parent.mkdir(parents=True, exist_ok=True)
        if is_of_sources:
            copy = RunCopy(source, load(path, "a file of data sources"))
            _scale_sources(copy, scale)
            copy.write(place)
            changes += copy.changes
            diffs.append(copy.diff())
            continue
        try:
            shutil.copyfile(path, place)
        except OSError as error:
            raise InputError(
                what=f"cannot be copied: {error.strerror}",
                where=str(path),
                expected="a file of Grafana",
                todo="look at its rights",
            ) from error
        if path.suffix == ".json" and not scale.is_identity:
            found = _scaled_dashboard(place.read_bytes(), source.relative(path), scale)
            if found is not None:
                text, before, mine = found
                place.write_text(text, encoding="utf-8")
                changes += mine
                name = source.relative(path)
                old, new = before.splitlines(True), text.splitlines(True)
                diffs.append("".join(difflib.unified_diff(old, new, f"monitoring/{name}", f"run/{name}")))
    return changes, "".join(diffs)


def _copies(source: Folder, out: Path) -> Iterator[tuple[Path, Path, bool]]:
    """Each file, where its copy goes, and whether it is one of data sources.

    A file that is mounted from elsewhere goes below `mounted`, at its place in the container.
    """
    own = source.root / FOLDER
    for path in sorted(own.rglob("*")):
        if path.is_file():  # no folder; and no pipe, device or loop of links, which the reader has told
            is_of_sources = path.suffix in (".yml", ".yaml") and path.parent.name == "datasources"
            yield path, out / path.relative_to(source.root), is_of_sources
    for file in (*mounts.provisioning(source.root), *mounts.dashboards(source.root)):
        if file.path.is_file() and not file.path.is_relative_to(own):
            place = out / FOLDER / MOUNTED / file.place.lstrip("/")
            yield file.path, place, file.sort == "datasources"


def _scale_sources(copy: RunCopy, scale: TimeScale) -> None:
    for key in copy.mappings("datasources"):
        written = copy.get(*key, "jsonData", "timeInterval")
        if not written and copy.get(*key, "type") == "prometheus":
            written = DEFAULT_SCRAPES  # Grafana's own, which a copy at another scale has to name
        # What Grafana takes from its own environment is not known here, and stays as it is.
        if isinstance(written, str) and written and "$" not in written and not scale.is_identity:
            place = (*key, "jsonData", "timeInterval")
            try:
                ms = scale.milliseconds(milliseconds(written), copy.where(place))
            except ValueError as error:
                raise InputError(
                    what=str(error),
                    where=copy.where(place),
                    expected="a duration such as 15s",
                    todo="correct it",
                ) from error
            _put_interval(copy, key, format_milliseconds(ms), f"time scale {scale}")


def _put_interval(copy: RunCopy, key: Key, interval: str, reason: str) -> None:
    options = copy.get(*key, "jsonData")
    if options is None:
        copy.put((*key, "jsonData"), {"timeInterval": interval}, reason)
    elif isinstance(options, dict):
        copy.put((*key, "jsonData", "timeInterval"), interval, reason)


def _scaled_dashboard(raw: bytes, file: str, scale: TimeScale) -> tuple[str, str, list[Change]] | None:
    """(its text, the original in the same form, changes); None for what is no JSON or holds nothing to scale."""
    try:
        data = jsontext.value(usertext.decoded(raw))
    except Mistake:  # a finding elsewhere; the copy is as broken as the original
        return None
    before = json.dumps(data, indent=2) + "\n"
    changes = []
    for holder, name, path in _durations(data, "$"):
        written = holder[name]
        try:
            text = scaled(written, scale) if name == "expr" else _scaled_step(written, scale)
        except (ValueError, InputError):
            continue  # it cannot be parsed or scaled, and the panel's own verdict says so
        if text != written:
            changes.append(Change(file, f"{path}.{name}", written, text, f"time scale {scale}"))
            holder[name] = text
    return (json.dumps(data, indent=2) + "\n", before, changes) if changes else None


def _scaled_step(written: str, scale: TimeScale) -> str:
    return format_milliseconds(scale.milliseconds(milliseconds(written)))


def _durations(value: Any, path: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Every `expr`, and every min step of a panel or a query: the object, the key, the object's JSON path."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _durations(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        if isinstance(value.get("expr"), str):
            yield value, "expr", path
        step = value.get("interval")
        if ("expr" in value or "targets" in value) and isinstance(step, str) and step and step not in MACROS:
            yield value, "interval", path
        for key, item in value.items():
            yield from _durations(item, f"{path}.{key}")
