"""Renders the run copy of a monitoring folder: the same files with declared changes only, and the difference.

Addresses, the time scale and receiver URLs change; what would send data elsewhere is taken out. All else is
carried as it means, mistakes included: a run that repaired the configuration would prove nothing about it.
"""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from promproof.config.discovered import of_job, sections
from promproof.config.folder import (
    Finding,
    Folder,
    read_folder,
)
from promproof.config.globs import ALERTMANAGER_HOME, PROMETHEUS_HOME, matching_files
from promproof.config.promql_durations import caveats
from promproof.config.timescale import TimeScale
from promproof.config.yamlfile import dump, load
from promproof.config.yamltext import Key
from promproof.errors import InputError
from promproof.render.grafana import FOLDER as GRAFANA_FOLDER
from promproof.render.grafana import render_grafana
from promproof.render.runcopy import Change, RunCopy

__all__ = ["Change", "Finding", "Rendered", "render"]

Address = str | Sequence[str]

MARKER = ".rendered-for-a-run"
_ADDRESS = re.compile(r"(?:(?P<scheme>https?)://)?(?P<target>(?:\[[^\]\s]+\]|[^\s/:]+):[0-9]+)/?")
_PROXY_KEYS = ("proxy_url", "proxy_from_environment", "proxy_connect_header", "no_proxy")
# Integrations that don't tell the end of an alert unless told to (Alertmanager, config/notifiers.go).
_RESOLVED_OFF = (
    "email_configs",
    "slack_configs",
    "wechat_configs",
    "rocketchat_configs",
    "mattermost_configs",
)

_ADDRESS_REASON = "the address of this run"
_LEAVING_REASON = "nothing leaves this machine"


@dataclass(frozen=True)
class Rendered:
    """A run copy. `diff` is a unified diff of the files in normal form; `changes` tells the reasons."""

    prometheus_config: Path
    rule_files: tuple[Path, ...]
    alertmanager_config: Path | None
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...]
    diff: str
    grafana: Path | None = None
    """The folder with `provisioning` and `dashboards`; None where there is none."""


def render(
    monitoring: Path,
    out: Path,
    *,
    scale: TimeScale,
    addresses: Mapping[str, Address],
    alertmanager: str | None,
    receivers: Mapping[str, str],
    scrape_seconds: Mapping[str, float] | None = None,
) -> Rendered:
    """Write the run copy of `monitoring` into `out`, a folder of this function's own, which is emptied first.

    addresses: for each job `host:port`, several of them, or `http://host:port`, whose scheme replaces that of
    the job; jobs without an address are dropped. alertmanager: `host:port`, None for a run without one.
    receivers: for each receiver the URL that gets its notifications; the others keep no integration.
    scrape_seconds: what a scrape of a job was measured to take.

    Raises:
        InputError: a file of the folder is broken, an address is none, or the time scale can't be applied.
    """
    source = read_folder(monitoring)
    _empty(out)
    alertmanager = alertmanager if source.alertmanager is not None else None
    places = _rule_places(source, out)
    prometheus = _prometheus(source, scale, addresses, alertmanager, places, scrape_seconds)
    rules = _rules(source, scale)
    copies = [
        (prometheus, _place(source, out, source.prometheus.path)),
        *zip(rules, places.values(), strict=True),
    ]
    alertmanager_config = None
    if source.alertmanager is not None and alertmanager is not None:
        alertmanager_config = _place(source, out, source.alertmanager.path)
        told = _alertmanager(RunCopy(source, source.alertmanager), scale, receivers)
        copies.append((told, alertmanager_config))
    elif receivers:
        prometheus.finding((), "without an Alertmanager and its configuration nobody is notified")
    for copy, path in copies:
        copy.write(path)
    grafana_changes, grafana_diff = render_grafana(source, out.absolute(), scale)
    grafana = out.absolute() / GRAFANA_FOLDER
    return Rendered(
        copies[0][1],
        tuple(places.values()),
        alertmanager_config,
        (*(change for copy, _ in copies for change in copy.changes), *grafana_changes),
        source.findings + tuple(finding for copy, _ in copies for finding in copy.findings),
        "".join(copy.diff() for copy, _ in copies) + grafana_diff,
        grafana if grafana.is_dir() else None,
    )


def _prometheus(
    source: Folder,
    scale: TimeScale,
    addresses: Mapping[str, Address],
    alertmanager: str | None,
    places: Mapping[Path, Path],
    scrape_seconds: Mapping[str, float] | None,
) -> RunCopy:
    copy = RunCopy(source, source.prometheus)
    _inline_scrape_config_files(copy)
    _replace_jobs(copy, {job: _targets(job, given) for job, given in addresses.items()})
    _replace_alertmanagers(copy, alertmanager)
    for name in ("remote_write", "remote_read", "tracing"):
        copy.remove((name,), _LEAVING_REASON)
    copy.make_paths_absolute(PROMETHEUS_HOME)
    _replace_patterns(copy, places)
    scaled = scale.prometheus(copy.data, copy.where, scrape_seconds)
    copy.replace(scaled, f"time scale {scale}")
    return copy


def _rules(source: Folder, scale: TimeScale) -> list[RunCopy]:
    copies = [RunCopy(source, document) for document in source.rules]
    for copy in copies:
        copy.replace(scale.rule_file(copy.data, copy.where), f"time scale {scale}")
        if not scale.is_identity:
            for key, reason in _rule_caveats(copy):
                copy.finding(key, f"time scale {scale}: {reason}")
    return copies


def _alertmanager(copy: RunCopy, scale: TimeScale, receivers: Mapping[str, str]) -> RunCopy:
    _replace_receivers(copy, receivers)
    copy.make_paths_absolute(ALERTMANAGER_HOME)
    copy.replace(scale.alertmanager(copy.data, copy.where), f"time scale {scale}")
    return copy


def _replace_jobs(copy: RunCopy, addresses: Mapping[str, tuple[str | None, list[str]]]) -> None:
    keys = copy.mappings("scrape_configs")
    names = [str(copy.get(*key, "job_name")) for key in keys]
    for missing in sorted(set(addresses) - set(names)):
        known = ", ".join(names) or "none"
        copy.finding(("scrape_configs",), f"no job is called {missing}; the jobs are: {known}")
    for key, name in zip(keys, names, strict=True):
        if name in addresses:
            scheme, targets = addresses[name]
            _replace_targets(copy, key, targets)
            if scheme not in (None, copy.get(*key, "scheme") or "http"):
                copy.put((*key, "scheme"), scheme, _ADDRESS_REASON)
            _remove_proxies(copy, key)
    for key, name in reversed(
        list(zip(keys, names, strict=True))
    ):  # the later ones first: their keys stay right
        if name not in addresses:
            copy.remove(key, "no address was given for this job")


def _replace_targets(copy: RunCopy, key: Key, targets: list[str]) -> None:
    """Replace what a job or an Alertmanager entry discovers; labels of its first group of targets stay.

    Those of a file that it discovers its targets in are labels of its targets as well, and what another discovery would
    say of them, as far as that is known (`discovered`).
    """
    discovery = sections(copy.get(*key))
    found = of_job(copy.get(*key), copy.original.path, targets[0])
    if not found.group.get("targets") and not discovery:
        copy.finding(key, "it has no targets, and gets none: the given address is not used")
        return
    copy.put((*key, "static_configs"), [{**found.group, "targets": targets}], _ADDRESS_REASON)
    for name in discovery:
        copy.remove((*key, name), _ADDRESS_REASON)
    for number, reason in sorted(found.left_out.items(), reverse=True):  # later ones first: keys stay right
        copy.remove((*key, "relabel_configs", number), reason)
    if found.open:
        copy.finding(
            (*key, "relabel_configs"),
            f"they write {', '.join(found.open)} from labels of the discovery, which this run does without",
        )
    rules = [copy.get(*rule, "target_label") for rule in copy.mappings(*key, "relabel_configs")]
    if "__address__" in rules:
        copy.finding(
            (*key, "relabel_configs"), "they set __address__: the address of this run may not be scraped"
        )


def _replace_alertmanagers(copy: RunCopy, address: str | None) -> None:
    key: Key = ("alerting", "alertmanagers")
    entries = copy.mappings(*key)
    if not entries:
        copy.finding(("alerting",), "no Alertmanager is configured: alerts reach nobody")
    elif address is None:
        copy.remove(key, "this run has no Alertmanager")
    else:
        _, targets = _targets("alertmanager", address)
        for entry in reversed(entries[1:]):
            copy.remove(entry, "this run has one Alertmanager")
        _replace_targets(copy, entries[0], targets)
        for name in ("scheme", "path_prefix", "tls_config"):
            copy.remove((*entries[0], name), _ADDRESS_REASON)
        _remove_proxies(copy, entries[0])


def _inline_scrape_config_files(copy: RunCopy) -> None:
    """Jobs from files of their own get addresses too, so they move into the main file."""
    patterns = copy.get("scrape_config_files") or []
    jobs = list(copy.get("scrape_configs") or [])
    for index, pattern in enumerate(patterns):
        files = matching_files(copy.original.path.parent, str(pattern))
        if not files:
            copy.finding(("scrape_config_files", index), f"{pattern} matches no file")
        for file in files:
            jobs.extend(load(file, "a file of scrape_configs").data.get("scrape_configs") or [])
    if patterns:
        copy.put(("scrape_configs",), jobs, "from scrape_config_files")
        copy.remove(("scrape_config_files",), "moved to scrape_configs")


def _replace_receivers(copy: RunCopy, urls: Mapping[str, str]) -> None:
    names = [str(copy.get(*key, "name")) for key in copy.mappings("receivers")]
    for missing in sorted(set(urls) - set(names)):
        known = ", ".join(names) or "none"
        copy.finding(("receivers",), f"no receiver is called {missing}; the receivers are: {known}")
    _remove_proxies(copy, ("global", "http_config"))
    for key, receiver in zip(copy.mappings("receivers"), names, strict=True):
        integrations = [name for name in copy.get(*key) if str(name).endswith("_configs")]
        if receiver in urls and not integrations:
            copy.finding(key, "it has no integration, and gets none: the given URL is not used")
        for name in sorted(integrations, key=lambda name: name != "webhook_configs"):
            if receiver not in urls:
                copy.remove((*key, name), f"no URL was given for this receiver: {_LEAVING_REASON}")
            elif name == "webhook_configs":
                _replace_urls(copy, (*key, name), urls[receiver])
            else:
                _replace_integration(copy, key, name, urls[receiver])


def _replace_urls(copy: RunCopy, key: Key, url: str) -> None:
    for entry in copy.mappings(*key):
        copy.put((*entry, "url"), url, _ADDRESS_REASON)
        copy.remove((*entry, "url_file"), _ADDRESS_REASON)
        _remove_proxies(copy, (*entry, "http_config"))


def _replace_integration(copy: RunCopy, receiver: Key, name: str, url: str) -> None:
    """Webhooks in place of an integration that would leave the machine; they are as silent about the end."""
    hooks = list(copy.get(*receiver, "webhook_configs") or [])
    for entry in copy.mappings(*receiver, name):
        told = copy.get(*entry, "send_resolved")
        hooks.append({"url": url, "send_resolved": name not in _RESOLVED_OFF if told is None else told})
    copy.put((*receiver, "webhook_configs"), hooks, f"in place of {name}: {_LEAVING_REASON}")
    copy.remove((*receiver, name), f"a webhook stands for it: {_LEAVING_REASON}")


def _remove_proxies(copy: RunCopy, key: Key) -> None:
    for name in _PROXY_KEYS:
        copy.remove((*key, name), _LEAVING_REASON)


def _rule_places(source: Folder, out: Path) -> dict[Path, Path]:
    return {document.path: _place(source, out, document.path, n) for n, document in enumerate(source.rules)}


def _place(source: Folder, out: Path, path: Path, number: int = 0) -> Path:
    """Where a file's copy goes: the same place below `out`, so that relative patterns mean the same files."""
    if path.is_relative_to(source.root):
        return out.absolute() / path.relative_to(source.root)
    return out.absolute() / "outside" / f"{number}-{path.name}"


def _replace_patterns(copy: RunCopy, places: Mapping[Path, Path]) -> None:
    """Patterns stay as they are written, unless they point out of the folder."""
    entries: list[str] = []
    for pattern in copy.source.patterns:
        inside = all(file.is_relative_to(copy.source.root) for file in pattern.files)
        if inside and not Path(pattern.text).is_absolute() and not pattern.is_mounted:
            entries.append(pattern.text)
        else:
            entries.extend(str(places[file]) for file in pattern.files)
    if copy.source.patterns and entries != copy.get("rule_files"):
        copy.put(("rule_files",), entries, "the copies of these files")


def _rule_caveats(copy: RunCopy) -> Iterator[tuple[Key, str]]:
    """What a scaled rule may say differently than the one that is deployed."""
    for group in copy.mappings("groups"):
        for rule in copy.mappings(*group, "rules"):
            for reason in caveats(str(copy.get(*rule, "expr"))):
                yield (*rule, "expr"), reason
            if re.search(r"\{\{[^}]*\bquery\b", dump(copy.get(*rule))):
                yield rule, "queries in templates are not scaled"


def _targets(name: str, given: Address) -> tuple[str | None, list[str]]:
    """The scheme, if one was given, and the targets."""
    texts = [given] if isinstance(given, str) else list(given)
    schemes, targets = set(), []
    for text in texts:
        match = _ADDRESS.fullmatch(text)
        if match is None:
            raise InputError(
                what=f"{text!r} is no address",
                where=f"the address of {name}",
                expected="host:port or http://host:port",
            )
        schemes.add(match["scheme"])
        targets.append(match["target"])
    if len(schemes) != 1:
        raise InputError(
            what=f"{texts!r}",
            where=f"the addresses of {name}",
            expected="at least one, all with the same scheme",
        )
    return schemes.pop(), targets


def _empty(out: Path) -> None:
    if out.exists() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise InputError(
            what=f"{out} is not empty",
            where="the folder of the run copy",
            expected="an empty folder or a former run copy",
        )
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    (out / MARKER).touch()
