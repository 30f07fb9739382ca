"""Which provisioned data source each query goes to: by uid, by name, through a variable, or the default one.

As Grafana finds them (`public/app/features/plugins/datasource_srv.ts`). A type that the file tells is overruled by the
provisioned source it names; one that nobody tells stays untold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from promproof.grafana.dashboard import SPECIAL, Dashboard, Panel, Problem, Source, Target, Variable
from promproof.grafana.regex import browser_regex

UNTOLD = "a type that the file does not tell"
_OTHER_PANELS = ("logs", "traces", "nodeGraph", "flamegraph")
"""Panels whose queries are no PromQL, whatever their source is called."""
_VARIABLE = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))|\[\[(\w+)[^\]]*\]\]")


@dataclass(frozen=True)
class DataSource:
    """One provisioned data source; `interval` is jsonData.timeInterval, empty when it is unset."""

    name: str
    uid: str
    type: str
    url: str
    interval: str
    is_default: bool
    where: str


def resolved(dashboard: Dashboard, sources: Sequence[DataSource]) -> Dashboard:
    """The dashboard with the provisioned source of each query and variable; a query without one is a problem."""
    problems = list(dashboard.problems)
    named = {variable.name: variable for variable in dashboard.variables if variable.type == "datasource"}

    def of_target(target: Target, kind: str) -> Target:
        source = _found(target.source, named, sources)
        if source.type == "" and kind in _OTHER_PANELS:
            source = replace(source, type=UNTOLD)
        return replace(target, source=source)

    def of_panel(panel: Panel) -> Panel:
        targets = tuple(of_target(target, panel.type) for target in panel.targets)
        if sources and not any(source.is_default for source in sources) and panel.type not in ("row", "text"):
            problems.extend(
                Problem(
                    dashboard.file,
                    f"{target.path}.datasource",
                    "no data source is named, and none is provisioned as the default one",
                    panel.title,
                )
                for target in targets
                if target.source == Source()
            )
        return replace(panel, targets=targets)

    return replace(
        dashboard,
        panels=tuple(map(of_panel, dashboard.panels)),
        variables=tuple(replace(v, source=_found(v.source, named, sources)) for v in dashboard.variables),
        annotations=tuple(of_target(target, "") for target in dashboard.annotations),
        problems=tuple(problems),
    )


def offered(variable: Variable, sources: Sequence[DataSource]) -> list[DataSource]:
    """The sources that a variable of type datasource offers.

    Raises:
        ValueError: its regular expression cannot be read.
    """
    mine = [source for source in sources if source.type == variable.query]
    if not variable.regex:
        return mine
    pattern = browser_regex(variable.regex)
    return [source for source in mine if pattern.search(source.name)]


def selected(variable: Variable, sources: Sequence[DataSource]) -> DataSource | None:
    """The source that is chosen when the dashboard opens: the saved one, the default one, or the first."""
    try:
        offers = offered(variable, sources)
    except ValueError:
        return None
    saved = [offer for offer in offers if offer.uid in variable.current or offer.name in variable.current]
    default = [offer for offer in offers if offer.is_default]
    return next(iter([*saved, *default, *offers]), None)


def _found(source: Source, named: dict[str, Variable], sources: Sequence[DataSource]) -> Source:
    reference = source.reference
    if reference in SPECIAL:
        return source
    match = _VARIABLE.fullmatch(reference)
    if match is not None:
        variable = named.get(match[1] or match[2] or match[3])
        if variable is None:
            return source
        chosen = selected(variable, sources)
        return Source(variable.query, chosen.uid if chosen is not None else source.uid, source.name)
    if reference in ("", "default"):
        mine = [candidate for candidate in sources if source.type in ("", candidate.type)]
        wanted = [candidate for candidate in mine if candidate.is_default] or (mine if source.type else [])
    else:
        wanted = [candidate for candidate in sources if reference in (candidate.uid, candidate.name)]
    return Source(wanted[0].type, wanted[0].uid, wanted[0].name) if wanted else source
