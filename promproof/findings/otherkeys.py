"""Keys of scrape jobs, webhooks and Alertmanagers that no claim reads: they say how and whom to ask, or change nothing.

Without the values, which may be secrets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promproof.findings.part import Part

_OF_JOBS = (
    "job_name",
    "static_configs",
    "scrape_interval",
    "scrape_timeout",
    "metrics_path",
    "params",
    "scheme",
    "honor_labels",
    "honor_timestamps",
    "relabel_configs",
    "metric_relabel_configs",
    "proxy_url",
    "convert_classic_histograms_to_nhcb",
    "always_scrape_classic_histograms",
)
_OF_WEBHOOKS = ("url", "send_resolved", "max_alerts", "timeout")
_OF_ALERTMANAGERS = (
    "static_configs",
    "scheme",
    "path_prefix",
    "timeout",
    "relabel_configs",
    "alert_relabel_configs",
)
_HARMLESS = (
    "follow_redirects",
    "enable_http2",
    "enable_compression",
    "scrape_protocols",
    "fallback_scrape_protocol",
    "api_version",
    "track_timestamps_staleness",
    "scrape_native_histograms",
    "scrape_classic_histograms",
    "proxy_from_environment",
)
"""The same is asked in another way, or more is stored."""
_HTTP = "http_config"


def of_job(part: Part) -> list[str]:
    """Those of a scrape job, limits apart."""
    return [key for key in _others(part, _OF_JOBS) if not key.endswith("_limit")]


def of_webhook(kind: str, part: Part, shared: Part) -> list[str]:
    """Those of a webhook, with what `global` says of HTTP where it says nothing; none of another integration."""
    if kind != "webhook_configs":
        return []
    inherited = [] if _HTTP in part else _of_http(shared)
    return sorted([*_others(part, _OF_WEBHOOKS), *inherited])


def of_alertmanager(part: Part) -> list[str]:
    """Those of an Alertmanager of Prometheus."""
    return _others(part, _OF_ALERTMANAGERS)


def _others(part: Part, known: Sequence[str]) -> list[str]:
    own = [key for key in _keys(part.data) if key not in known and key not in _HARMLESS and key != _HTTP]
    return sorted([*own, *_of_http(part)])


def _of_http(part: Part) -> list[str]:
    return [f"{_HTTP}.{key}" for key in _keys(part.part(_HTTP).data) if key not in _HARMLESS]


def _keys(data: Any) -> list[str]:
    return [str(key) for key in data] if isinstance(data, Mapping) else []
