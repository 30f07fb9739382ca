"""Many broken targets of one Prometheus: each gets its own history and verdicts, and those that differ in their metrics
only share one API and one traffic.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.twins.variants import FACES
from verification.checks import judge_all
from verification.drills.undo import UndoBook
from verification.evidence import Evidence
from verification.history import History, Record, Recorder
from verification.observe.prometheus import Prometheus
from verification.observe.webhook import Receiver
from verification.render import Rendered, render
from verification.run import recording
from verification.run.bringup import Bench, describe
from verification.run.clock import SystemClock
from verification.run.liveness import Liveness
from verification.run.main import Job
from verification.run.options import REPOSITORY, Options
from verification.run.prepare import Prepared, prepare
from verification.run.sender import Sender
from verification.stack.app import ManagedApp, SentRequest
from verification.stack.binaries import Binaries, find_binaries
from verification.stack.journal import Journal
from verification.stack.processes import Ports, ProcessStack
from verification.verdict import Outcome, Verdict
from verification.yamlfile import dump, load

SCALE = 30.0
AT_ONCE = 5
FACES_OF_ONE = 6
"""More expositions of one API, and its event loop would have no time for its traffic."""
VARIANTS = REPOSITORY / "tests" / "twins" / "variants.py"


@dataclass
class Variant:
    """One API before its run: its faces, the first of which is the one that the run itself reads."""

    names: tuple[str, ...]
    app: ManagedApp
    sender: Sender
    folder: Path

    def instance(self, name: str) -> str:
        """The instance label of a face: with the metrics path behind it, the address that is scraped."""
        return f"{self.app.address}/{name}" if len(self.names) > 1 else self.app.address


class Told(Recorder):
    """The history of the first face; what the others say of themselves is read when this one's is, into theirs."""

    def __init__(self, path: Path, variant: Variant) -> None:
        super().__init__(path, variant.names[0], SystemClock())
        self._variant = variant
        self.prometheus: Prometheus | None = None
        self.others = {name: History(name, self.monotonic, self.epoch) for name in variant.names[1:]}

    def add(self, kind: str, data: dict[str, Any], *, t: float | None = None) -> Record:
        record = super().add(kind, data, t=t)
        for name, history in self.others.items():
            for mine in self._of(name, kind, data):
                history.records.append(Record(len(history.records), record.t, kind, mine))
        return record

    def _of(self, name: str, kind: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        mine, other = (self._variant.instance(one) for one in (self._variant.names[0], name))
        if kind == "run":
            return [{**data, "instance": other}]
        asked = History(name, self.monotonic, self.epoch)
        into: Any = _Answers(asked, self)
        if kind == "exposition" and data["label"] != "settling":
            recording.exposition(into, f"http://{other}/metrics", data["label"])
        elif kind == "stored" and mine in data["selector"]:
            assert self.prometheus is not None
            recording.samples(into, self.prometheus, kind, [data["selector"].replace(mine, other)])
        else:
            return [data]
        return [record.data for record in asked.records]


@dataclass
class _Answers:
    """What an observer needs of a recorder, writing into a history in memory."""

    history: History
    recorder: Recorder

    def now(self) -> float:
        return self.recorder.now()

    def from_epoch(self, epoch: float) -> float:
        return self.recorder.from_epoch(epoch)

    def add(self, kind: str, data: dict[str, Any]) -> None:
        self.history.records.append(Record(0, 0.0, kind, data))


def run_variants(names: Sequence[str], folder: Path) -> dict[str, list[Verdict]]:
    """Run each variant against one Prometheus; the verdicts of each."""
    prepared = prepare(Options(time_scale=SCALE, drill=False))
    # What is not about the target's metrics is judged once elsewhere.
    traffic = prepared.contract.traffic.model_copy(update={"drill": None, "drilled": None})
    changed = {"alerts": (), "dashboards": (), "documentation": None, "traffic": traffic}
    prepared = replace(prepared, contract=prepared.contract.model_copy(update=changed))
    binaries = find_binaries()
    with ExitStack() as cleanup:
        journal = cleanup.enter_context(Journal())
        variants = [_variant(group, prepared, folder / group[0], journal) for group in _groups(names)]
        stack = _stack(prepared, variants, binaries, folder, journal)
        cleanup.enter_context(stack)
        receiver = Receiver(SystemClock().monotonic)
        cleanup.callback(receiver.close)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            judged = pool.map(lambda one: _judge(one, prepared, stack, receiver, binaries, journal), variants)
            return {name: verdicts for group in judged for name, verdicts in group.items()}


def failed(verdicts: Sequence[Verdict]) -> set[str]:
    """The claims that are red."""
    return {verdict.claim for verdict in verdicts if verdict.outcome is Outcome.FAIL}


def _groups(names: Sequence[str]) -> list[tuple[str, ...]]:
    """Who shares an API: faces in groups of about one size, each of the others alone."""
    faces = [name for name in names if name in FACES]
    groups = -(-len(faces) // FACES_OF_ONE)
    shared = [tuple(faces[number::groups]) for number in range(groups)]
    return [*shared, *((name,) for name in names if name not in FACES)]


def _variant(names: tuple[str, ...], prepared: Prepared, folder: Path, journal: Journal) -> Variant:
    wanted = prepared.contract.target
    command = f"{{python}} {shlex.quote(str(VARIANTS))} {','.join(names)} --port {{port}} --fault-port {{fault_port}}"
    window = prepared.scale.duration("5m")
    environment = {key: value.replace("{duration:5m}", window) for key, value in wanted.environment.items()}
    sender = Sender("", bin_seconds=0.1)

    def sent(one: SentRequest) -> None:
        if one.status is not None:
            sender.record(one.method, one.path, one.status, one.started, one.ended)

    app = ManagedApp(command, folder / "target", journal, env=environment, health=wanted.health, sent=sent)
    sender.base_url = app.url
    return Variant(names, app, sender, folder)


def _stack(
    prepared: Prepared, variants: Sequence[Variant], binaries: Binaries, folder: Path, journal: Journal
) -> ProcessStack:
    job = prepared.contract.target.job

    def configure(ports: Ports) -> Rendered:
        rendered = render(
            prepared.options.monitoring,
            folder / "rendered",
            scale=prepared.scale,
            addresses={job: [variant.app.address for variant in variants]},
            alertmanager=None,
            receivers={},
        )
        _scrape_every_face(rendered.prometheus_config, job, variants)
        return rendered

    return ProcessStack(binaries, configure, folder / "stack", prepared.scale, journal)


def _scrape_every_face(config: Path, job: str, variants: Sequence[Variant]) -> None:
    """Each face is a target of its own: the same address, another path."""
    data = load(config, "the run copy").data
    scraped = next(one for one in data["scrape_configs"] if one["job_name"] == job)
    shared = scraped["static_configs"][0].get("labels") or {}
    scraped["static_configs"] = [
        {
            "targets": [variant.app.address],
            "labels": {
                **shared,
                "instance": variant.instance(name),
                "__metrics_path__": variant.instance(name).removeprefix(variant.app.address) + "/metrics",
            },
        }
        for variant in variants
        for name in variant.names
    ]
    config.write_text(dump(data), encoding="utf-8")


def _judge(
    variant: Variant,
    prepared: Prepared,
    stack: ProcessStack,
    receiver: Receiver,
    binaries: Binaries,
    journal: Journal,
) -> dict[str, list[Verdict]]:
    with ExitStack() as cleanup:
        app = cleanup.enter_context(variant.app)
        first = variant.names[0]
        history = Told(variant.folder / "history.jsonl", variant)
        cleanup.callback(history.close)
        prometheus = Prometheus(stack.endpoints.prometheus)
        cleanup.callback(prometheus.close)
        history.prometheus = prometheus
        interval = 15 / SCALE
        bench = Bench(
            target_url=app.url,
            metrics_url=f"http://{variant.instance(first)}/metrics",
            pid=app.pid,
            app=app,
            database=f"sqlite:///{variant.folder.absolute()}/target/promptpilot.db",
            faults=None,
            undo=UndoBook(variant.folder / "undo"),
            rendered=None,
            sender=variant.sender,
            receiver=receiver,
            backend="processes",
            stack=stack,
            prometheus=prometheus,
            alertmanager_url=None,
            alertmanager_target=None,
            grafana_url=None,
            node_exporter_net=None,
            receivers_wanted=[],
            binaries=binaries,
            history=history,
            journal=journal,
            scale=prepared.scale,
            target_scale=prepared.scale,
            scrape_interval=interval,
            scrape_timeout=10 / SCALE,
            evaluation_interval=interval,
            instance=variant.instance(first),
            selector=f'instance="{variant.instance(first)}"',
            bin_seconds=0.1,
            liveness=Liveness([], UndoBook(variant.folder / "undo"), lambda text: None),
        )
        history.add("prepared", {"service": first, "time_scale": SCALE})
        history.add("run", describe(prepared, bench, None))
        Job(prepared, bench, variant.folder, history, cleanup, lambda text: None).drive()
        histories: dict[str, History] = {first: history, **history.others}
        return {name: judge_all(Evidence(prepared.contract, own)) for name, own in histories.items()}


if __name__ == "__main__":
    import tempfile
    import time

    started = time.monotonic()
    with tempfile.TemporaryDirectory() as where:
        for name, verdicts in run_variants(sys.argv[1:], Path(where)).items():
            sys.stdout.write(f"{name} ({time.monotonic() - started:.0f} s)\n")
            for verdict in verdicts:
                if verdict.outcome is not Outcome.PASS:
                    sys.stdout.write(f"  {verdict.outcome} {verdict.claim}: {verdict.reason[:300]}\n")
