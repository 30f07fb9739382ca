"""Where the shop's folder is rendered to, and parts of its run copy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from promproof.config.yamlfile import load
from promproof.render.monitoring import Change, Rendered

ADDRESSES = {"shop": "127.0.0.1:8000", "hosts": "127.0.0.1:9100", "itself": "127.0.0.1:9090"}
ALL_JOBS = {**ADDRESSES, "containers": "127.0.0.1:8080"}
HOOK = "http://127.0.0.1:7000/hook"
RECEIVERS = {"people": HOOK, "pager": HOOK, "hook": HOOK}

Render = Callable[..., Rendered]


def prometheus(result: Rendered) -> dict[str, Any]:
    data: dict[str, Any] = load(result.prometheus_config, "a configuration").data
    return data


def alertmanager(result: Rendered) -> dict[str, Any]:
    assert result.alertmanager_config is not None
    data: dict[str, Any] = load(result.alertmanager_config, "a configuration").data
    return data


def job(result: Rendered, name: str) -> dict[str, Any]:
    jobs = {job["job_name"]: job for job in prometheus(result)["scrape_configs"]}
    return dict(jobs[name])


def declared(result: Rendered, key: str) -> Change:
    changes = {change.key: change for change in result.changes}
    assert key in changes, "\n".join(changes)
    return changes[key]


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
