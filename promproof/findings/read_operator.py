"""Reads an AlertmanagerConfig of the Prometheus operator: the same things as Alertmanager's file under other names.

The operator puts its route below a tree that is not known here, and adds the namespace to every matcher. So only what
stands in the resource itself can be judged.
"""

from __future__ import annotations

import json
import re
from typing import Any

from promproof.config.yamltext import Key
from promproof.findings.alertroutes import OPERATOR
from promproof.findings.part import Document, Part, scalar_text
from promproof.findings.read_alertmanager import alertmanager_of
from promproof.findings.setup import Alertmanager

_CAPITALS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SIDES = {"sourceMatch": "source_matchers", "targetMatch": "target_matchers"}
_LISTS = ("matchers", *_SIDES.values())


def resource_of(part: Part) -> Alertmanager | None:
    """The configuration in a resource; None for another kind."""
    if part.text("kind") != OPERATOR:
        return None
    given = part.document
    lines = {_renamed(key): line for key, line in given.lines.items()}
    data = _converted(part.data)
    document = Document(given.file, data, lines, given.number, given.text, OPERATOR, given.folder)
    return alertmanager_of(document.part("spec"))


def _renamed(key: Key) -> Key:
    return tuple(_name(part) if isinstance(part, str) else part for part in key)


def _name(key: str) -> str:
    return _SIDES.get(key) or _CAPITALS.sub("_", key).lower()


def _converted(data: Any) -> Any:
    if isinstance(data, list):
        return [_converted(item) for item in data]
    if not isinstance(data, dict):
        return data
    found = {_name(str(key)): _converted(value) for key, value in data.items()}
    for key in _LISTS:
        if isinstance(found.get(key), list):
            found[key] = [_matcher(item) for item in found[key]]
    return found


def _matcher(item: Any) -> Any:
    """A matcher as Alertmanager's file has it."""
    if not isinstance(item, dict) or "name" not in item:
        return item
    operator = item.get("match_type") or ("=~" if item.get("regex") is True else "=")
    value = item.get("value")
    return f"{item['name']}{operator}{json.dumps('' if value is None else scalar_text(value), ensure_ascii=False)}"
