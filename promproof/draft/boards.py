"""Panels whose numbers have a truth: a rate, an increase, a share or a quantile of a metric that counts requests.

Only a query that is exactly one of these gets one. Any other panel is judged for everything but its values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import promql_parser as promql

from promproof.config.promql import bare, parse
from promproof.draft.recognise import Counting
from promproof.grafana.causes import filters
from promproof.grafana.dashboard import Dashboard, Panel
from promproof.grafana.expand import substitute
from promproof.grafana.queries import canonical
from promproof.grafana.zoom import everything
from promproof.promql.tree import fits, grouping, is_call, matchers, metric, name, number, operator, selectors

IDENTITY = ("job", "instance")
"""Labels that tell which target it is, not which request."""
ALL = ".*"
_WINDOW = re.compile(r"\[\s*(?:\$\{?__(?:rate_)?interval\}?|\$\{?__range\}?)\s*(?=[\]:])")
KINDS = {"rate": "rate", "increase": "increase"}
Truth = dict[str, Any]
Sum = tuple[str, Any, tuple[str, ...]]
"""A function over a window, its selector, the labels that are summed by."""


@dataclass(frozen=True)
class Known:
    """What a dashboard's queries are compared with.

    counting: the metrics that count requests; still: sample names of the service that nothing moved; limits: by alert
    what it compares, in normal form, and its threshold; written: labels that the service does not show and its scrape
    job writes; recordings: name and expression of each recording rule.
    """

    counting: Mapping[str, Counting]
    still: frozenset[str] = frozenset()
    limits: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    recordings: tuple[tuple[str, str], ...] = ()


def panels(dashboard: Dashboard, known: Known) -> list[dict[str, Any]]:
    """The panels of a dashboard as its contract has them: all of them, or none.

    None where two have one name, or one can't be read. One that asks for what no request caused may be empty.
    """
    shown = [panel for panel in dashboard.panels if panel.type not in ("text", "row")]
    slugs = [panel.slug for panel in shown]
    if not all(slugs) or len(slugs) != len(set(slugs)):
        return []
    rows = []
    for panel in shown:
        queries = _queries(dashboard, panel)
        if queries is None:
            return []
        rows.append(_claim(panel, queries, known))
    return rows


def _claim(panel: Panel, queries: Sequence[Any], known: Known) -> dict[str, Any]:
    told: dict[str, Any] = {"title": panel.title, **({"unit": panel.unit} if panel.unit else {})}
    if panel.alerts is not None:
        return {**told, "shows": "alerts"}
    alert = _alert(panel, queries, known)
    if alert:
        told["alert"] = alert
    elif any(not _WINDOW.search(target.expression) and "[" in target.expression for target in panel.sent):
        told["fixed_window"] = True
    found = truth(queries, known.counting)
    if any(_may_be_empty(node, known) for node in queries):
        return {**told, "quiet": True}
    return {**told, **({"truth": found} if found else {})}


def asked(dashboard: Dashboard) -> list[Any]:
    """The trees of all queries of a dashboard that can be read."""
    return [node for panel in dashboard.panels for node in _queries(dashboard, panel) or ()]


def _may_be_empty(node: Any, known: Known) -> bool:
    """Whether a query shows what no request has caused, or something only while a condition holds."""
    return filters(node.prettify()) or any(
        metric(found) in known.still
        or not _is_seen(found, known.counting)
        # which values a label gets on the way to Prometheus is not seen here
        or any(label in known.written for label, _, _ in matchers(found))
        or _may_record_nothing(metric(found), known)
        for found in selectors(node)
    )


def _may_record_nothing(name: str, known: Known) -> bool:
    """Whether a metric is that of a recording rule whose expression may be empty."""
    others = replace(known, recordings=tuple(row for row in known.recordings if row[0] != name))
    for recorded, expression in known.recordings:
        with suppress(ValueError):
            if recorded == name and _may_be_empty(parse(expression), others):
                return True
    return False


def _is_seen(selector: Any, counting: Mapping[str, Counting]) -> bool:
    """Whether some request raised a series that a selector selects; true of a metric that counts no requests."""
    found = next(
        (
            counting[name]
            for suffix in ("", "_bucket", "_count", "_sum")
            if metric(selector).endswith(suffix)
            and (name := metric(selector).removesuffix(suffix)) in counting
        ),
        None,
    )
    if found is None:
        return True
    asked = [(label, sign, wanted) for label, sign, wanted in matchers(selector) if label in found.sources]
    return any(
        all(fits(dict(labels).get(label, ""), sign, wanted) is not False for label, sign, wanted in asked)
        for labels in found.seen.values()
    )


def _alert(panel: Panel, queries: Sequence[Any], known: Known) -> str:
    """The alert whose quantity the panel shows, with the line of its threshold; empty for none."""
    if panel.thresholds_mode != "absolute" or not panel.thresholds_drawn:
        return ""
    shown = set()
    for node in queries:
        with suppress(ValueError):
            shown.add(canonical(node.prettify()))
    return next(
        (
            name
            for name, (wanted, limit) in known.limits.items()
            if wanted in shown and limit in panel.thresholds
        ),
        "",
    )


def truth(queries: Sequence[Any], counting: Mapping[str, Counting]) -> Truth | None:
    """What a panel should show, by the trees of its queries; None where they are none of the known ones."""
    found: list[Truth] = []
    for node in queries:
        told = _query(bare(node), counting)
        if told is None or not _is_caused(told, counting):
            return None
        found.append(told)
    if not found:
        return None
    first = found[0]
    if first["kind"] == "quantile":
        alike = all({**told, "quantiles": first["quantiles"]} == first for told in found)
        return {**first, "quantiles": [told["quantiles"][0] for told in found]} if alike else None
    return first if len(found) == 1 else None


def _is_caused(told: Truth, counting: Mapping[str, Counting]) -> bool:
    """Whether some request that was sent is one of those that the panel shows: else nothing would be judged."""
    wanted = {**told.get("where", {}), **told.get("part", {})}
    return any(
        all(re.fullmatch(pattern, dict(labels).get(label, "")) for label, pattern in wanted.items())
        for labels in counting[told["metric"]].seen.values()
    )


def _queries(dashboard: Dashboard, panel: Panel) -> list[Any] | None:
    """The trees of a panel's queries with every variable at All; None where one can't be read."""
    values = everything(dashboard)
    try:
        return [parse(_WINDOW.sub("[5m", substitute(target.expression, values))) for target in panel.sent]
    except ValueError:
        return None


def _query(node: Any, counting: Mapping[str, Counting]) -> Truth | None:
    if isinstance(node, promql.BinaryExpr) and operator(node) == "/":
        return _ratio(node, counting)
    if is_call(node, "histogram_quantile"):
        return _quantile(node, counting)
    told = _sum(node, counting)
    if told is None:
        return None
    kind, selector, by = told
    return {"kind": kind, **_about(selector, by, counting)}


def _ratio(node: Any, counting: Mapping[str, Counting]) -> Truth | None:
    """A share: part and whole are sums of one metric by the same labels, and the part has more matchers."""
    part, whole = _sum(bare(node.lhs), counting), _sum(bare(node.rhs), counting)
    if (
        part is None
        or whole is None
        or part[0] != whole[0]
        or part[2] != whole[2]
        or node.modifier is not None
    ):
        return None
    of_part, of_whole = _where(part[1], counting), _where(whole[1], counting)
    if metric(part[1]) != metric(whole[1]) or not of_whole.items() <= of_part.items() or of_part == of_whole:
        return None
    inside = {label: pattern for label, pattern in of_part.items() if label not in of_whole}
    return {"kind": "ratio", **_about(whole[1], part[2], counting), "part": inside}


def _quantile(node: Any, counting: Mapping[str, Counting]) -> Truth | None:
    q = number(node.args[0])
    told = _sum(bare(node.args[1]), counting, bucket=True)
    if q is None or told is None or "le" not in told[2]:
        return None
    by = tuple(label for label in told[2] if label != "le")
    return {"kind": "quantile", **_about(told[1], by, counting), "quantiles": [q]}


def _sum(
    node: Any, counting: Mapping[str, Counting], *, bucket: bool = False
) -> tuple[str, Any, tuple[str, ...]] | None:
    """`sum by (...) (rate(metric{...}[...]))`: the function, the selector, the labels; None for anything else."""
    if not isinstance(node, promql.AggregateExpr) or operator(node) != "sum":
        return None
    is_without, labels = grouping(node)
    if is_without and labels:
        return None
    by = tuple(sorted(labels))
    call = bare(node.expr)
    if not is_call(call, *KINDS) or not isinstance(call.args[0], promql.MatrixSelector):
        return None
    selector = call.args[0].vector_selector
    counted = _counted(metric(selector), counting, bucket=bucket)
    if counted is None or selector.offset is not None or selector.matchers.or_matchers:
        return None
    told = [label for label, source in counted.sources.items() if source != "anything"]
    known = {*told, *IDENTITY, *(("le",) if bucket else ())}
    named = {label for label, _, _ in matchers(selector)} | set(by)
    if not named <= known or any(not _readable(sign, value) for _, sign, value in matchers(selector)):
        return None
    return KINDS[name(call)], selector, by


def _counted(sample: str, counting: Mapping[str, Counting], *, bucket: bool) -> Counting | None:
    """The metric that a sample's name belongs to, where it counts requests in the sense that is asked."""
    if bucket:
        found = counting.get(sample.removesuffix("_bucket")) if sample.endswith("_bucket") else None
        return found if found is not None and found.durations and not found.unit else None
    plain = counting.get(sample)
    if plain is not None:
        return plain if plain.family.type == "counter" else None
    return counting.get(sample.removesuffix("_count")) if sample.endswith("_count") else None


def _readable(sign: str, value: str) -> bool:
    """Whether a matcher can be said as one pattern without a variable of Grafana's in it."""
    return sign in ("=", "=~") and "$" not in value


def _where(selector: Any, counting: Mapping[str, Counting]) -> dict[str, str]:
    return {
        label: value if sign == "=~" else re.escape(value)
        for label, sign, value in matchers(selector)
        if label not in IDENTITY and value != ALL
    }


def _about(selector: Any, by: tuple[str, ...], counting: Mapping[str, Counting]) -> Truth:
    base = metric(selector)
    for suffix in ("_bucket", "_count"):
        if base not in counting:
            base = base.removesuffix(suffix)
    where = _where(selector, counting)
    return {"metric": base, **({"by": list(by)} if by else {}), **({"where": where} if where else {})}
