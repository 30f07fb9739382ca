"""Files of a set-up by name, and what is read of them."""

from __future__ import annotations

import json
from pathlib import Path

from promproof.findings.discover import discover
from promproof.findings.setup import Setup

RULES = "groups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up == 0\n"
RULES_OF_OTHERS = RULES.replace("Down", "Slow")
BOARD = json.dumps({"title": "API", "uid": "api", "schemaVersion": 39, "panels": []})
PROVIDER = "apiVersion: 1\nproviders: [{name: files, options: {path: /boards}}]\n"
SOURCE = "apiVersion: 1\ndatasources: [{name: P, type: prometheus, url: 'http://prometheus:9090'}]\n"


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def read(folder: Path, files: dict[str, str]) -> Setup:
    return discover([written(folder, files)], folder)


def compose(
    *volumes: str, service: str = "prometheus", image: str = "prom/prometheus", more: str = ""
) -> str:
    listed = "".join(f"\n    - {volume}" for volume in volumes)
    return f"services:\n  {service}:\n    image: {image}\n    volumes:{listed}\n{more}"


def entry(name: str, text: str) -> str:
    """A file in a ConfigMap."""
    return f"  {name}: |\n" + "".join(f"    {line}\n" for line in text.splitlines())


def config_map(name: str, *entries: str, labels: str = "{}") -> str:
    head = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, labels: {labels}}}\ndata:\n"
    return head + "".join(entries)
