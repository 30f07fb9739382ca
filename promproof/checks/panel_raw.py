"""Dashboards as their files have them, for what is asked of keys that the reader leaves out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from promproof.config.usertext import BYTE_ORDER_MARK
from promproof.evidence.records import Dashboards
from promproof.findings.jsonpath import key_of
from promproof.grafana.dashboard import Dashboard
from promproof.truth.views import Views

Json = Mapping[str, Any]


def file_of(views: Views, dashboard: Dashboard) -> Any:
    """The whole file of a dashboard."""
    text = views.evidence.need(Dashboards).data.files[dashboard.file]
    return json.loads(text.removeprefix(BYTE_ORDER_MARK))


def at(data: Any, path: str) -> Any:
    """What stands at a JSON path; an empty object where nothing does."""
    for step in key_of(path):
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return data


def object_of(value: Any) -> Json:
    """The value where it is an object; else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items_of(value: Any) -> list[Json]:
    """The objects of a list; none of anything else."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
