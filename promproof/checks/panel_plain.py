"""What a dashboard that is promised to be plain may not do: show other numbers, times or series than its queries give.

`plain: true` in the contract asks for it; a panel that means to says so in `departs`. Each text has its JSON path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from promproof.checks.panel_described import told
from promproof.checks.panel_raw import Json, at, file_of, items_of, object_of
from promproof.checks.panel_variables import LABEL_VALUES
from promproof.checks.target_metrics import strange
from promproof.config.durations import parse_duration
from promproof.config.promql import bare, parse
from promproof.contract.model import Alert, Contract, seconds
from promproof.evidence.records import RuleFiles
from promproof.grafana.dashboard import Dashboard, Panel, Target, Variable
from promproof.grafana.expand import names, substitute
from promproof.grafana.queries import metric_of
from promproof.grafana.zoom import everything
from promproof.promql.tree import is_call, matchers, ranged, selectors
from promproof.promql.values import comparison
from promproof.truth.views import Views

REDUCED = ("stat", "gauge", "bargauge")
_LAST = ("last", "lastNotNull")
_CHANGING = re.compile(
    r"unit|noValue|mappings|min|max|displayName|custom\.(?:hideFrom|transform|stacking|scale\w*)"
)
"""Properties of an override that change what is read; others are of its looks."""
_LEAST_POINTS = 100
_FIRING = re.compile(r"alertstate\s*=\s*[\"']firing")
_COMPARING = ("changes", "resets", "rate", "increase", "delta", "deriv")
_STATES = ("firing", "pending")
_OTHER_TIMES = ("ms", "\u00b5s", "us", "ns", "m", "h", "d")
_ZONES = ("", "browser", "utc")
_OF_ONE = re.compile(r"\{\{\s*(?:job|instance)\s*\}\}")
"""A legend of what is often there once."""


def panel_departures(views: Views, dashboard: Dashboard, panel: Panel, departs: tuple[str, ...]) -> list[str]:
    """How a panel departs from what its queries give, without the ways that are promised."""
    raw = at(file_of(views, dashboard), panel.path)
    interval = views.scrape_interval(panel.sent[0].expression) / 1000 if panel.sent else 0.0
    return [
        f"{panel.path}.{key}: {text}"
        for way, key, text in (
            *_of_times(raw, panel, interval),
            *_of_values(raw),
            *_of_drawing(raw, panel),
            *_of_choices(dashboard.variables, panel),
        )
        if way not in departs
    ]


def dashboard_departures(views: Views, dashboard: Dashboard, contract: Contract) -> list[str]:
    """How a dashboard opens with other times or series than all of the newest."""
    raw = file_of(views, dashboard)
    promised = [
        panel for wanted in contract.dashboards if wanted.uid == dashboard.uid for panel in wanted.panels
    ]
    shown = [contract.alert(panel.alert) for panel in promised if panel.alert is not None]
    found = [f"$.{key}: {text}" for key, text in _of_opening(object_of(raw), shown)]
    for index, annotation in enumerate(items_of(object_of(object_of(raw).get("annotations")).get("list"))):
        if annotation.get("expr") and annotation.get("enable") is False:
            found.append(f"$.annotations.list[{index}].enable: {annotation.get('name')} is switched off")
        if annotation.get("expr") and _is_of_grafana(annotation.get("datasource")):
            found.append(
                f"$.annotations.list[{index}].datasource: Grafana itself is asked, and not {annotation['expr']}"
            )
        found += [
            f"$.annotations.list[{index}].expr: {annotation.get('name')} {text}"
            for text in _of_annotation(
                _opened(str(annotation.get("expr") or ""), dashboard), contract, _recorded(views)
            )
        ]
        found += [
            f"$.annotations.list[{index}].expr: {annotation.get('name')} {text}"
            for text in _of_short_windows(_opened(str(annotation.get("expr") or ""), dashboard), views)
        ]
    others = [
        object_of(file_of(views, other)) for other in views.folder.dashboards if other.file != dashboard.file
    ]
    found += [f"$.{key}: {text}" for key, text in _of_links(object_of(raw), others)]
    every = [str(other.get("refresh") or "") for other in others]
    if every and all(map(_seconds, every)) and not _seconds(str(object_of(raw).get("refresh") or "")):
        found.append(f"$.refresh: is never drawn anew; the others are, every {every[0]}")
    for variable in dashboard.variables:
        whole = object_of(at(raw, variable.path))
        texts = _of_variable(variable, whole, dashboard, contract) if variable.type == "query" else ()
        found += [f"{variable.path}: ${variable.name} {text}" for text in texts]
    return found


def _is_of_grafana(source: Any) -> bool:
    """Whether a source is Grafana's own, which knows no queries."""
    named = source.get("uid") if isinstance(source, dict) else source
    return named in ("-- Grafana --", "grafana")


def _recorded(views: Views) -> tuple[str, ...]:
    rules = views.evidence.history.last(RuleFiles)
    return rules.data.recorded if rules is not None else ()


def _of_annotation(expression: str, contract: Contract, recorded: Sequence[str]) -> Iterator[str]:
    """What an annotation's query can never find."""
    for name in strange(expression, contract, recorded):
        yield f"asks for {name}, which is not documented"
    try:
        found = selectors(parse(expression))
    except ValueError:
        return
    jobs = _jobs(contract)
    for selector in found:
        for label, sign, value in matchers(selector):
            if jobs and (label, sign) == ("job", "=") and value not in jobs and "$" not in value:
                yield f"asks for the job {value}, which nothing documents"
    for alert in contract.alerts:
        if alert.always and _FIRING.search(expression) and told(expression, alert.name):
            yield f"asks for {alert.name} too, which always fires"
    for selector in found:
        for label, operator, value in matchers(selector):
            if (metric_of(selector), label, operator) == (
                "ALERTS",
                "alertstate",
                "=",
            ) and value not in _STATES:
                yield f"asks for alerts that are {value}: they are {' or '.join(_STATES)}"
    compared = comparison(bare(parse(expression)))
    if (
        compared is not None
        and is_call(compared[0], "changes", "resets")
        and ((compared[1] == ">" and compared[2] >= 1) or (compared[1] == ">=" and compared[2] > 1))
    ):
        yield f"marks only what happens more than once in its window: {compared[1]} {compared[2]:g}, not > 0"


def _of_short_windows(expression: str, views: Views) -> Iterator[str]:
    """A change within a window that is shorter than from one scrape to the next: it has nothing to compare."""
    try:
        root = parse(expression)
    except ValueError:
        return
    interval = views.scrape_interval(expression) / 1000
    for call, window in ranged(root) if _JOB.search(expression) else ():
        size = window.range.total_seconds()
        if is_call(call, *_COMPARING) and size < interval:
            yield f"compares what is within {size:g} s: less than from one scrape to the next"


def _opened(query: str, dashboard: Dashboard) -> str:
    """A query with the variables of one value as the dashboard opens with them."""
    one = {variable.name for variable in dashboard.variables if not (variable.multi or variable.include_all)}
    return substitute(query, {name: value for name, value in everything(dashboard).items() if name in one})


def _jobs(contract: Contract) -> frozenset[str]:
    """The documented jobs; none where they are not all named."""
    if contract.deployment is None or contract.target.job is None:
        return frozenset()
    services = contract.deployment.services.values()
    return frozenset({contract.target.job, *(service.job for service in services if service.job is not None)})


def _of_links(raw: Json, others: Sequence[Json]) -> Iterator[tuple[str, str]]:
    """Links to all dashboards of a tag that none has, or that this one alone lacks among those that link by it."""
    own = _tags(raw)
    for index, link in enumerate(items_of(raw.get("links"))):
        wanted = _tags(link)
        if link.get("type") != "dashboards" or not wanted:
            continue
        alike = [
            other for other in others if any(_tags(each) == wanted for each in items_of(other.get("links")))
        ]
        if not any(wanted <= tags for tags in (own, *map(_tags, others))):
            yield f"links[{index}].tags", f"no dashboard has {', '.join(sorted(wanted))}"
        elif not wanted <= own and alike and all(wanted <= _tags(other) for other in alike):
            yield "tags", f"the links of the others are to {', '.join(sorted(wanted))}, which it is not"


def _tags(raw: Json) -> frozenset[str]:
    tags = raw.get("tags")
    return frozenset(map(str, tags)) if isinstance(tags, list) else frozenset()


def _of_times(raw: Json, panel: Panel, interval: float) -> Iterator[tuple[str, str, str]]:
    for key, what in (("timeShift", "shows another time, now-"), ("timeFrom", "shows a range of its own, ")):
        if raw.get(key):
            yield "time", key, f"{what}{raw[key]}"
    steps = [("interval", panel.interval)]
    steps += [(f"targets[{index}].interval", target.interval) for index, target in enumerate(panel.targets)]
    for key, step in steps:
        if step and _seconds(step) > interval:
            yield (
                "step",
                key,
                f"a point stands for {step} at least, and there is a scrape every {interval:g} s",
            )
    if panel.max_data_points is not None and 1 < panel.max_data_points < _LEAST_POINTS:
        yield "step", "maxDataPoints", f"draws {panel.max_data_points} points, whatever the range"


def _seconds(text: str) -> float:
    try:
        return parse_duration(text.lstrip(">"))
    except ValueError:
        return 0.0  # a variable: the reader's choice


def _of_values(raw: Json) -> Iterator[tuple[str, str, str]]:
    field = object_of(raw.get("fieldConfig"))
    defaults = object_of(field.get("defaults"))
    if re.search(r"\d|ok|up|healthy", str(defaults.get("noValue") or ""), re.IGNORECASE):
        yield "no_value", "fieldConfig.defaults.noValue", f"no data reads {defaults['noValue']!r}"
    if defaults.get("mappings"):
        yield "mappings", "fieldConfig.defaults.mappings", "values read as other words"
    for index, override in enumerate(items_of(field.get("overrides"))):
        changed = [
            str(item.get("id"))
            for item in items_of(override.get("properties"))
            if _CHANGING.fullmatch(str(item.get("id")))
        ]
        if changed:
            yield (
                "overrides",
                f"fieldConfig.overrides[{index}]",
                f"changes {', '.join(changed)} of some series",
            )
    limits = items_of(object_of(defaults.get("thresholds")).get("steps"))
    if len(limits) > 1 and len({str(step.get("color")) for step in limits}) == 1:
        yield (
            "mappings",
            "fieldConfig.defaults.thresholds",
            f"beyond its limits it is {limits[0].get('color')} as well",
        )
    if said := _rounded(defaults, limits):
        yield "rounding", "fieldConfig.defaults.decimals", said
    steps = [
        str(transformation.get("id"))
        for transformation in items_of(raw.get("transformations"))
        if not transformation.get("disabled")
    ]
    if steps:
        yield "transformations", "transformations", f"what is shown goes through {', '.join(steps)}"


def _rounded(defaults: Json, limits: Sequence[Json]) -> str:
    """The first limit of a share that has more decimals than the panel shows."""
    factor, decimals = (
        {"percentunit": 100, "percent": 1}.get(str(defaults.get("unit"))),
        defaults.get("decimals"),
    )
    if factor is None or not isinstance(decimals, int):
        return ""
    for step in limits:
        limit = step.get("value")
        if isinstance(limit, int | float) and abs(round(shown := factor * limit, decimals) - shown) > 1e-9:
            return f"with {decimals} decimals a value beyond the limit {shown:g} % reads as one that is not"
    return ""


def _of_drawing(raw: Json, panel: Panel) -> Iterator[tuple[str, str, str]]:
    defaults = object_of(object_of(raw.get("fieldConfig")).get("defaults"))
    custom = object_of(defaults.get("custom"))
    mode = object_of(custom.get("stacking")).get("mode", "none")
    if mode == "percent" or (mode == "normal" and panel.unit in ("percentunit", "percent", "s", "ms")):
        yield (
            "stacking",
            "fieldConfig.defaults.custom.stacking",
            f"stacked ({mode}): a line is read as the sum below it",
        )
    if object_of(custom.get("scaleDistribution")).get("type", "linear") != "linear":
        yield "axis", "fieldConfig.defaults.custom.scaleDistribution", "the axis is not linear"
    low, high = defaults.get("min"), defaults.get("max")
    if isinstance(low, int | float) and low > 0:
        yield "axis", "fieldConfig.defaults.min", f"the axis begins at {low:g}"
    whole = {"percentunit": 1, "percent": 100}.get(panel.unit)
    if isinstance(high, int | float) and (whole is None or high < whole):
        yield "axis", "fieldConfig.defaults.max", f"the axis ends at {high:g}"
    unit = str(object_of(object_of(raw.get("options")).get("yAxis")).get("unit") or "")
    if panel.type == "heatmap" and unit in _OTHER_TIMES and any(map(_in_seconds, panel.sent)):
        yield "axis", "options.yAxis.unit", f"the buckets are in seconds, and read as {unit}"
    shows_legend = object_of(object_of(raw.get("options")).get("legend")).get("showLegend", True)
    if panel.type == "timeseries" and shows_legend is False and any(map(_has_names, panel.sent)):
        yield "names", "options.legend.showLegend", "hides the names of its series"
    if panel.type == "stat" and _text_mode(raw) in ("value", "none") and any(map(_has_names, panel.sent)):
        yield "names", "options.textMode", "shows the numbers of its series without their names"
    if custom.get("spanNulls") is True:
        yield "gaps", "fieldConfig.defaults.custom.spanNulls", "lines go over gaps of any length"
    if panel.type in REDUCED:
        if object_of(object_of(raw.get("options")).get("reduceOptions")).get("values") is True:
            yield (
                "reduction",
                "options.reduceOptions.values",
                "shows every point, not the last one of each series",
            )
        strange = [name for name in panel.calcs if name not in _LAST]
        if strange:
            yield "reduction", "options.reduceOptions.calcs", f"shows the {', '.join(strange)} of the points"
        for target in panel.sent:
            if not target.instant:
                yield "reduction", "targets", f"{target.ref} asks for a range, of which one number is shown"


def _in_seconds(target: Target) -> bool:
    return re.search(r"_seconds_bucket\b", target.expression) is not None


def _text_mode(raw: Json) -> str:
    return str(object_of(raw.get("options")).get("textMode") or "auto")


def _has_names(target: Target) -> bool:
    """Whether a legend tells one series from another."""
    return "{{" in target.legend and not _OF_ONE.fullmatch(target.legend.strip())


def _of_choices(variables: Sequence[Variable], panel: Panel) -> Iterator[tuple[str, str, str]]:
    """Queries of the metric whose values a variable offers, and that go on showing all of them."""
    for variable in variables:
        asked = LABEL_VALUES.fullmatch(variable.query.strip()) if variable.type == "query" else None
        if asked is None:
            continue
        of_metric = re.compile(rf"(?<![\w:]){re.escape(asked['metric'])}(?![\w:])")
        for target in panel.sent:
            if of_metric.search(target.expression) and variable.name not in names(target.expression):
                key = target.path.removeprefix(f"{panel.path}.")
                yield "choice", f"{key}.expr", f"reads {asked['metric']} and does not follow ${variable.name}"


def _of_opening(raw: Json, shown: Sequence[Alert]) -> Iterator[tuple[str, str]]:
    time = object_of(raw.get("time"))
    begin, end = str(time.get("from") or "now-6h"), str(time.get("to") or "now")
    if end != "now":
        yield "time.to", f"opens at {end}, not now"
    shortest = min((seconds(alert.window) for alert in shown if alert.window), default=0.0)
    span = _seconds(begin.removeprefix("now-")) if begin.startswith("now-") and "/" not in begin else None
    if span is not None and 0 < span < shortest:
        yield (
            "time.from",
            f"opens with {begin}: shorter than the window of an alert that it shows, {shortest:g} s",
        )
    every = str(raw.get("refresh") or "")
    if span is not None and _seconds(every) > span:
        yield "refresh", f"is drawn anew every {every}, and shows {begin.removeprefix('now-')}"
    if str(raw.get("timezone") or "").lower() not in _ZONES:
        yield "timezone", f"shows the times of {raw['timezone']}, wherever its reader is"


def _of_variable(variable: Variable, raw: Json, dashboard: Dashboard, contract: Contract) -> Iterator[str]:
    if variable.regex:
        yield f"offers only what matches {variable.regex}"
    if (variable.all_value or ".*") not in (".*", ".+"):
        yield f"takes All for {variable.all_value}"
    if variable.multi and not variable.include_all:
        yield "has no choice of all"
    elif variable.include_all and variable.current and not {"$__all", "All"} & set(variable.current):
        yield f"opens with {', '.join(variable.current)}, not with All"
    if raw.get("hide") == 2 and (variable.multi or variable.include_all):
        yield "is hidden: nobody can choose"
    if raw.get("refresh") == 0:
        yield "offers the values of when the file was saved"
    asked = LABEL_VALUES.fullmatch(variable.query.strip())
    if asked is None:
        return
    pattern = re.compile(r"(\w+)\s*=~?\s*[\"']\$\{?" + re.escape(variable.name) + r"\b")
    queries = [target.expression for panel in dashboard.panels for target in panel.sent]
    reading = [query for query in queries if pattern.search(query)]
    labels = {match[1] for query in reading for match in pattern.finditer(query)}
    if labels and asked["label"] not in labels:
        yield f"offers values of {asked['label']}, and the queries compare {', '.join(sorted(labels))} with it"
    known = {metric.sample for metric in contract.metrics} | {metric.name for metric in contract.metrics}
    if asked["metric"] not in known and not any(asked["metric"] in query for query in queries):
        yield f"asks for {asked['metric']}, which neither the contract nor a query of this dashboard has"
    jobs = {match[1] for query in reading for match in _JOB.finditer(_opened(query, dashboard))}
    own = {match[1] for match in _JOB.finditer(_opened(asked["matchers"] or "", dashboard))}
    if jobs and own - jobs:
        yield f"asks for the job {', '.join(sorted(own))}, and the queries for {', '.join(sorted(jobs))}"


_JOB = re.compile(r"\bjob\s*=\s*\"([^\"$]+)\"")
