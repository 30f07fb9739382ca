"""What `promproof check` finds in the monitoring folder, and the facts of its files; no program is asked."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from promproof.config.masking import masked
from promproof.contract.model import Contract
from promproof.contract.settings import Accepted
from promproof.crash import describe
from promproof.evidence.records import FilesJudged, Found
from promproof.findings import checking
from promproof.findings.choosing import matches
from promproof.findings.facts import facts
from promproof.findings.finding import Finding, Severity
from promproof.findings.held import Holder, Holders
from promproof.findings.settings import NAME, load
from promproof.run.panelsproven import panels_proven
from promproof.run.prepared import Prepared


def files_judged(prepared: Prepared) -> FilesJudged:
    """Judge the files of the monitoring folder; whatever is wrong with them is in the record."""
    folder, contract = prepared.folder, prepared.contract
    try:
        checked = _checked(folder.root)
        holders = Holders(checked.setup)
        wanted = contract.deployment
        said = facts(
            checked.setup,
            folder.prometheus.path,
            folder.alertmanager.path if folder.alertmanager is not None else None,
            folder.root / wanted.compose if wanted is not None else None,
        )
    except Exception as error:  # it costs the claims about files, and no run
        return FilesJudged(error=describe(error))
    found, accepted = [], 0
    for finding in checked.findings:
        holder = holders.of(finding)
        if _is_accepted(finding, holder, contract):
            accepted += 1
        else:
            found.append(_record(finding, holder))
    crashed = tuple(f"{missed.item}: {missed.reason}" for missed in checked.crashes)
    panels: dict[str, tuple[str, ...]] = {}
    try:
        panels = panels_proven(prepared)
    except Exception as error:  # it costs what is known of panels before they have data
        crashed = (*crashed, f"panels: {describe(error)}")
    return FilesJudged(tuple(found), accepted, crashed, masked(said, keep=prepared.masker.public), panels)


def _checked(root: Path) -> checking.Checked:
    settings = root / NAME
    return checking.check(
        checking.Subject((root,), root=root),
        checking.Wishes(Severity.WARNING, settings=load(settings) if settings.is_file() else None),
    )


def _is_accepted(finding: Finding, holder: Holder, contract: Contract) -> bool:
    return any(_covers(entry, finding, holder) for entry in contract.accepted or ())


def _covers(entry: Accepted, finding: Finding, holder: Holder) -> bool:
    return (
        (entry.id is None or matches(entry.id, finding.rule))
        and (entry.path is None or fnmatchcase(finding.file, entry.path))
        and (entry.name is None or fnmatchcase(holder.name, entry.name))
    )


def _record(finding: Finding, holder: Holder) -> Found:
    place = str(finding.place)
    if finding.path.startswith("$") and finding.path not in place:
        place = f"{place}, {finding.path}"
    return Found(
        finding.rule, str(finding.severity), place, finding.message, finding.todo, holder.kind, holder.name
    )
