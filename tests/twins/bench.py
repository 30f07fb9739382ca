"""Many broken targets of one Prometheus: each variant gets its own traffic, history and verdicts."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from promproof.checks import judge_all
from promproof.evidence import records
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import Recorder
from promproof.faults.undo import UndoBook
from promproof.observe.prometheus import Prometheus
from promproof.observe.webhook import Receiver
from promproof.places import REPOSITORY
from promproof.render.monitoring import Rendered, render
from promproof.run.bench import Bench, Monitoring, Service, Tools
from promproof.run.bringup import describe
from promproof.run.clock import SystemClock
from promproof.run.frame import Ground
from promproof.run.liveness import Liveness
from promproof.run.main import Job
from promproof.run.options import Options
from promproof.run.pace import pace_of
from promproof.run.prepare import prepare
from promproof.run.prepared import Prepared
from promproof.run.sender import Sender
from promproof.stack.app import ManagedApp
from promproof.stack.binaries import Binaries, find_binaries
from promproof.stack.journal import Journal
from promproof.stack.processes import Ports, ProcessStack
from promproof.stack.protocol import SentRequest
from promproof.verdict import Outcome, Verdict
from tests.conftest import at_once

SCALE = 30.0
AT_ONCE = 4
VARIANTS = REPOSITORY / "tests" / "twins" / "variants.py"


@dataclass
class Variant:
    """One broken target before its run."""

    name: str
    app: ManagedApp
    sender: Sender
    folder: Path


def run_variants(names: Sequence[str], folder: Path) -> dict[str, list[Verdict]]:
    """Run each variant against one Prometheus, a few at a time; the verdicts of each."""
    prepared = prepare(Options.of(time_scale=SCALE, drill=False))
    # What is not about the target's metrics is judged once elsewhere.
    traffic = prepared.contract.traffic.model_copy(update={"drill": None, "drilled": None})
    changed = {"alerts": (), "dashboards": (), "documentation": None, "traffic": traffic}
    prepared = replace(prepared, contract=prepared.contract.model_copy(update=changed))
    binaries = find_binaries()
    with ExitStack() as cleanup:
        journal = cleanup.enter_context(Journal())
        variants = [_variant(name, prepared, folder / name, journal) for name in names]
        stack = _stack(prepared, variants, binaries, folder, journal)
        cleanup.enter_context(stack)
        receiver = Receiver(SystemClock().monotonic)
        cleanup.callback(receiver.close)
        with at_once(AT_ONCE) as pool:
            judged = pool.map(
                lambda variant: _judge(variant, prepared, stack, receiver, binaries, journal), variants
            )
            return dict(zip(names, judged, strict=True))


def failed(verdicts: Sequence[Verdict]) -> set[str]:
    """The claims that are red."""
    return {verdict.claim for verdict in verdicts if verdict.outcome is Outcome.FAIL}


def _variant(name: str, prepared: Prepared, folder: Path, journal: Journal) -> Variant:
    wanted = prepared.contract.target
    command = f"{{python}} {shlex.quote(str(VARIANTS))} {name} --port {{port}} --fault-port {{fault_port}}"
    window = prepared.scale.duration("5m")
    environment = {key: value.replace("{duration:5m}", window) for key, value in wanted.environment.items()}
    sender = Sender("", bin_seconds=pace_of(prepared).bin_seconds)

    def sent(request: SentRequest) -> None:
        if request.status is not None:
            sender.record(request.method, request.path, request.status, request.started, request.ended)

    assert wanted.health is not None
    app = ManagedApp(command, folder / "target", journal, env=environment, health=wanted.health, sent=sent)
    sender.base_url = app.url
    return Variant(name, app, sender, folder)


def _stack(
    prepared: Prepared, variants: Sequence[Variant], binaries: Binaries, folder: Path, journal: Journal
) -> ProcessStack:
    def configure(ports: Ports) -> Rendered:
        return render(
            prepared.options.monitoring,
            folder / "rendered",
            scale=prepared.scale,
            addresses={prepared.contract.target.job: [variant.app.address for variant in variants]},
            alertmanager=None,
            receivers={},
        )

    return ProcessStack(binaries, configure, folder / "stack", prepared.scale, journal)


def _judge(
    variant: Variant,
    prepared: Prepared,
    stack: ProcessStack,
    receiver: Receiver,
    binaries: Binaries,
    journal: Journal,
) -> list[Verdict]:
    with ExitStack() as cleanup:
        app = cleanup.enter_context(variant.app)
        history = Recorder(variant.folder / "history.jsonl", variant.name, SystemClock())
        cleanup.callback(history.close)
        prometheus = Prometheus(stack.endpoints.prometheus)
        cleanup.callback(prometheus.close)
        book = UndoBook(variant.folder / "undo")
        service = Service(
            url=app.url,
            metrics_url=f"{app.url}/metrics",
            instance=app.address,
            pid=app.pid,
            app=app,
            database=f"sqlite:///{variant.folder.absolute()}/target/promptpilot.db",
            faults=None,
            sender=variant.sender,
            scale=prepared.scale,
        )
        monitoring = Monitoring("processes", stack, prometheus, None, None, None)
        liveness = Liveness([], book, lambda text: None)
        tools = Tools(history, journal, book, receiver, liveness, binaries)
        bench = Bench(service, monitoring, pace_of(prepared), tools)
        history.add(records.Prepared(SCALE, variant.name))
        history.add(describe(prepared, bench))
        ground = Ground(prepared, variant.folder, history, lambda text: None)
        job = Job(ground, bench, cleanup)
        job.drive()
        job.read()
        job.restart()
        return judge_all(Evidence(prepared.contract, history))


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
