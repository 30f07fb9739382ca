"""Keys of prometheus.yml that are nearly one that Prometheus knows, in every part of it that rules and alerts need."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from promproof.findings.part import Part
from promproof.findings.setup import Prometheus
from promproof.findings.words import words

_HTTP = words("""
    basic_auth authorization oauth2 tls_config proxy_url no_proxy proxy_from_environment
    proxy_connect_header follow_redirects enable_http2 http_headers bearer_token bearer_token_file
    sigv4 azuread google_iam
""")
DISCOVERED = tuple(
    f"{name}_sd_configs"
    for name in words("""
        file dns kubernetes docker dockerswarm consul ec2 http azure gce openstack nomad eureka
        hetzner digitalocean lightsail linode marathon nerve serverset triton uyuni vultr ionos kuma
        ovhcloud puppetdb scaleway stackit outscale aws
    """)
)
TOP = words("""
    global rule_files scrape_configs scrape_config_files alerting remote_write remote_read storage
    tracing otlp runtime
""")
_LIMITS = words("""
    body_size_limit sample_limit label_limit label_name_length_limit label_value_length_limit
    target_limit keep_dropped_targets scrape_protocols metric_name_validation_scheme
    metric_name_escaping_scheme scrape_native_histograms scrape_classic_histograms
    convert_classic_histograms_to_nhcb always_scrape_classic_histograms scrape_failure_log_file
    extra_scrape_metrics
""")
GLOBAL = (
    *words("""
    scrape_interval scrape_timeout evaluation_interval external_labels query_log_file
    rule_query_offset
"""),
    *_LIMITS,
)
JOB = (
    *words("""
    job_name scrape_interval scrape_timeout metrics_path honor_labels honor_timestamps scheme
    track_timestamps_staleness params static_configs relabel_configs metric_relabel_configs
    enable_compression native_histogram_bucket_limit native_histogram_min_bucket_factor
    scrape_fallback_protocol fallback_scrape_protocol
"""),
    *DISCOVERED,
    *_LIMITS,
    *_HTTP,
)
RELABEL = ("source_labels", "separator", "target_label", "regex", "modulus", "replacement", "action")
STATIC = ("targets", "labels")
ALERTING = ("alertmanagers", "alert_relabel_configs")
ALERTMANAGER = (
    *words("""
    static_configs scheme path_prefix timeout api_version relabel_configs alert_relabel_configs
"""),
    *DISCOVERED,
    *_HTTP,
)
REMOTE = (
    *words("""
    url name remote_timeout headers write_relabel_configs queue_config metadata_config
    send_exemplars send_native_histograms protobuf_message round_robin_dns read_recent
    required_matchers filter_external_labels chunked_read_limit
"""),
    *_HTTP,
)
_PLACES = dict.fromkeys(JOB, "a job of scrape_configs") | dict.fromkeys(GLOBAL, "global")
"""Where the keys belong that no version has at the top of the file."""
Misspelt = tuple[Part, str, str]
"""The part, the key in it, and what is wrong with it."""


def misspelt(server: Prometheus) -> Iterator[Misspelt]:
    """All keys of a configuration that Prometheus refuses; a key that is near none may be of a newer version."""
    part, alerting = server.part, server.part.part("alerting")
    yield from _misplaced(part)
    yield from (found for found in _keys(part, TOP) if found[1] not in _PLACES)
    yield from _keys(part.part("global"), GLOBAL)
    yield from _keys(alerting, ALERTING)
    for entry in server.alertmanagers:
        yield from _keys(entry, ALERTMANAGER)
        yield from _below(entry)
    for rule in server.alert_relabel_configs:
        yield from _keys(rule, RELABEL, is_whole=True)
    for key in ("remote_write", "remote_read"):
        for entry in part.items(key):
            yield from _keys(entry, REMOTE)
            for rule in entry.items("write_relabel_configs"):
                yield from _keys(rule, RELABEL, is_whole=True)
    for job in server.jobs:
        if job.origin == "scrape_configs":
            yield from _keys(job.part, JOB)
            yield from _below(job.part)


def _misplaced(part: Part) -> Iterator[Misspelt]:
    """Keys at the top of the file that lost their indentation."""
    if part.document.kind or not isinstance(part.data, dict):
        return
    for key in map(str, part.data):
        if key in _PLACES and key not in TOP:
            yield part, key, f"{key} is no key of Prometheus here: it belongs to {_PLACES[key]}"


def _below(part: Part) -> Iterator[Misspelt]:
    for entry in part.items("static_configs"):
        yield from _keys(entry, STATIC, is_whole=True)
    for key in ("relabel_configs", "metric_relabel_configs", "alert_relabel_configs"):
        for rule in part.items(key):
            yield from _keys(rule, RELABEL, is_whole=True)


def _keys(part: Part, known: tuple[str, ...], *, is_whole: bool = False) -> Iterator[Misspelt]:
    """is_whole: the list has been the same in all versions, so that every other key is a mistake."""
    if part.document.kind or not isinstance(part.data, dict):
        return
    for key in map(str, part.data):
        near = [] if key in known else get_close_matches(key.lower().replace("-", "_"), known, 1, 0.8)
        if near and near[0] not in part.data:
            yield part, key, f"{key} is no key of Prometheus here: did you mean {near[0]}?"
        elif is_whole and key not in known and not set(key) & set("${<"):
            yield part, key, f"{key} is no key of Prometheus here: {', '.join(known)}"
