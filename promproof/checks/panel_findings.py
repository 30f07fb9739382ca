"""Findings about one panel, documented or not; each text says where by JSON path. Verdicts are made elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from promproof.checks import lacking_labels
from promproof.checks.panel_quiet import by_nature, of_absent
from promproof.config.promql import TooLarge
from promproof.config.sameness import in_one_form
from promproof.config.timescale import TimeScale
from promproof.contract.domains import domains
from promproof.contract.panels import PanelClaim
from promproof.evidence.evidence import Gap, NotShown
from promproof.evidence.records import PanelCause, RuleFiles, VariableAsked
from promproof.grafana import legends, zoom
from promproof.grafana.dashboard import SPECIAL, Dashboard, Panel, Target
from promproof.grafana.expand import GLOBALS, names, substitute, unknown_names, with_auto
from promproof.grafana.provisioning import GrafanaFolder
from promproof.grafana.queries import (
    Use,
    canonical,
    is_total,
    is_typed,
    metric_of,
    quantity,
    selectors,
    uses,
)
from promproof.grafana.steps import Request
from promproof.grafana.units import dimension, is_per_second
from promproof.grafana.windows import executed
from promproof.truth.views import Views

ONE = TimeScale(1)
WITHOUT_QUERIES = ("text", "row", "alertlist", "dashlist", "annolist", "news", "pluginlist", "welcome")
HOUR = Request(0, zoom.HOUR, 1000)


def plain(views: Views, dashboard: Dashboard, panel: Panel, target: Target) -> str:
    """A query as Grafana sends it at one hour and 1000 pixels, with All chosen.

    Raises:
        ValueError: a duration of the panel is none.
    """
    return sent(views.folder, dashboard, panel, target)


def sent(folder: GrafanaFolder, dashboard: Dashboard, panel: Panel, target: Target) -> str:
    """The same of files that no history has yet.

    Raises:
        ValueError: a duration of the panel is none.
    """
    values = with_auto(zoom.everything(dashboard), dashboard.variables, HOUR.length)
    resolved = zoom.resolve_target(HOUR, panel, target, folder.source_interval, values)
    return executed(substitute(target.expression, values), HOUR, resolved, ONE)


def beyond(panel: Panel) -> str:
    """Why nothing of a panel can be judged here; empty when something can."""
    if panel.library:
        return f"{panel.path}: a library panel ({panel.library}): its content is in Grafana's database, not in the file"
    asked = [target for target in panel.targets if not target.hidden]
    if panel.type in WITHOUT_QUERIES:
        return f"{panel.path}: a panel of type {panel.type} asks nothing"
    if not asked or any(target.source.is_prometheus for target in asked):
        return ""
    kinds = ", ".join(sorted({target.source.type or target.source.reference for target in asked}))
    return f"{panel.path}: its queries go to {kinds}, and only those to Prometheus are judged"


def form(views: Views, dashboard: Dashboard, panel: Panel, *, promised: bool = False) -> list[str]:
    """What is wrong with a panel as it is written, and what the server refuses of it.

    promised: a contract has it, so that all of its queries are to be seen.

    Raises:
        Gap: a query is too large to be taken apart, and nothing else is wrong.
    """
    found = [
        str(problem)
        for problem in dashboard.problems
        if problem.path.startswith((f"{panel.path}.", f"{panel.path}["))
    ]
    found += [
        f"{target.path}.hide: a hidden query: nobody sees it and nobody checks it"
        for target in panel.unseen
        if promised
    ]
    found += [
        f"{target.path}.expr: empty: Grafana does not send it"
        for target in panel.targets
        if promised and not target.hidden and not target.expression.strip() and target.source.is_prometheus
    ]
    known = {source.uid for source in views.folder.sources} | {source.name for source in views.folder.sources}
    too_large = ""
    own = panel.source.reference
    is_named = own not in ("", "default", *SPECIAL) and not own.startswith("$")
    if panel.sent and views.folder.sources and is_named and own not in known:
        found.append(f"{panel.path}.datasource: {own!r} is not provisioned")
    for target in panel.sent:
        uid = target.source.reference
        if views.folder.sources and uid and not uid.startswith(("$", "-- ")) and uid not in known:
            found.append(f"{target.path}.datasource: {uid!r} is not provisioned")
        found += [
            f"{target.path}.datasource: ${name} is no variable of this dashboard"
            for name in unknown_names(uid, [variable.name for variable in dashboard.variables])
        ]
        try:
            found += _query(views, dashboard, panel, target)
        except TooLarge as error:
            too_large = f"{target.path}.expr: {error}"
    for record in views.records(dashboard, panel):
        if record.data.error is not None:
            found.append(f"{record.data.path}: {record.data.error}")
    if too_large and not found:
        raise Gap(too_large)
    return list(dict.fromkeys(found))


def _query(views: Views, dashboard: Dashboard, panel: Panel, target: Target) -> list[str]:
    declared = [variable.name for variable in dashboard.variables]
    found = [
        f"{target.path}.{field}: ${name} is no variable of this dashboard"
        for field, text in (
            ("expr", target.expression),
            ("legendFormat", target.legend),
            ("interval", target.interval),
        )
        for name in unknown_names(text, declared)
    ]
    found += [
        f"{target.path}.legendFormat: ${name} is a macro, which legends do not know"
        for name in names(target.legend)
        if name in GLOBALS
    ]
    if any(".expr" in text for text in found):
        return found
    try:
        text = plain(views, dashboard, panel, target)
        found += [
            f"{target.path}.expr: {use.text}" for use in uses(text, views.type_of) if _is_sure(views, use)
        ]
        if is_per_second(panel.unit) and is_total(text):
            found.append(f"{target.path}.expr: a total of its window, shown as {dimension(panel.unit)}")
        return found
    except TooLarge:
        raise
    except ValueError as error:
        return [*found, f"{target.path}.expr: cannot be parsed: {error}"]


def _is_sure(views: Views, use: Use) -> bool:
    """Whether a use is surely a mistake: not by a type that only a name tells, nor as dead when the metric lives."""
    if use.metric:
        return is_typed(use.metric, views.type_of)
    return not any(is_typed(name, views.type_of) for name in use.dead)


def zooms(
    views: Views, dashboard: Dashboard, panel: Panel, *, alert: bool
) -> tuple[list[str], list[str], int]:
    """(what lies, what is sampled, how many combinations) over the whole matrix of ranges and widths, at scale 1."""
    wrong: list[str] = []
    sampled: list[str] = []
    count = 0
    readers = {variable.name for variable in dashboard.variables if variable.auto_count}
    for target in panel.sent:
        if readers.intersection(names(target.expression)):
            continue  # the window is the reader's own choice at every zoom
        try:
            looks = zoom.matrix(
                dashboard,
                panel,
                target,
                views.folder.source_interval,
                views.scrape_interval(target.expression),
            )
        except TooLarge as error:
            raise Gap(f"{target.path}.expr: {error}") from error
        except ValueError as error:
            wrong.append(f"{target.path}: {error}")
            continue
        if target.instant:  # one point at the end: there is no step to fall behind
            looks = [look for look in looks if (look.least_samples or 2) < zoom.SAMPLES_FOR_A_RATE]
        lying, sparse = zoom.lies(looks, alert_window=alert)
        wrong += [f"{target.path}: {text}" for text in lying]
        sampled += sparse
        count += len(zoom.RANGES) * len(zoom.WIDTHS)
    return wrong, sampled, count


def names_of(views: Views, dashboard: Dashboard, panel: Panel) -> tuple[list[str], int]:
    """(what is wrong with the names of a panel's series, how many series were named) at the widest zoom.

    Raises:
        NotShown: a legend names a label that only the discovery of a scrape job gives.
    """
    found: list[str] = []
    taken: list[str] = []
    count, lack = 0, ""
    done: set[str] = set()
    for answer in views.answers(dashboard, panel):
        if answer.target.path in done or not answer.series:
            continue
        done.add(answer.target.path)
        labels = [labels for labels, _ in answer.series]
        values = {
            record.data.name: record.data.chosen
            for record in views.evidence.history.of(VariableAsked)
            if record.data.dashboard == dashboard.file
        }
        legend = answer.target.legend
        for name, chosen in values.items():
            legend = legend.replace(f"${{{name}}}", ",".join(chosen)).replace(f"${name}", ",".join(chosen))
        if why := lacking_labels.named(legend, answer.expanded, views.evidence):
            lack = f"{answer.target.path}.legendFormat: {why}"
            continue
        troubles = legends.troubles(legend, labels, answer.expanded, taken)
        found += [f"{answer.target.path}.legendFormat: {trouble}" for trouble in troubles]
        taken += [legends.render(legend, dict(label), answer.expanded) for label in labels]
        count += len(labels)
    if lack and not found:
        raise NotShown(lack)
    return list(dict.fromkeys(found)), count


def emptiness(
    views: Views, dashboard: Dashboard, panel: Panel, *, promised: bool = True
) -> tuple[list[str], int]:
    """(why queries gave nothing, how many points came): empty results with their cause, and those without a number.

    promised: a contract has it. Of another panel nobody said that the run's traffic reaches what it shows.

    Raises:
        Gap: all that is empty may be so because the scaled time-out cut scrapes off.
        NotShown: a query asks for what only the discovery of a scrape job gives.
    """
    views.need_answers()
    contract = views.evidence.contract
    found: list[str] = []
    doubt, lack = "", ""
    points = 0
    for target in panel.sent:
        records = [record for record in views.records(dashboard, panel) if record.data.path == target.path]
        if not records:
            raise Gap(f"{target.path}: was not run")
        errors = [record.data.error for record in records if record.data.error is not None]
        if errors:
            found.append(f"{target.path}: {errors[0]}")
            continue
        values = [
            value for record in records for drawn in record.data.series or () for _, value in drawn.points
        ]
        points += len(values)
        if not values:
            cause = _cause(views, dashboard, target)
            text = f"{target.path}: gives nothing: {cause}"
            if of_absent(cause, views.known, views.absent_jobs):
                continue
            query = plain(views, dashboard, panel, target)
            if not promised and by_nature(cause, query, views.served, contract, _recordings(views)):
                continue
            texts = (query, *(record.data.expanded for record in records))
            if why := lacking_labels.of_any(texts, views.evidence):
                lack = f"{text}; {why}"
            elif why := views.cut_off(target.expression):
                doubt = f"{text}; {why}"
            else:
                found.append(text)
        elif all(math.isnan(value) for value in values):
            if promised:
                found.append(f"{target.path}: gives {len(values)} points and no number: 0 divided by 0")
        elif all(math.isinf(value) for value in values if not math.isnan(value)):
            found.append(f"{target.path}: gives only infinite values")
    if doubt and not found:
        raise Gap(doubt)
    if lack and not found:
        raise NotShown(lack)
    return found, points


def _recordings(views: Views) -> Sequence[tuple[str, str]]:
    files = views.evidence.history.last(RuleFiles)
    return files.data.recordings if files is not None else ()


def nothing_seen(views: Views, promise: PanelClaim) -> str:
    """Why a documented panel may have shown nothing in this run; empty where it may not."""
    if promise.quiet:
        return "nothing of what it shows has happened in this run (`quiet`)"
    if views.absent_jobs:
        jobs = ", ".join(views.absent_jobs)
        return f"what it shows may be that of a job without a target in this run ({jobs})"
    return ""


def _cause(views: Views, dashboard: Dashboard, target: Target) -> str:
    for record in views.evidence.history.of(PanelCause):
        if record.data.dashboard == dashboard.file and record.data.path == target.path:
            return str(record.data.cause)
    return "the cause was not asked for"


def disagreement(
    views: Views,
    dashboard: Dashboard,
    panel: Panel,
    expression: str,
    threshold: float | None,
    *,
    complement: bool,
) -> list[str]:
    """How a panel differs from the alert whose quantity it shows: the expression, and the line of the threshold."""
    try:
        wanted = quantity(expression)
        if complement:
            wanted = canonical(f"1 - {wanted}")
    except TooLarge as error:
        raise Gap(f"the alert's expression {error}") from error
    except ValueError as error:
        return [f"the alert's expression cannot be read: {error}"]
    shown: list[str] = []
    for target in panel.sent:
        try:
            shown.append(canonical(plain(views, dashboard, panel, target)))
        except TooLarge as error:
            raise Gap(f"{target.path}.expr: {error}") from error
        except ValueError as error:
            shown.append(f"unreadable ({error})")
    found = []
    values = domains(views.evidence.contract)
    if in_one_form(wanted, values) not in [in_one_form(query, values) for query in shown]:
        seen = " | ".join(" ".join(query.split()) for query in shown) or "no query"
        found.append(f"{panel.path}: shows {seen}, the alert judges {' '.join(wanted.split())}")
    if threshold is None:
        return found
    line = 1 - threshold if complement else threshold
    found += _line(panel, line)
    return found


def carries(views: Views, dashboard: Dashboard, panel: Panel, expressions: Iterable[str]) -> bool:
    """Whether a panel shows what an alert of these compares, or one minus it: so its window is theirs."""
    return any(
        not disagreement(views, dashboard, panel, expression, None, complement=complement)
        for expression in expressions
        for complement in (False, True)
    )


def _line(panel: Panel, line: float) -> list[str]:
    where = f"{panel.path}.fieldConfig.defaults"
    if panel.thresholds_mode != "absolute":
        return [f"{where}.thresholds.mode: is {panel.thresholds_mode!r}: the line moves with min and max"]
    if not any(math.isclose(threshold, line, rel_tol=1e-9) for threshold in panel.thresholds):
        lines = ", ".join(f"{threshold:g}" for threshold in panel.thresholds) or "none"
        return [f"{where}.thresholds: lines at {lines}, the alert's threshold is at {line:g}"]
    if not panel.thresholds_drawn:
        return [f"{where}.custom.thresholdsStyle: off: the line is not drawn"]
    return []


def metrics_of(views: Views, dashboard: Dashboard, panel: Panel) -> Sequence[tuple[Target, str]]:
    """Every metric that a panel's queries name; queries that do not parse give none."""
    found: list[tuple[Target, str]] = []
    for target in panel.sent:
        try:
            nodes = selectors(plain(views, dashboard, panel, target))
        except ValueError:
            continue
        found += [(target, name) for name in dict.fromkeys(metric_of(node) for node in nodes) if name]
    return found
