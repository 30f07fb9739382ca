"""Whether the programs that were found are new enough for the folder, by what promtool and amtool have said of it.

An old program refuses a key of a newer one as if nobody knew it, and the server would refuse to start. Only keys that
are known to be newer count here; any other key that is refused is a mistake, and the checks say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from promproof.errors import InputError
from promproof.evidence.records import ToolResult
from promproof.stack.binaries import Binaries, Binary

FIRST = {
    "Prometheus": {
        "keep_firing_for": "2.42",
        "scrape_config_files": "2.43",
        "native_histogram_bucket_limit": "2.45",
        "scrape_classic_histograms": "2.45",
        "keep_dropped_targets": "2.47",
        "scrape_protocols": "2.49",
        "enable_compression": "2.49",
        "query_offset": "2.53",
        "rule_query_offset": "2.53",
        "runtime": "2.53",
        "otlp": "2.54",
        "http_headers": "",
        "metric_name_validation_scheme": "",
        "metric_name_escaping_scheme": "",
        "scrape_native_histograms": "",
        "scrape_fallback_protocol": "3.0",
        "always_scrape_classic_histograms": "3.0",
        "convert_classic_histograms_to_nhcb": "3.0",
    },
    "Alertmanager": {
        "discord_configs": "0.25",
        "webex_configs": "0.25",
        "msteams_configs": "0.26",
        "msteamsv2_configs": "0.28",
        "jira_configs": "0.28",
        "rocketchat_configs": "0.28",
        "incidentio_configs": "0.29",
        "mattermost_configs": "",
        "tracing": "",
    },
}
"""The version since which a program knows a key, from its changelog; empty where that is not certain."""
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
        newer = [
            (line, key) for line, key, kind in _FIELD.findall(result.output) if _is_newer(name, key, kind)
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


def _is_newer(name: str, key: str, kind: str) -> bool:
    """Whether a key that was refused is one of a newer version; of `labels` only those of a group are."""
    return key in FIRST[name] or (key, kind) == ("labels", "rulefmt.RuleGroup")


def _since(name: str, key: str) -> str:
    first = FIRST[name].get(key, "3.0")
    return f"which {name} knows since {first}" if first else f"which only a newer {name} knows"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part)
