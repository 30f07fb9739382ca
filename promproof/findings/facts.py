"""What the files of a set-up say as it is deployed, as JSON: what holds for each job, group, alert, receiver, service.

Inherited values are filled in, durations are seconds. Each thing has its place under `where`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from promproof.config.discovered import lacking
from promproof.config.routing import matchers
from promproof.findings import otherkeys
from promproof.findings.alertroutes import endings
from promproof.findings.network import targets_of
from promproof.findings.part import Part, scalar_text
from promproof.findings.servicefacts import of_service
from promproof.findings.setup import Alertmanager, Job, Prometheus, Receiver, Setup

Facts = dict[str, Any]
_QUIET = ("email_configs", "slack_configs", "wechat_configs", "rocketchat_configs")
"""Integrations that tell nothing of the end of an alert unless `send_resolved` says so."""


_CONVERTING, _KEEPING = "convert_classic_histograms_to_nhcb", "always_scrape_classic_histograms"
FILTERS = ("collect[]", "exclude[]", "name[]")
"""Parameters by which exporters and client libraries answer with less."""


def facts(
    setup: Setup, prometheus: Path | None, alertmanager: Path | None = None, compose: Path | None = None
) -> Facts:
    """What the chosen files say; what the set-up does not have of them is left out."""
    server = _chosen(setup.prometheuses, prometheus)
    manager = _chosen(setup.alertmanagers, alertmanager)
    file = _chosen(setup.compose, compose)
    found: Facts = {}
    if server is not None:
        found |= _of_prometheus(server, setup)
    if manager is not None:
        found |= _of_alertmanager(manager)
        ends = {
            alert.rule.name: [
                {
                    "receiver": reach.route.receiver,
                    "group_by": sorted(reach.route.group_by),
                    "group_wait": reach.route.group_wait,
                    "group_interval": reach.route.group_interval,
                    "repeat_interval": reach.route.repeat_interval,
                    "where": str(manager.part.at(*reach.route.key)),
                }
                for reach in reaches
            ]
            for alert, reaches in endings(manager, setup)
        }
        found["routes"] = ends
    if file is not None:
        found["services"] = {service.name: of_service(service, file) for service in file.services}
    found["sources"] = list(_sources(setup))
    found["provisioned"] = {
        "sources": list(_provisioned(setup, "datasources")),
        "providers": list(_provisioned(setup, "providers")),
    }
    return found


def _provisioned(setup: Setup, key: str) -> Iterator[Facts]:
    """The entries of provisioning files with all that they say, secrets apart."""
    for document in setup.documents:
        part = document.part()
        for entry in part.items(key) if key in part else ():
            if entry.text("name"):
                yield {"name": entry.text("name"), "keys": dict(_keys(entry.data)), "where": str(entry.at())}


def _keys(data: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """What a mapping says, by paths of keys: `jsonData.timeInterval`."""
    for key, value in data.items():
        if isinstance(value, Mapping):
            if key != "secureJsonData":
                yield from _keys(value, f"{above}{key}.")
        elif f"{above}{key}" != "name":
            yield f"{above}{key}", scalar_text(value) if not isinstance(value, list) else str(value)


def _sources(setup: Setup) -> Iterator[Facts]:
    """The data sources that provisioning files have."""
    for document in setup.documents:
        part = document.part()
        for source in part.items("datasources") if "datasources" in part else ():
            if source.text("name") and source.text("type"):
                keys = ("name", "type", "url")
                yield {
                    **{key: source.text(key) for key in keys},
                    "access": source.text("access", "proxy"),
                    "interval": source.part("jsonData").text("timeInterval"),
                    "where": str(source.at("url")),
                }


def _chosen(things: Any, path: Path | None) -> Any:
    address = str(path) if path is not None else ""
    return next((thing for thing in things if thing.part.document.address == address), None)


def _renamed(job: Job) -> bool:
    """Whether a static label gives targets another job than the one that is scraped."""
    groups = job.part.items("static_configs")
    return any(group.texts("labels").get("job", job.name) != job.name for group in groups)


def _static_labels(job: Job) -> list[str]:
    """The names of the labels that the file gives to targets."""
    return sorted({name for group in job.part.items("static_configs") for name in group.texts("labels")})


def _of_prometheus(server: Prometheus, setup: Setup) -> Facts:
    shared = server.part.part("global")
    groups = [group for group in setup.groups if server in group.prometheuses]
    offset = shared.seconds("rule_query_offset") or 0.0
    return {
        "jobs": {
            job.name: {
                "scrape_interval": job.scrape_interval,
                "scrape_timeout": job.scrape_timeout,
                "scheme": job.scheme,
                "metrics_path": job.metrics_path,
                "targets": list(job.targets),
                "labels": sorted(
                    {name for group in job.part.items("static_configs") for name in group.texts("labels")}
                ),
                "static": not any(str(key).endswith("_sd_configs") for key in job.part.data),
                "relabelled": bool(job.relabel_configs or job.metric_relabel_configs or _renamed(job)),
                "filters": [
                    f"{key}={','.join(job.part.part('params').words(key))}" for key in _filters(job.part)
                ],
                "proxy": job.part.text("proxy_url"),
                "converted": _set(_CONVERTING, job.part, shared) and not _set(_KEEPING, job.part, shared),
                "honor_labels": job.honor_labels,
                "honor_timestamps": job.part.truth("honor_timestamps", otherwise=True),
                "limits": {**_limits(shared), **_limits(job.part)},
                "others": otherkeys.of_job(job.part),
                "lacking": list(lacking(job.part.data, Path(job.part.document.address))),
                "where": str(job.at()),
            }
            for job in server.jobs
        },
        "groups": {
            f"{group.file} {group.name}": {
                "name": group.name,
                "interval": group.interval or server.evaluation_interval,
                "limit": group.limit,
                "query_offset": offset if group.query_offset is None else group.query_offset,
                "where": str(group.at()),
            }
            for group in groups
        },
        "alerts": {
            rule.name: {
                "keep_firing_for": rule.keep_firing_for,
                "annotations": dict(rule.annotations),
                "where": str(rule.at()),
            }
            for rule in setup.alerts
            if rule.group in groups
        },
        "alertmanagers": _alertmanagers(server),
        "alerts_relabelled": [str(part.at()) for part in server.alert_relabel_configs],
        "external_labels": dict(server.external_labels),
    }


def _set(key: str, job: Part, shared: Part) -> bool:
    """A boolean of a job, or else of all."""
    return job.truth(key, otherwise=shared.truth(key))


def _filters(part: Part) -> list[str]:
    """The parameters of a scrape that leave out a part of what is exposed."""
    params = part.part("params").data
    return [key for key in FILTERS if isinstance(params, dict) and key in params]


def _alertmanagers(server: Prometheus) -> list[Facts]:
    return [
        {
            "scheme": part.text("scheme", "http"),
            "path_prefix": part.text("path_prefix"),
            "timeout": part.seconds("timeout") or 0.0,
            "targets": list(targets_of(part)),
            "others": otherkeys.of_alertmanager(part),
            "relabelled": "relabel_configs" in part or "alert_relabel_configs" in part,
            "where": str(part.at()),
        }
        for part in server.alertmanagers
    ]


def _limits(part: Part) -> dict[str, str]:
    """The limits of a job, or of all; 0 is none."""
    data: Mapping[str, Any] = part.data if isinstance(part.data, dict) else {}
    return {
        str(key): scalar_text(value)
        for key, value in data.items()
        if str(key).endswith("_limit") and scalar_text(value) not in ("0", "0B", "")
    }


def _of_alertmanager(manager: Alertmanager) -> Facts:
    return {
        "receivers": {
            receiver.name: _receiver(receiver, manager.part.part("global")) for receiver in manager.receivers
        },
        "inhibitions": [
            {
                "source": sorted(_matchers(part, "source")),
                "target": sorted(_matchers(part, "target")),
                "equal": sorted(part.words("equal")),
                "where": str(part.at()),
            }
            for part in manager.inhibitions
        ],
        "routed_by": sorted(
            {name for route in manager.routes for name, _, _ in route.matchers or ()}
            | {name for route in manager.routes for name in route.group_by}
        ),
        "muted": [
            {"name": name, "where": str(route.at(key))}
            for route in manager.routes
            for key in ("mute_time_intervals", "active_time_intervals")
            for name in route.part.words(key)
        ],
    }


def _matchers(part: Part, side: str) -> Iterator[str]:
    yield from (f"{name}={value}" for name, value in part.texts(f"{side}_match").items())
    yield from (f"{name}=~{value}" for name, value in part.texts(f"{side}_match_re").items())
    for text in part.words(f"{side}_matchers"):
        try:
            yield from ("".join(matcher) for matcher in matchers(text))
        except ValueError:
            yield text


def _receiver(receiver: Receiver, shared: Part) -> Facts:
    """A receiver; what `global` says of HTTP holds for an integration that says nothing of it."""
    return {
        "integrations": [
            {
                "kind": kind,
                "url": part.text("url"),
                "send_resolved": part.truth("send_resolved", otherwise=kind not in _QUIET),
                "max_alerts": part.text("max_alerts", "0"),
                "timeout": part.seconds("timeout") or 0.0,
                "proxy": (part if "http_config" in part else shared).part("http_config").text("proxy_url"),
                "others": otherkeys.of_webhook(kind, part, shared),
                "where": str(part.at()),
            }
            for kind, part in receiver.integrations
        ],
        "where": str(receiver.at()),
    }
