"""What the tools say of the rules, the tests of rules and the configurations that a documentation page prints."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from promproof.config.folder import Folder
from promproof.config.yamlfile import dump
from promproof.contract.documentation import Block, Page
from promproof.contract.model import Alert
from promproof.errors import EvidenceError, InputError
from promproof.evidence.records import Printed
from promproof.findings.discover import discover_text
from promproof.findings.finding import Severity
from promproof.findings.judging import judge
from promproof.promises.expressions import rules_in
from promproof.promises.yamlblocks import ALERTMANAGER_KEYS, PROMETHEUS_KEYS, loaded
from promproof.proofs.boundary import of_rules
from promproof.proofs.outcome import CONTRADICTED, DEAD, PROVEN
from promproof.proofs.rule_boundary import RuleBoundary
from promproof.proofs.rulefiles import scrape_intervals
from promproof.stack.binaries import Binaries

TIMEOUT_SECONDS = 30.0
TEXTS = ("rule/number-in-text", "rule/printed-unit", "rule/threshold-unit", "rule/template-error")
"""Warnings that say that a printed rule contradicts itself; others are a matter of the folder that it goes into."""
_SEVERAL = re.compile(r"^---\s*$|^#\s*[\w./-]+\.ya?ml\s*$", re.MULTILINE)
"""A block that shows several documents, or files by their names."""
_SERVER = PROMETHEUS_KEYS | {"remote_write", "remote_read"}


Shown = tuple[str, tuple[Printed, ...]]
"""The line of a block, and what was said of it."""
Showing = Callable[[Page, Binaries, Folder], Iterable[Shown]]


class Once(Protocol):
    """Asks, or remembers what it was told of the same."""

    def __call__(self, ask: Callable[..., tuple[Printed, ...]], *about: Any) -> tuple[Printed, ...]: ...


def _always(ask: Callable[..., tuple[Printed, ...]], *about: Any) -> tuple[Printed, ...]:
    return ask(*about)


def printed(page: Page, binaries: Binaries, folder: Folder, once: Once = _always) -> Iterator[Shown]:
    """By the line of each YAML block what was said of it; blocks that are none of the tools' files are left out.

    once: who asks what depends on the block and the scrape interval only.
    """
    scrape = min(scrape_intervals(folder.prometheus.data), default=None)
    blocks = [
        (block, loaded(block.text))
        for block in page.blocks
        if block.language.lower() in ("yaml", "yml") and not _SEVERAL.search(block.text)
    ]
    rules = [block for block, data in blocks if rules_in(data)]
    for block, data in blocks:
        if not isinstance(data, dict):
            continue
        if rules_in(data) and data.keys() == {"groups"}:
            asked = once(_asked, binaries, "check rules", block.text)
            yield str(block.line), (*asked, *once(_proven, binaries, block.text, scrape))
        elif "tests" in data and "rule_files" in data:
            yield str(block.line), (_tested(binaries, block, data, rules, folder),)
        elif data.keys() & _SERVER and not data.keys() & ALERTMANAGER_KEYS:
            alone = dump(
                {key: value for key, value in data.items() if key != "rule_files"}
            )  # they are not there
            yield str(block.line), once(_asked, binaries, "check config", alone)


def _asked(binaries: Binaries, command: str, text: str) -> tuple[Printed, ...]:
    with tempfile.TemporaryDirectory(prefix="page-") as name:
        path = Path(name) / "printed.yml"
        path.write_text(text, encoding="utf-8")
        return (_run(binaries, command, path, Path(name)),)


def _proven(binaries: Binaries, text: str, scrape: float | None) -> tuple[Printed, ...]:
    """What `promproof check` finds in the printed rules, and what each of them does around its threshold."""
    found = [
        finding
        for finding in judge(discover_text("printed.yml", text)).findings
        if finding.severity is Severity.ERROR or finding.rule in TEXTS
    ]
    said = "; ".join(f"{finding.rule}: {finding.message}" for finding in found)
    checked = Printed("promproof check rules", 1 if found else 0, said)
    names = [str(rule["alert"]) for rule in rules_in(loaded(text))]
    with tempfile.TemporaryDirectory(prefix="page-") as name:
        path = Path(name) / "printed.yml"
        path.write_text(text, encoding="utf-8")
        try:
            proofs = of_rules(binaries.promtool.path, [path], [Alert(name=alert) for alert in names], scrape)
        except (EvidenceError, InputError) as error:
            return checked, Printed("promproof prove rules", None, str(error).splitlines()[0])
    return checked, *(_told(alert, proof) for alert, proof in proofs.items())


def _told(alert: str, proof: RuleBoundary) -> Printed:
    status = 0 if proof.verdict == PROVEN else 1 if proof.verdict in (CONTRADICTED, DEAD) else None
    reason = " ".join(proof.reason.split()) or proof.flips
    return Printed("promproof prove rules", status, f"{alert} is {proof.verdict}: {reason}")


def _tested(
    binaries: Binaries, block: Block, data: Mapping[str, Any], rules: list[Block], folder: Folder
) -> Printed:
    """The page's test of a rule, with the rules that it prints where the test looks for them."""
    with tempfile.TemporaryDirectory(prefix="page-") as name:
        place = Path(name) / "prometheus"
        shutil.copytree(folder.prometheus.path.parent, place)
        for file in data["rule_files"] or ():
            target = (place / str(file)).resolve()
            if not target.is_relative_to(place.resolve()):
                return Printed("promtool test rules", None, f"its rule file {file} is not beside it")
            if not target.exists() and rules:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(rules[-1].text, encoding="utf-8")
        path = place / "printed.test.yml"
        path.write_text(block.text, encoding="utf-8")
        return _run(binaries, "test rules", path, Path(name))


def _run(binaries: Binaries, command: str, path: Path, root: Path) -> Printed:
    try:
        done = subprocess.run(
            [str(binaries.promtool.path), *command.split(), str(path)],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Printed(f"promtool {command}", None, f"promtool did not answer: {type(error).__name__}")
    output = (done.stdout + done.stderr).strip().replace(f"{root}/", "")
    return Printed(f"promtool {command}", done.returncode, output)
