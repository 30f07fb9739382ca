"""Panel types that the Grafana of the folder neither has nor migrates when it loads a dashboard."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promproof.findings.compose_grafana import grafana_services
from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_panel, register
from promproof.findings.panels import board_of
from promproof.findings.services import Service
from promproof.findings.setup import DashboardFile, Setup
from promproof.grafana.dashboard import Panel

TYPE = register(
    Kind(
        id="grafana/unknown-panel-type",
        severity=Severity.ERROR,
        title="a panel type that Grafana does not have",
        why="The panel shows `Panel plugin not found`. Old types that Grafana migrates when it loads a file "
        "(graph, singlestat, table-old, grafana-worldmap-panel ...) are no finding.",
        example='"type": "vonage-status-panel", and no GF_INSTALL_PLUGINS in the compose file',
        instead='"type": "stat", or the plug-in in GF_INSTALL_PLUGINS',
    )
)
_HOLD_PLUGINS = ("/var/lib/grafana", "/var/lib/grafana/plugins")
CORE = frozenset(
    (
        "alertGroups",
        "alertlist",
        "annolist",
        "barchart",
        "bargauge",
        "candlestick",
        "canvas",
        "dashlist",
        "datagrid",
        "debug",
        "flamegraph",
        "gauge",
        "geomap",
        "gettingstarted",
        "heatmap",
        "histogram",
        "live",
        "logs",
        "news",
        "nodeGraph",
        "piechart",
        "row",
        "stat",
        "state-timeline",
        "status-history",
        "table",
        "text",
        "timeseries",
        "traces",
        "trend",
        "welcome",
        "xychart",
    )
)
MIGRATED = frozenset(
    (
        "graph",
        "singlestat",
        "grafana-singlestat-panel",
        "table-old",
        "grafana-piechart-panel",
        "grafana-worldmap-panel",
        "heatmap-new",
        "table2",
        "xychart2",
        "pluginlist",
    )
)


@each_panel(TYPE)
def judge(panel: Panel, file: DashboardFile, setup: Setup) -> Iterator[Finding]:
    """A type of a plug-in; a hint where it is not known what is installed."""
    if panel.library or not panel.type or panel.type in CORE or panel.type in MIGRATED or "$" in panel.type:
        return
    services = grafana_services(setup)
    installed = [_installed(service) for service in services]
    if any(names is not None and panel.type in names for names in installed):
        return
    is_known = bool(installed) and None not in installed
    yield TYPE.at(
        file.at(board_of(file, setup).path(panel.path, "type")),
        f"{panel.type} is a plug-in"
        + (
            " that the compose file does not install"
            if is_known
            else "; whether it is installed is not known"
        ),
        effect="without it the panel shows `Panel plugin not found`",
        todo="install it (GF_INSTALL_PLUGINS), or choose a type that Grafana has",
        see="curl http://GRAFANA/api/plugins",
        severity=None if is_known else Severity.HINT,
    )


def _installed(service: Service) -> frozenset[str] | None:
    """The plug-ins that a service installs; None when its image or a volume may bring others."""
    if any(mount.target.rstrip("/") in _HOLD_PLUGINS for mount in service.mounts):
        return None
    words = [
        service.environment.get(name, "")
        for name in ("GF_INSTALL_PLUGINS", "GF_PLUGINS_PREINSTALL", "GF_PLUGINS_PREINSTALL_SYNC")
    ]
    if any("$" in word for word in words):
        return None
    return frozenset(re.split(r"[,;\s@]+", " ".join(words)))
