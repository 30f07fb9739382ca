"""What the JUnit file of a run over a contract has beyond pytest's own, and when it is not written."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import LogXML, bin_xml_escape, xml_key

from promproof.evidence.evidence import Evidence
from promproof.report.claimplaces import places_of
from promproof.report.junit import attributes
from promproof.report.phases import phases
from promproof.verdict import Outcome, Verdict

_BYTES = 1_000_000
_PARAMETER = re.compile(r"[^\[]*\[(.*)\]", re.DOTALL)
"""A test of a suite that a user writes, with its claim."""


def path_of(config: pytest.Config) -> Path:
    """Where the file goes; the empty path when none is written."""
    return Path(str(config.getoption("xmlpath", None) or ""))


def leave_out(config: pytest.Config) -> bool:
    """Have the file not written; whether it would have been."""
    plugin = config.stash.get(xml_key, None)
    if plugin is None:
        return False
    del config.stash[xml_key]
    config.pluginmanager.unregister(plugin)
    return True


def leave_out_on_a_full_disk(config: pytest.Config) -> None:
    """What can't be written must not cost the table of verdicts, which is printed later."""
    path = path_of(config)
    full = path.parent.is_dir() and shutil.disk_usage(path.parent).free < _BYTES
    if full and leave_out(config):
        sys.stdout.write(f"\n{path} is not written: the disk is full\n")


def refine(config: pytest.Config, verdicts: Sequence[Verdict], evidence: Evidence, base: str) -> None:
    """Have each claim's row bear its id, its file and line; what is unknown for a reason of its own is an error.

    pytest gives the whole run's time to the first claim: it belongs to the phases, which are properties of the suite.
    """
    junit = config.stash.get(xml_key, None)
    if junit is None:
        return
    by_claim, places = {verdict.claim: verdict for verdict in verdicts}, places_of(evidence)
    for reporter in junit.node_reporters_ordered:
        row = reporter.to_xml()  # a test that has ended: always the same element
        name = row.get("name", "")
        inside = _PARAMETER.fullmatch(name)
        verdict = by_claim.get(inside[1] if inside else name)
        if verdict is not None:
            row.attrib.update(name=bin_xml_escape(verdict.claim), time="0.000")
            row.attrib.update(attributes(places.of(verdict), base))
            if verdict.outcome is Outcome.UNKNOWN and not verdict.symptom:
                _as_error(junit, row)
    for phase in phases(evidence):
        junit.add_global_property(f"seconds: {phase.name}", f"{phase.seconds:.3f}")


def _as_error(junit: LogXML, row: ElementTree.Element) -> None:
    for node in row:
        if node.tag == "skipped":
            node.tag = "error"
            junit.stats["skipped"] -= 1
            junit.stats["error"] += 1


def tell(config: pytest.Config, why: str, details: str) -> None:
    """Write the one error of a run that proves less than it should, as the first row."""
    junit = config.stash.get(xml_key, None)
    if junit is None:
        return
    row = junit.node_reporter("run")
    row.attrs.update({"classname": "verification", "name": "run"})
    error = ElementTree.Element("error", message=bin_xml_escape(why))
    error.text = bin_xml_escape(details)
    row.append(error)
    rows = junit.node_reporters_ordered
    rows.insert(0, rows.pop())
