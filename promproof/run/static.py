"""What the real tools say of the files as shipped: promtool, amtool, and the boundary proof. No server is needed."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from promproof.checks import judge_all
from promproof.config.folder import Folder
from promproof.config.globs import PROMETHEUS_HOME, resolved
from promproof.config.masking import masked, secrets_of
from promproof.config.rules import recordings
from promproof.config.shapes import AlertmanagerFile, shaped
from promproof.config.yamlfile import load
from promproof.contract.deployment import Deployment
from promproof.contract.model import Alert
from promproof.errors import EvidenceError, InputError
from promproof.evidence import records
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Clock, History, Recorder
from promproof.observe import panels
from promproof.observe.recording import attempt
from promproof.proofs.boundary import of_rules, probe
from promproof.proofs.boundary_worlds import ask_worlds
from promproof.proofs.rulefiles import scrape_intervals
from promproof.proofs.vanishing import Noticed, vanishing
from promproof.render.runcopy import RunCopy
from promproof.run.judged import files_judged
from promproof.run.pageprinted import Showing, printed
from promproof.run.pageread import read_page
from promproof.run.prepared import Prepared
from promproof.run.secrecy import HISTORY
from promproof.stack.binaries import Binaries
from promproof.verdict import Verdict

AnswerT = TypeVar("AnswerT")
TIMEOUT_SECONDS = 30
TOGETHER = 20
"""Rule files that promtool checks at once, where there are more."""
SHOWN_LINES = 5
"""Rows (alert, q, fired) of the boundary proof."""


@dataclass(frozen=True)
class Printed:
    """What a tool said; `returncode` is None for one that could not be started or did not end in time."""

    returncode: int | None
    stdout: str
    stderr: str


Run = Callable[[list[Any]], Printed]


def ask(command: list[Any]) -> Printed:
    """Run a program to its end."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Printed(None, "", f"no answer within {TIMEOUT_SECONDS} s")
    except OSError as error:
        return Printed(None, "", f"cannot be started: {error.strerror}")
    return Printed(done.returncode, done.stdout, done.stderr)


def tools_said(
    prepared: Prepared, binaries: Binaries, asking: Asking | None = None
) -> tuple[records.ToolResult, ...]:
    """`promtool check` and `amtool check-config` on the shipped files."""
    folder, run = prepared.folder, (asking or Asking()).run
    results = [configuration(folder, binaries.promtool.path, run)]
    results += rules_said(binaries.promtool.path, [rules.path for rules in folder.rules], folder.root, run)
    if folder.alertmanager is not None:
        command = [binaries.amtool.path, "check-config", folder.alertmanager.path]
        results.append(_result(command, folder.root, run))
    return tuple(results)


def check_files(
    prepared: Prepared,
    binaries: Binaries,
    history: Recorder,
    asking: Asking | None = None,
) -> tuple[records.ToolResult, ...]:
    """What the tools say of the shipped files, which comes back, and where amtool routes each alert."""
    folder, asking = prepared.folder, asking or Asking()
    run = asking.run
    results = tools_said(prepared, binaries, asking)
    history.add(records.Tools(results, tuple(str(finding) for finding in folder.findings)))
    rules = recordings(folder.rules)
    history.add(
        records.RuleFiles(
            tuple(folder.relative(document.path) for document in folder.rules),
            tuple(prepared.rules),
            tuple(dict.fromkeys(name for name, _ in rules)),
            rules,
        )
    )
    history.add(prepared.documentation)
    history.add(files_judged(prepared))
    with attempt(history, "page"):
        page = read_page(
            prepared.contract,
            prepared.options.contract.parent,
            folder,
            binaries,
            frozenset(prepared.masker.public),
            asking.printed,
        )
        if page is not None:
            history.add(page)
    if prepared.contract.deployment is not None:
        with attempt(history, "deployment"):
            history.add(asking.deployment(prepared, prepared.contract.deployment))
    config = folder.alertmanager.path if folder.alertmanager is not None else None
    with attempt(history, "routes"):
        history.add(_routes(prepared, binaries, config, run))
    return results


def deployment(prepared: Prepared, wanted: Deployment) -> records.DeploymentRead:
    """The compose file as Compose reads it, the targets of the scrape jobs, and the provisioned data sources."""
    from promproof.stack.supply import resolve  # with the engine's library, which few programs need

    try:
        found = resolve(prepared.options.monitoring / wanted.compose, variables={})
    except InputError as error:
        return records.DeploymentRead(error=str(error).splitlines()[0])
    except EvidenceError as error:
        return records.DeploymentRead(error=": ".join([str(error).splitlines()[0], *error.log[-1:]]))
    sources = data_sources(found, wanted)
    prepared.masker.learn(secrets_of([found, sources]))
    keep = prepared.masker.public
    config, sources = masked(found, keep=keep), masked(sources, keep=keep)
    targets = {name: tuple(job.targets) for name, job in prepared.folder.jobs.items()}
    return records.DeploymentRead(config, targets, tuple(sources))


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


def boundary(prepared: Prepared, binaries: Binaries) -> records.Boundary:
    """The points of the boundary proof, and what the rules do of alerts whose contract does not say how.

    Raises:
        EvidenceError: promtool refused the rules.
    """
    return replace(points(prepared, binaries), vanishing=vanished(prepared, binaries))


def points(prepared: Prepared, binaries: Binaries) -> records.Boundary:
    """The same without what vanishes; of each alert it depends on its own rules only.

    Raises:
        EvidenceError: promtool refused the rules.
    """
    files = [document.path for document in prepared.folder.rules]
    alerts, promtool = prepared.contract.alerts, binaries.promtool.path
    scrape = min(scrape_intervals(prepared.folder.prometheus.data), default=None)
    probed = probe(promtool, files, alerts, scrape)
    points = [(point.alert, point.q, point.fired) for point in probed.points]
    beside = ask_worlds(promtool, files, alerts, scrape)
    said = of_rules(promtool, files, alerts, scrape) if files else {}
    points += [(name, q, fired) for name, rule in said.items() for q, fired in rule.points]
    rules = {name: (rule.verdict, rule.flips, rule.reason) for name, rule in said.items()}
    return records.Boundary(tuple(points), rules=rules, worlds=tuple(beside), refused=probed.refused)


def vanished(prepared: Prepared, binaries: Binaries) -> Noticed:
    """Who notices when the series of an alert vanish.

    Raises:
        EvidenceError: promtool did not answer.
    """
    files = [document.path for document in prepared.folder.rules]
    names = [alert.name for alert in prepared.contract.alerts if alert.vanishing]
    return vanishing(binaries.promtool.path, files, names)


def judged(
    prepared: Prepared,
    binaries: Binaries,
    folder: Path,
    clock: Clock,
    asking: Asking | None = None,
) -> tuple[list[Verdict], History]:
    """A verdict for every claim, on the files alone: what needs a target or traffic is unknown; and the evidence.

    folder: new, for the history.
    """
    asking = asking or Asking()
    asked: Future[records.Boundary] = Future()
    with closing(Recorder(folder / HISTORY, prepared.contract.service, clock, prepared.masker)) as history:
        history.add(records.Prepared(prepared.scale.factor, prepared.contract.service))
        check_files(prepared, binaries, history, asking)
        panels.files(history, prepared.dashboards, panels.scrape_intervals(prepared.folder.prometheus.data))
        try:
            asked.set_result(asking.boundary(prepared, binaries))
        except Exception as error:
            asked.set_exception(error)
        record_boundary(history, asked)
        return judge_all(Evidence(prepared.contract, history)), history


def in_background(ask: Callable[[], AnswerT], name: str) -> Future[AnswerT]:
    """Ask on a separate thread, which has a name; an interrupted run does not wait for it."""
    asked: Future[AnswerT] = Future()

    def work() -> None:
        try:
            asked.set_result(ask())
        except BaseException as error:
            asked.set_exception(error)

    threading.Thread(target=work, name=name, daemon=True).start()
    return asked


def record_boundary(history: Recorder, asked: Future[records.Boundary], *, wait: bool = True) -> None:
    """Write the points down, or why there are none; `wait` for those that are not there yet."""
    if not wait and not asked.done():
        history.add(records.Boundary((), "the run ended before promtool had answered"))
        return
    try:
        history.add(asked.result())
    except EvidenceError as error:
        history.add(records.Boundary((), str(error)))
    except Exception as error:
        said = history.tracebacks.keep("proving the boundary", error)
        history.add(records.Boundary((), f"promtool's answer could not be used: {said}"))


def _routes(prepared: Prepared, binaries: Binaries, config: Path | None, run: Run = ask) -> records.Routes:
    """The receivers of each alert as amtool tells them, and by alert why it did not."""
    if config is None:
        return records.Routes({})
    contract, known = prepared.contract, set(prepared.folder.receivers)
    receivers: dict[str, tuple[str, ...]] = {}
    errors: dict[str, str] = {}
    for alert in contract.alerts:
        labels = [f"{name}={value}" for name, value in _labels_of(prepared, alert).items()]
        done = run([binaries.amtool.path, "config", "routes", "test", f"--config.file={config}", *labels])
        names = tuple(name for name in done.stdout.strip().split(",") if name)
        if done.returncode == 0 and known.issuperset(names):
            receivers[alert.name] = names
        else:
            errors[alert.name] = f"amtool config routes test: {shortened(done.stderr.strip() or done.stdout)}"
    return records.Routes(receivers, errors)


def _labels_of(prepared: Prepared, alert: Alert) -> dict[str, str]:
    """The labels by which an alert is routed: those that its only rule gives it, and the promised severity."""
    rules = [rule for rule in prepared.rules if rule.name == alert.name]
    given = rules[0].labels if len(rules) == 1 else {}
    fixed = {name: value for name, value in given.items() if "{{" not in value}
    severity = {} if alert.severity is None else {"severity": alert.severity}
    return {"job": prepared.contract.target.job, **fixed, "alertname": alert.name, **severity}


def shortened(output: str) -> str:
    """The first lines of what a tool printed."""
    lines = output.splitlines()
    more = f"\n... {len(lines) - SHOWN_LINES} more lines" if len(lines) > SHOWN_LINES else ""
    return "\n".join(lines[:SHOWN_LINES]) + more


def configuration(folder: Folder, promtool: Path, run: Run) -> records.ToolResult:
    """What promtool says of the configuration. A path of the image (/etc/prometheus/...) means the folder here."""
    file = folder.prometheus.path
    said = _result([promtool, "check", "config", file], folder.root, run)
    is_mounted = any(pattern.is_mounted for pattern in folder.patterns)
    if not is_mounted and (not said.status or PROMETHEUS_HOME not in said.output):
        return said
    copy = RunCopy(folder, folder.prometheus)
    copy.make_paths_absolute(PROMETHEUS_HOME)
    for index, pattern in enumerate(folder.patterns):
        found = resolved(str(file.parent), pattern.text, PROMETHEUS_HOME)
        copy.put(("rule_files", index), found, "the folder that the image has there")
    if is_mounted:
        files = dict.fromkeys(str(path) for pattern in folder.patterns for path in pattern.files)
        copy.put(("rule_files",), list(files), "the files that are mounted there")
    with TemporaryDirectory(prefix="promproof-") as place:
        moved = Path(place) / file.name
        copy.write(moved)
        again = _result([promtool, "check", "config", moved], folder.root, run)
    return replace(
        again, command=said.command, output=again.output.replace(str(moved), folder.relative(file))
    )


def _result(command: list[Any], root: Path, run: Run = ask) -> records.ToolResult:
    return _told(command, run(command), root)


def _told(command: list[Any], done: Printed, root: Path) -> records.ToolResult:
    shown = " ".join(Path(part).name if index == 0 else str(part) for index, part in enumerate(command))
    output = (done.stdout + done.stderr).strip().replace(f"{root}/", "")
    # promtool checks the rule files that a configuration names as well, and warns without a failing status.
    return records.ToolResult(shown.replace(f"{root}/", ""), done.returncode, output)


def rules_said(promtool: Path, files: Sequence[Path], root: Path, run: Run) -> Iterator[records.ToolResult]:
    """What promtool says of each rule file. Many are asked for at once, and what it says of each is told apart."""
    for first in range(0, len(files), TOGETHER):
        some = files[first : first + TOGETHER]
        said = _apart(run([promtool, "check", "rules", *some]), some) if len(files) > TOGETHER else {}
        for file in some:
            command = [promtool, "check", "rules", file]
            yield _result(command, root, run) if file not in said else _told(command, said[file], root)


def _apart(printed: Printed, files: Sequence[Path]) -> dict[Path, Printed]:
    """By file what was printed of it; nothing where something is wrong with one, whose words stand elsewhere."""
    parts = re.split(r"^(?=Checking )", printed.stdout, flags=re.MULTILINE)[1:]
    if printed.returncode or printed.stderr or len(parts) != len(files):
        return {}
    said = {file: Printed(0, part, "") for file, part in zip(files, parts, strict=True)}
    is_each = all(part.stdout.startswith(f"Checking {file}\n") for file, part in said.items())
    return said if is_each else {}


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


@dataclass(frozen=True)
class Asking:
    """Who asks programs about the files. Whoever judges many folders that differ in one file asks what changed only."""

    run: Run = ask
    deployment: Callable[[Prepared, Deployment], records.DeploymentRead] = deployment
    boundary: Callable[[Prepared, Binaries], records.Boundary] = boundary
    printed: Showing = printed
