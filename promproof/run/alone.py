"""The monitoring folder of a run: the one that is named, the contract's own, or one made for a target without any.

A service without a prometheus.yml still has an exposition to judge. What Prometheus needs to read it is one job, which
is written down where programs of the stack are kept; the same contract gives the same file. Of a Prometheus that runs
already the folder has what it has loaded: its rules, and how often it reads the target.
"""

from __future__ import annotations

import atexit
import os
import shutil
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from promproof.config.durations import format_duration
from promproof.config.folder import PROMETHEUS_FILES, find_prometheus
from promproof.config.jobs import of_targets
from promproof.config.loadedrules import rule_files
from promproof.contract.model import Contract
from promproof.errors import EvidenceError, InputError
from promproof.http import access_of, started_access
from promproof.observe.prometheus import Prometheus
from promproof.places import DEFAULT_MONITORING, MADE, cache_dir
from promproof.run.options import Options

SCRAPE_INTERVAL = "15s"


def with_monitoring(options: Options, contract: Contract) -> Options:
    """The options with a folder that holds a Prometheus configuration; one that a user names is left as it is.

    Raises:
        InputError: the contract promises alerts or dashboards, and no folder is there that could have them.
    """
    if options.monitoring != DEFAULT_MONITORING or _has_prometheus(options):
        return options
    beside = replace(options, monitoring=options.contract.parent)
    if _has_prometheus(beside):
        return beside
    if options.stack.prometheus is None:
        _refuse_promises_of_a_folder(contract)
    server = _asked(options, contract)
    job = contract.target.job or server.job or contract.service
    reading = _reading(options, contract)
    is_secret = any(key in reading for key in ("basic_auth", "authorization", "http_headers"))
    folder = _folder(job, is_own=is_secret or options.stack.prometheus is not None)
    for name, rules in server.files.items():
        (folder / name).write_text(rules, encoding="utf-8")
    text = yaml.safe_dump(
        {
            "global": {
                "scrape_interval": server.interval or SCRAPE_INTERVAL,
                "evaluation_interval": server.evaluation or SCRAPE_INTERVAL,
            },
            **({"rule_files": list(server.files)} if server.files else {}),
            "scrape_configs": [
                {
                    "job_name": job,
                    **reading,
                    "static_configs": [{"targets": ["localhost:8000"]}],
                }
            ],
        },
        sort_keys=False,
    )
    file = folder / "prometheus.yml"
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return replace(options, monitoring=folder)


def _refuse_promises_of_a_folder(contract: Contract) -> None:
    """Of a draft that was made with `--monitoring`: without it each alert would be missing, and each panel unknown."""
    promised = [
        f"{len(named)} {what}{'' if len(named) == 1 else 's'}"
        for what, named in (("alert", contract.alerts), ("dashboard", contract.dashboards))
        if named
    ]
    if promised:
        places = dict.fromkeys(
            str(path.parent.parent if name.startswith("prometheus/") else path.parent)
            for depth in ("*/", "*/*/", "*/*/*/")
            for name in PROMETHEUS_FILES
            for path in sorted(DEFAULT_MONITORING.parent.glob(depth + name))
        )
        here = [os.path.relpath(place, DEFAULT_MONITORING.parent) for place in places]
        raise InputError(
            what=f"the contract promises {' and '.join(promised)}, and no monitoring folder is here",
            where=str(DEFAULT_MONITORING),
            expected="the folder that has them, with a prometheus.yml",
            todo=f"name it: --monitoring {here[0] if here else 'DIR'}",
        )


@dataclass(frozen=True)
class Server:
    """What a Prometheus that runs already says. files: its rules by file name; interval: of the target's scrapes.

    evaluation: the longest interval of its rule groups, which decides how late an alert may be.
    """

    job: str = ""
    interval: str = ""
    evaluation: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


def _asked(options: Options, contract: Contract) -> Server:
    """What the Prometheus says that runs already; nothing where there is none, or none that answers."""
    if options.stack.prometheus is None:
        return Server()
    prometheus = Prometheus(options.stack.prometheus)
    try:
        targets, groups = prometheus.targets(), prometheus.rules()
    except EvidenceError:  # that it does not answer is told where the stack is asked whether it is ready
        return Server()
    finally:
        prometheus.close()
    url = metrics_url(options, contract.target.metrics_path)
    found = of_targets(targets, url, contract.service)
    job = contract.target.job or (found.job if found is not None else "")
    intervals = {str(target["scrapeInterval"]) for target in targets if target["labels"].get("job") == job}
    longest = max((float(group["interval"]) for group in groups if group.get("rules")), default=0.0)
    return Server(
        job,
        intervals.pop() if len(intervals) == 1 else "",
        format_duration(longest) if longest else "",
        rule_files(groups),
    )


def metrics_url(options: Options, path: str) -> str:
    """The URL of the metrics of a target that runs already, by --metrics or --target; empty for one that is started.

    path: the contract's, for a URL without one.
    """
    target = options.target
    if target.metrics is not None:
        return (
            target.metrics
            if urlsplit(target.metrics).path not in ("", "/")
            else target.metrics.rstrip("/") + path
        )
    return target.url.rstrip("/") + path if target.url is not None else ""


def _reading(options: Options, contract: Contract) -> dict[str, Any]:
    """How a job reads the target: scheme, path and with what it is let in, as the command line says it.

    A Prometheus that runs already is let in by its own configuration, which nobody here knows.
    """
    path = contract.target.metrics_path
    parts = urlsplit(metrics_url(options, path))
    told: dict[str, Any] = {"metrics_path": parts.path or path}
    if parts.scheme == "https":
        told["scheme"] = "https"
    if options.stack.prometheus is not None:
        return told
    if parts.scheme == "https" and options.stack.ca_file is not None:
        told["tls_config"] = {"ca_file": str(options.stack.ca_file.absolute())}
    url = parts.geturl()
    headers = dict((access_of(url) if url else started_access()).headers)
    scheme, _, credentials = headers.pop("Authorization", "").partition(" ")
    user = (parts.username, parts.password or "") if parts.username is not None else None
    if scheme == "Basic":
        user = tuple(b64decode(credentials).decode().partition(":")[::2])  # type: ignore[assignment]  # two texts
    if user is not None:
        told["basic_auth"] = {"username": unquote(str(user[0])), "password": unquote(str(user[1]))}
    elif scheme:
        told["authorization"] = {"type": scheme, "credentials": credentials}
    if headers:
        told["http_headers"] = {name: {"secrets": [value]} for name, value in headers.items()}
    return told


def _folder(job: str, *, is_own: bool) -> Path:
    """The folder of the configuration; one with secrets or loaded rules is of this process alone, and goes with it."""
    base = cache_dir()
    if is_own:
        base = Path(mkdtemp(prefix="promproof-"))
        atexit.register(shutil.rmtree, base, ignore_errors=True)
    folder = base / MADE / "".join(sign if sign.isalnum() else "-" for sign in job)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _has_prometheus(options: Options) -> bool:
    return find_prometheus(options.monitoring) is not None
