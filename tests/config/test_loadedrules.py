"""What a Prometheus has loaded, as rule files: they read as the answer does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from promproof.config.loadedrules import rule_files
from promproof.config.rules import loaded, read, recordings
from promproof.config.yamlfile import load

pytestmark = pytest.mark.unit
GROUPS: list[dict[str, Any]] = [
    {
        "name": "shop",
        "file": "/etc/prometheus/a.yml",
        "interval": 15,
        "rules": [
            {
                "type": "alerting",
                "name": "Errors",
                "query": 'sum(rate(x_total{code=~"5.."}[5m])) > 0.1',
                "duration": 90,
                "keepFiringFor": 300,
                "labels": {"severity": "page"},
                "annotations": {"summary": "{{ $value }} – ü"},
            },
            {"type": "recording", "name": "job:x:rate5m", "query": "sum by (job) (rate(x_total[5m]))"},
        ],
    },
    {
        "name": "shop",
        "file": "/etc/prometheus/b.yml",
        "interval": 0.5,
        "rules": [{"type": "alerting", "name": "Down", "query": "up == 0", "duration": 0, "labels": {}}],
    },
    {"name": "empty", "file": "/etc/prometheus/c.yml", "interval": 15, "rules": []},
]


def test_each_file_of_the_server_is_a_file_again_with_the_same_rules(tmp_path: Path) -> None:
    texts = rule_files(GROUPS)
    assert list(texts) == ["loaded-1.yml", "loaded-2.yml"]
    documents = []
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        documents.append(load(tmp_path / name, "a rule file"))
    again, wanted = read(documents), loaded(GROUPS)
    assert [(r.name, r.expression, r.hold, r.labels, r.annotations) for r in again] == [
        (r.name, r.expression, r.hold, r.labels, r.annotations) for r in wanted
    ]
    assert recordings(documents) == (("job:x:rate5m", "sum by (job) (rate(x_total[5m]))"),)
    first = documents[0].data["groups"][0]
    assert (first["interval"], first["rules"][0]["keep_firing_for"]) == ("15s", "5m")
    assert documents[1].data["groups"][0]["interval"] == "500ms"
