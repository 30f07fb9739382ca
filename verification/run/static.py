"""What the real tools say of the files as shipped: promtool, amtool, and the boundary proof. No server is needed."""

from __future__ import annotations

import subprocess
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from verification.contract import Contract
from verification.contract_deployment import Deployment
from verification.errors import EvidenceError, InputError
from verification.history import Recorder
from verification.run.prepare import Prepared
from verification.shapes import AlertmanagerFile, shaped
from verification.stack.binaries import Binaries
from verification.stack.supply import resolve
from verification.thresholds.boundary import probe
from verification.yamlfile import load

TIMEOUT_SECONDS = 30


def check_files(prepared: Prepared, binaries: Binaries, history: Recorder) -> None:
    """`promtool check` and `amtool check-config` on the shipped files, and where amtool routes each alert."""
    folder = prepared.folder
    results = [_result([binaries.promtool.path, "check", "config", folder.prometheus.path], folder.root)]
    results += [
        _result([binaries.promtool.path, "check", "rules", rules.path], folder.root) for rules in folder.rules
    ]
    if folder.alertmanager is not None:
        results.append(_result([binaries.amtool.path, "check-config", folder.alertmanager.path], folder.root))
    history.add("tools", {"results": results, "findings": [str(one) for one in folder.findings]})
    history.add(
        "rule_files",
        {
            "files": [folder.relative(one.path) for one in folder.rules],
            "rules": [vars(rule) for rule in prepared.rules],
        },
    )
    history.add("documentation", prepared.documentation)
    if prepared.contract.deployment is not None:
        history.add("deployment", deployment(prepared, prepared.contract.deployment))
    config = folder.alertmanager.path if folder.alertmanager is not None else None
    history.add("routes", _routes(prepared.contract, binaries, config))


def deployment(prepared: Prepared, wanted: Deployment) -> dict[str, Any]:
    """The compose file as Compose reads it, the targets of the scrape jobs, and the provisioned data sources."""
    try:
        config = resolve(prepared.options.monitoring / wanted.compose, variables={})
    except InputError as error:
        return {"error": str(error).splitlines()[0]}
    except EvidenceError as error:
        return {"error": ": ".join([str(error).splitlines()[0], *error.log[-1:]])}
    targets = {name: list(job.targets) for name, job in prepared.folder.jobs.items()}
    return {"config": config, "targets": targets, "data_sources": data_sources(config, wanted)}


def data_sources(config: dict[str, Any], wanted: Deployment) -> list[dict[str, Any]]:
    """The data sources that the file provisions for Grafana, as their files have them."""
    name = wanted.service("grafana")
    inside = wanted.services[name].configuration if name is not None else None
    found: list[dict[str, Any]] = []
    for mount in config["services"].get(name, {}).get("volumes") or ():
        if mount["target"] == inside and mount["type"] == "bind":
            for file in sorted(Path(mount["source"]).glob("datasources/*.y*ml")):
                data = load(file, "a file of data sources").data
                entries = data.get("datasources")
                found += (
                    [entry for entry in entries if isinstance(entry, dict)]
                    if isinstance(entries, list)
                    else []
                )
    return found


def boundary(prepared: Prepared, binaries: Binaries) -> list[tuple[str, float | None, bool]]:
    """The points of the boundary proof as rows (alert, q, fired).

    Raises:
        EvidenceError: promtool refused the rules.
    """
    files = [document.path for document in prepared.folder.rules]
    points = probe(binaries.promtool.path, files, prepared.contract.alerts)
    return [(point.alert, point.q, point.fired) for point in points]


def record_boundary(history: Recorder, asked: Future[list[tuple[str, float | None, bool]]]) -> None:
    """Write the points down, or why there are none."""
    try:
        history.add("boundary", {"points": [list(point) for point in asked.result()]})
    except EvidenceError as error:
        history.add("boundary", {"points": [], "error": str(error)})


def _routes(contract: Contract, binaries: Binaries, config: Path | None) -> dict[str, Any]:
    if config is None:
        return {"receivers": {}}
    receivers = {}
    for alert in contract.alerts:
        labels = [f"alertname={alert.name}", f"severity={alert.severity}", f"job={contract.target.job}"]
        done = _run([binaries.amtool.path, "config", "routes", "test", f"--config.file={config}", *labels])
        if done.returncode != 0:
            return {"receivers": {}, "error": f"amtool config routes test: {done.stderr.strip()}"}
        receivers[alert.name] = [name for name in done.stdout.strip().split(",") if name]
    return {"receivers": receivers}


def _result(command: list[Any], root: Path) -> dict[str, Any]:
    done = _run(command)
    shown = " ".join(Path(part).name if index == 0 else str(part) for index, part in enumerate(command))
    output = (done.stdout + done.stderr).strip().replace(f"{root}/", "")
    # promtool checks the rule files that a configuration names as well, and warns without a failing status.
    return {"command": shown.replace(f"{root}/", ""), "status": done.returncode, "output": output}


def _run(command: list[Any]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EvidenceError(str(command[0]), f"no answer within {TIMEOUT_SECONDS} s") from error


def receiver_urls(config: Path | None) -> dict[str, list[str]]:
    """Receiver names of an Alertmanager configuration with the webhook URLs of each."""
    if config is None:
        return {}
    what = "an Alertmanager configuration"
    shape = shaped(load(config, what), AlertmanagerFile, what)
    return {
        receiver.name: [hook.url or "" for hook in receiver.webhook_configs or ()]
        for receiver in shape.receivers or ()
    }
