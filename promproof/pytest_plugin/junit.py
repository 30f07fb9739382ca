"""What the JUnit file of a run over a contract has beyond pytest's own, and when it is not written."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from _pytest.junitxml import bin_xml_escape, xml_key

_BYTES = 1_000_000


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
