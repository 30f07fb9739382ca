"""Tables of a page: values of labels, buckets, settings, and what a panel shows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.contract.documentation import Row, Table, names
from promproof.contract.labels import Label
from promproof.contract.model import Metric
from promproof.contract.panels import PanelClaim
from promproof.promises.known import Known
from promproof.promises.promise import Promise, listed
from promproof.promises.settings import compared
from promproof.promises.sheet import Sheet

LABEL_COLUMNS = (("label", "values"), ("label", "allowed values"))
BUCKET_COLUMNS = (("histogram", "buckets"), ("metric", "buckets"))
SETTING_COLUMNS = (("setting", "value"), ("setting", "default"))
_PERCENTILE = re.compile(r"\b(\d+(?:\.\d+)?)(?:st|nd|rd|th)\b")
_STATUS_CLASS = re.compile(r"\b([1-5])xx\b", re.IGNORECASE)
_BY = re.compile(r",? by ((?:(?:each |the )?\w+(?:, | and |, and )?)+)$")


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """The promises of the tables whose columns say what they are."""
    for table in sheet.page.tables:
        columns = tuple(column.lower() for column in table.columns)
        if columns in LABEL_COLUMNS:
            yield from _labels(sheet, table, known)
        elif columns in BUCKET_COLUMNS:
            yield from (
                promise.unless(sheet.is_of_others(promise.line)) for promise in _buckets(table, known)
            )
        elif columns in SETTING_COLUMNS:
            yield from _settings(sheet, table, known)
        elif {"dashboard", "panel", "shows"} <= set(columns):
            yield from _panels(table, known)


def _cells(row: Row) -> tuple[str, ...]:
    return tuple(row.cells.values())


def _labels(sheet: Sheet, table: Table, known: Known) -> Iterator[Promise]:
    """Each label of the metrics in the tables under the same heading, or of all where there are none."""
    beside = [
        row.cells["metric"]
        for other in sheet.page.tables
        if table.headings[: len(other.headings)] == other.headings and "metric" in other.columns
        for row in other.rows
    ]
    metrics = [metric for metric in known.contract.metrics if metric.name in beside]
    for row in table.rows:
        name, cell = _cells(row)
        having = [metric for metric in metrics if name in metric.labels]
        if not having:
            yield Promise(row.line, "label", name).is_open(f"no documented metric here has a label {name}")
        for metric in having:
            yield _label(row.line, name, cell, metric).unless(sheet.is_of_others(row.line))


def _label(line: int, name: str, cell: str, metric: Metric) -> Promise:
    promise = Promise(
        line,
        "label values",
        f"{name}: {cell}",
        f"page/labels/{metric.name}",
        thing=f"label/{metric.name}/{name}",
        value=cell,
    )
    wanted = alternatives(metric.labels[name])
    said = frozenset(names(cell))
    if not wanted:
        return promise.is_open("the contract leaves its values open")
    if any(" " in word for word in said):
        return promise.is_open("the cell is no list of values")
    if any(word in ("…", "...", "etc.", "etc") or word.endswith(("…", "...")) for word in said):
        return promise.is_open("the cell names some of the values")
    plain = {word for word in said if metric.labels[name].allows(word)}
    patterns = {pattern for pattern in wanted if any(re.fullmatch(pattern, word) for word in plain)}
    extra, missing = sorted(said - wanted - plain), sorted(wanted - said - patterns)
    parts = [f"{listed(extra)} is not in the contract"] if extra else []
    parts += [f"{listed(missing)} of the contract is missing"] if missing else []
    return promise.judged(not parts, "as in the contract", f"{metric.name}, {name}: {'; '.join(parts)}")


def alternatives(label: Label) -> frozenset[str]:
    """What a contract allows as a page would list it: values, and the alternatives of a pattern."""
    found = set(label.values or ())
    depth, word = 0, ""
    for letter in label.pattern or "":
        depth += (letter in "([") - (letter in ")]")
        if letter == "|" and depth == 0:
            found.add(word)
            word = ""
        else:
            word += letter
    return frozenset(found | {word}) - {""}


def _buckets(table: Table, known: Known) -> Iterator[Promise]:
    metrics = {metric.name: metric for metric in known.contract.metrics}
    for row in table.rows:
        name, cell = _cells(row)
        promise = Promise(row.line, "buckets", cell, thing=f"buckets/{name}", value=cell)
        metric = metrics.get(name)
        if metric is None or metric.type != "histogram":
            yield promise.is_open(f"the contract has no histogram {name}")
            continue
        promise = Promise(row.line, "buckets", cell, f"page/buckets/{name}", thing=promise.thing, value=cell)
        try:
            edges = [float(edge) for edge in names(cell) if edge not in ("+Inf", "Inf")]
        except ValueError:
            yield promise.is_open("the cell is no list of numbers")
            continue
        if metric.buckets is None:
            yield promise.is_open("the contract names no buckets")
            continue
        wrong = sorted(set(edges) ^ set(metric.buckets))
        yield promise.judged(
            edges == list(metric.buckets),
            "as in the contract",
            f"{name}: {listed(wrong) or 'the order'} differs from the contract's {listed(metric.buckets)}",
        )


def _settings(sheet: Sheet, table: Table, known: Known) -> Iterator[Promise]:
    for row in table.rows:
        name, cell = _cells(row)
        plain = name.replace("_", " ").lower()
        thing = f"setting/{plain}"
        setting = known.settings.get(plain)
        promise = Promise(row.line, "setting", f"{name}: {cell}", value=cell)
        if setting is None:
            yield promise
            continue
        promise = Promise(row.line, "setting", promise.text, "page/settings", thing=thing, value=cell)
        yield compared(promise, cell, name, setting).unless(sheet.is_of_others(row.line))


def _panels(table: Table, known: Known) -> Iterator[Promise]:
    panels = {
        (dashboard.title, panel.title): (dashboard.uid, panel)
        for dashboard in known.contract.dashboards
        for panel in dashboard.panels
    }
    for row in table.rows:
        found = panels.get((row.cells["dashboard"], row.cells["panel"]))
        if found is not None:
            yield from _panel(row.line, row.cells["shows"], *found, known)


def _panel(line: int, shows: str, uid: str, panel: PanelClaim, known: Known) -> Iterator[Promise]:
    """Percentiles, classes of statuses and the labels that it is split by, where the contract says them."""
    truth, claim = panel.truth, f"page/dashboard/{uid}"

    def promise(kind: str, text: str) -> Promise:
        return Promise(line, kind, text, claim)

    shares = sorted(f"{float(number):g}" for number in _PERCENTILE.findall(shows))
    quantiles = sorted(f"{100 * share:g}" for share in getattr(truth, "quantiles", None) or ())
    if shares and quantiles:
        yield promise("percentile", listed(shares)).judged(
            shares == quantiles,
            "as in the contract",
            f"{panel.title} shows the percentiles {listed(quantiles)}",
        )
    classes = set(_STATUS_CLASS.findall(shows))
    patterns = [
        *(getattr(truth, "part", None) or {}).values(),
        *(getattr(truth, "where", None) or {}).values(),
    ]
    wanted = {digit for pattern in patterns for digit in "12345" if _takes(pattern, digit)}
    if classes and wanted:
        yield promise("status", listed(sorted(f"{digit}xx" for digit in classes))).judged(
            classes == wanted,
            "as in the contract",
            f"{panel.title} is about {listed(sorted(f'{digit}xx' for digit in wanted))}",
        )
    by = _BY.search(shows)
    labels = getattr(truth, "by", None)
    if by is not None and labels is not None:
        yield from _split(promise("labels", by[1].strip()), labels, panel, known)


def _takes(pattern: str, digit: str) -> bool:
    try:
        return (
            re.fullmatch(pattern, f"{digit}00") is not None
            and re.fullmatch(pattern, f"{digit}99") is not None
        )
    except re.error:
        return False


def _split(promise: Promise, labels: tuple[str, ...], panel: PanelClaim, known: Known) -> Iterator[Promise]:
    names_of = {label for metric in known.contract.metrics for label in metric.labels}
    words = {label.removesuffix("_id"): label for label in names_of} | {label: label for label in names_of}
    said = re.split(r", and |, | and ", re.sub(r"\b(each|the) ", "", promise.text))
    if not all(word in words for word in said):
        return
    wanted = sorted(labels)
    yield promise.judged(
        sorted(words[word] for word in said) == wanted,
        "as in the contract",
        f"{panel.title} is by {listed(wanted) or 'nothing'}",
    )
