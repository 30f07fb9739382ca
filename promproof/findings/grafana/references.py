"""Names that a dashboard uses and nothing declares: variables, data sources, library panels, queries."""

from __future__ import annotations

from collections.abc import Iterator

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_dashboard, each_panel, register
from promproof.findings.panels import board_of, is_macro
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.dashboard import SPECIAL, Panel
from promproof.grafana.expand import unknown_names

SOURCE_VARIABLE = register(
    Kind(
        id="grafana/undeclared-source",
        severity=Severity.ERROR,
        title="a data source variable that the dashboard does not declare",
        why="Grafana looks for a data source of the name ${DS_PROMETHEUS} and finds none. Every panel shows "
        "an error. Exports for sharing have such names; they are filled in by the import dialog, and not "
        "by provisioning.",
        example='"datasource": {"type": "prometheus", "uid": "${DS_PROMETHEUS}"}',
        instead='"templating": {"list": [{"name": "DS_PROMETHEUS", "type": "datasource", "query": "prometheus"}]}',
    )
)
SOURCE = register(
    Kind(
        id="grafana/unknown-source",
        severity=Severity.WARNING,
        title="a data source that is not provisioned",
        why="Data sources are provisioned beside the dashboard, and none has the uid or name that it asks "
        "for.",
        example='"datasource": {"type": "prometheus", "uid": "prom-staging"}, provisioned: uid prom',
        instead='"datasource": {"type": "prometheus", "uid": "prom"}',
    )
)
VARIABLE = register(
    Kind(
        id="grafana/undeclared-variable",
        severity=Severity.ERROR,
        title="a variable that the dashboard does not declare",
        why="An unknown variable stays in the query as it is written: outside of quotes Prometheus refuses "
        "it, inside of quotes nothing matches, and the panel is empty without a word.",
        example='up{job="$job"} in a dashboard without variables',
        instead='"templating": {"list": [{"name": "job", "type": "query", ...}]}',
    )
)
LEGEND_MACRO = register(
    Kind(
        id="grafana/macro-in-legend",
        severity=Severity.WARNING,
        title="a macro in a legend",
        why="Macros such as $__rate_interval are filled in by the back end in queries. A legend shows them as"
        " text.",
        example='"legendFormat": "rate over $__rate_interval"',
        instead='"legendFormat": "{{job}}"',
    )
)
LIBRARY = register(
    Kind(
        id="grafana/library-panel",
        severity=Severity.WARNING,
        title="a library panel in a file",
        why="A library panel lives in Grafana's database. A file names it only: provisioning does not bring "
        "it, and a new Grafana shows `Unable to load library panel`.",
        example='"libraryPanel": {"uid": "requests", "name": "Requests"}',
        instead="the panel itself: unlink it before the export",
    )
)


@each_dashboard(SOURCE_VARIABLE, SOURCE, VARIABLE)
def judge_dashboard(file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Data sources of panels, queries, variables and annotations, each name once; variables of variables."""
    board = board_of(file, setup)
    if board.is_filled_in:
        return
    told: set[str] = set()
    known = {name for source in board.sources for name in (source.uid, source.name)}
    places = [(f"{variable.path}.datasource", variable.source) for variable in board.dashboard.variables]
    places += [(f"{target.path}.datasource", target.source) for target in board.dashboard.annotations]
    places += [
        (f"{target.path}.datasource", target.source)
        for panel in board.dashboard.panels
        for target in panel.targets
    ]
    # What the panel names takes the place of what its queries name.
    places += [
        (f"{panel.path}.datasource", panel.source) for panel in board.dashboard.panels if panel.targets
    ]
    for path, source in places:
        name = source.reference
        if name in told or name in ("", "default", *SPECIAL):
            continue
        told.add(name)
        missing = [variable for variable in unknown_names(name, board.declared) if not is_macro(variable)]
        if missing:
            is_export = f"${{{missing[0]}}}" in _inputs(board.data.get("__inputs"))
            yield SOURCE_VARIABLE.at(
                file.at(path),
                f"the data source {name} is no variable of this dashboard",
                effect="Grafana finds no data source of this name; its panels show an error",
                todo=f"declare a variable {missing[0]} of the type datasource, or name the data source by its uid",
                see=f"Grafana says: Datasource {name} was not found",
                severity=Severity.HINT if is_export and not setup.grafana.is_provisioned else None,
            )
        elif known and name not in known and "$" not in "".join((name, *known)):
            yield SOURCE.at(
                file.at(path),
                f"the data source {name!r} is not provisioned here",
                effect="unless somebody has made it by hand, the panel shows an error",
                todo=f"name one that is provisioned: {', '.join(sorted(known)[:6])}",
                see=f"curl http://GRAFANA/api/datasources/uid/{name}",
            )
    for variable in board.dashboard.variables:
        for name in unknown_names(f"{variable.query} {variable.regex}", board.declared):
            if not is_macro(name) and variable.type == "query" and variable.source.type == "prometheus":
                yield VARIABLE.at(
                    file.at(variable.path),
                    f"${variable.name} asks for ${name}, which is no variable of this dashboard",
                    effect="the variable has no values",
                    todo=f"declare {name}, or correct the name",
                    see="the drop-down of the variable is empty",
                )


@each_panel(VARIABLE, LEGEND_MACRO, LIBRARY)
def judge_panel(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """Variables of queries, macros of legends, and panels whose content is not in the file."""
    board = board_of(file, setup)
    if panel.library and "__elements" not in board.data:
        yield LIBRARY.at(
            file.at(f"{panel.path}.libraryPanel"),
            f"the library panel {panel.library!r} is not in the file",
            effect="where it is not in the database, the panel shows an error",
            todo="unlink the panel and save the dashboard",
            see="curl http://GRAFANA/api/library-elements",
        )
    if panel.repeat and panel.repeat not in board.declared:
        yield VARIABLE.at(
            file.at(f"{panel.path}.repeat"),
            f"repeats for ${panel.repeat}, which is no variable of this dashboard",
            effect="the panel is shown once",
            todo="declare the variable, or remove `repeat`",
            see="open the dashboard",
        )
    for target in board.panel(panel.path).sent if not board.is_filled_in else ():
        for field, text in (
            ("expr", target.expression),
            ("legendFormat", target.legend),
            ("interval", target.interval),
        ):
            for name in unknown_names(text, board.declared):
                # A group of label_replace() is written like a variable.
                if not is_macro(name) and f"<{name}>" not in text:
                    yield VARIABLE.at(
                        file.at(f"{target.path}.{field}"),
                        f"${name} is no variable of this dashboard",
                        effect="it stays in the text as it is written: the query fails, or matches nothing",
                        todo=f"declare {name}, or correct the name",
                        see="the panel's query inspector shows it unreplaced",
                    )
        for macro in ("__rate_interval", "__interval"):
            if f"${macro}" in target.legend or f"${{{macro}}}" in target.legend:
                yield LEGEND_MACRO.at(
                    file.at(f"{target.path}.legendFormat"),
                    f"${macro} is a macro, which legends do not know",
                    effect=f"the series is called ${macro}",
                    todo="remove it",
                    see="open the panel",
                )
                break


def _inputs(value: object) -> list[str]:
    entries = value if isinstance(value, list) else []
    return [f"${{{entry.get('name')}}}" for entry in entries if isinstance(entry, dict)]
