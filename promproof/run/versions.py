"""Whether the programs that were found are new enough for the folder, by what promtool and amtool have said of it.

An old program refuses a key of a newer one as if nobody knew it, and the server would refuse to start. Only keys that
are known to be newer count here; any other key that is refused is a mistake, and the checks say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from promproof.errors import InputError
from promproof.evidence.records import ToolResult
from promproof.exposition import Exposition, is_plain, quoted
from promproof.stack.binaries import Binaries, Binary

FIRST = {
    "Prometheus": {
        "keep_firing_for": "2.42",
        "scrape_config_files": "2.43",
        "proxy_from_environment": "2.43",
        "no_proxy": "2.43",
        "native_histogram_bucket_limit": "2.45",
        "scrape_classic_histograms": "2.45",
        "keep_dropped_targets": "2.47",
        "scrape_protocols": "2.49",
        "enable_compression": "2.49",
        "native_histogram_min_bucket_factor": "2.50",
        "query_offset": "2.53",
        "rule_query_offset": "2.53",
        "runtime": "2.53",
        "otlp": "2.54",
        "http_headers": "2.55",
        "metric_name_validation_scheme": "",
        "metric_name_escaping_scheme": "",
        "scrape_native_histograms": "",
        "fallback_scrape_protocol": "3.0",
        "always_scrape_classic_histograms": "3.0",
        "convert_classic_histograms_to_nhcb": "3.0",
    },
    "Alertmanager": {
        "discord_configs": "0.25",
        "webex_configs": "0.25",
        "msteams_configs": "0.26",
        "url_file": "0.26",
        "bot_token_file": "0.26",
        "user_key_file": "0.26",
        "token_file": "0.26",
        "msteamsv2_configs": "0.28",
        "jira_configs": "0.28",
        "rocketchat_configs": "0.28",
        "incidentio_configs": "0.29",
        "mattermost_configs": "",
        "timeout": "",
        "message_thread_id": "",
        "webhook_url_file": "",
        "chat_id_file": "",
        "smtp_tls_config": "",
        "tracing": "",
    },
}
"""The version since which a program knows a key, from its changelog; empty where that is not certain."""
_QUOTED = re.compile(r"unexpected string .*? in (?:label matching|grouping opts)")
"""What an old promtool says of a name in quotes."""
_QUOTED_SINCE = "3.0"
_IN_QUOTES = re.compile(r"""[{,(]\s*["']""")
"""Where a name in quotes may begin in PromQL; so does the string of a function."""
_UNREAD = re.compile(r'expected .*got "INVALID"|invalid metric name|expected metric name')
"""What an old Prometheus says of an exposition with a name in quotes."""
_FIELD = re.compile(r"line (\d+): field (\w+) not found in type ([\w.]+)")


def refuse_too_old(results: Iterable[ToolResult], binaries: Binaries) -> None:
    """Refuse a run whose Prometheus or Alertmanager would not start for want of a newer version.

    Raises:
        InputError: with program, version, key and the option that names another program.
    """
    for result in results:
        if result.status in (0, None):
            continue
        is_alertmanager = result.command.startswith("amtool")
        name = "Alertmanager" if is_alertmanager else "Prometheus"
        tool, server = ("amtool", "alertmanager") if is_alertmanager else ("promtool", "prometheus")
        binary: Binary = getattr(binaries, tool)
        if _QUOTED.search(result.output) and _numbers(binary.version) < _numbers(_QUOTED_SINCE):
            raise InputError(
                what=f"a name in quotes, which Prometheus reads since {_QUOTED_SINCE}; the {tool} that was found is "
                f"{binary.version} ({binary.source}: {binary.path})",
                where=result.command.split()[-1],
                expected=f"Prometheus {_QUOTED_SINCE} or newer, or names without quotes",
                todo=f"--binary {server}=PATH --binary {tool}=PATH name one",
            )
        newer = [
            (line, key)
            for line, key, kind in _FIELD.findall(result.output)
            if _is_newer(name, key, kind, binary.version)
        ]
        if newer:
            told = "; ".join(f"{key} (line {line}), {_since(name, key)}" for line, key in newer)
            least = max((FIRST[name].get(key, "3.0") for _, key in newer), key=_numbers)
            raise InputError(
                what=f"{told}; the {tool} that was found is {binary.version} ({binary.source}: {binary.path})",
                where=result.command.split()[-1],
                expected=f"{name} {least} or newer" if least else f"a newer {name}",
                todo=f"--binary {server}=PATH --binary {tool}=PATH name one",
            )


def refuse_names(error: str, exposition: Exposition, binary: Binary) -> None:
    """Refuse a target whose metrics have names that the Prometheus of the run is too old to read.

    error: why its last scrape failed; binary: the Prometheus.

    Raises:
        InputError: with one of the names, the versions and the option that names another program.
    """
    names = [name for name in exposition.families if not is_plain(name)]
    names += [name for _, labels in exposition.values for name, _ in labels if not is_plain(name)]
    if names and _UNREAD.search(error) and _numbers(binary.version) < _numbers(_QUOTED_SINCE):
        raise InputError(
            what=f"it exposes {quoted(names[0])}, a name that Prometheus reads since {_QUOTED_SINCE}; the one that was "
            f"found is {binary.version} ({binary.source}: {binary.path})",
            where="target",
            expected=f"Prometheus {_QUOTED_SINCE} or newer: an older one drops the whole scrape ({error})",
            todo="--prometheus-version 3 fetches one from Debian testing; "
            "--binary prometheus=PATH --binary promtool=PATH name one",
        )


def has_newer(name: str, data: Any, version: str) -> bool:
    """Whether a file may need a newer version than this, by its keys and its text."""
    if isinstance(data, str):
        return _numbers(version) < _numbers(_QUOTED_SINCE) and _IN_QUOTES.search(data) is not None
    if isinstance(data, list):
        return any(has_newer(name, item, version) for item in data)
    if not isinstance(data, dict):
        return False
    kind = "rulefmt.RuleGroup" if "rules" in data else ""
    newer = any(_is_newer(name, str(key), kind, version) for key in data)
    return newer or any(has_newer(name, item, version) for item in data.values())


def refused_keys(results: Iterable[ToolResult]) -> set[str]:
    """The keys that the tools do not know."""
    return {key for result in results if result.status for _, key, _ in _FIELD.findall(result.output)}


def _is_newer(name: str, key: str, kind: str, version: str) -> bool:
    """Whether a key that was refused is one of a newer version than this; of `labels` only those of a group are."""
    if key not in FIRST[name] and (key, kind) != ("labels", "rulefmt.RuleGroup"):
        return False
    first = FIRST[name].get(key, "3.0")
    return not first or _numbers(version) < _numbers(first)


def _since(name: str, key: str) -> str:
    first = FIRST[name].get(key, "3.0")
    return f"which {name} knows since {first}" if first else f"which only a newer {name} knows"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
