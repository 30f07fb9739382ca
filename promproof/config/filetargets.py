"""The groups of targets in the files that a scrape job discovers them in (`file_sd_configs`), where they are here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promproof.config import mounted
from promproof.config.globs import matching_files
from promproof.config.inputs import load_document
from promproof.errors import InputError


def groups_of_files(job: Mapping[str, Any], configuration: Path) -> list[dict[str, Any]]:
    """The groups that have targets, in the order of the files; a file that is not here or can't be read has none.

    configuration: the file in which the job stands. Another program may write such files anew while Prometheus runs,
    so that a broken one is nothing to refuse: Prometheus itself goes on with what it read before.
    """
    found: list[dict[str, Any]] = []
    for entry in _mappings(job.get("file_sd_configs")):
        patterns = entry.get("files")
        for pattern in patterns if isinstance(patterns, list) else ():
            for path in mounted.files(configuration, str(pattern)) or matching_files(
                configuration.parent, str(pattern)
            ):
                found += [group for group in _groups(path) if group.get("targets")]
    return found


def _groups(path: Path) -> list[dict[str, Any]]:
    try:
        return _mappings(load_document(path, "a file of targets").data)
    except InputError:
        return []


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [dict(item) for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
