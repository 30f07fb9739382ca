"""Proofs of earlier runs, found without a promtool that runs: those of the rules as they stand now.

A proof's key has promtool's version. Who proves notes it, for a program that is the same file has the same one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from promproof.proofs.cache import Cache
from promproof.proofs.outcome import Outcome
from promproof.proofs.recordings import Recordings
from promproof.proofs.rulefiles import Rules


def remember(folder: Path, promtool: Path, version: str) -> None:
    """Note the version of a program; where nothing can be written, nothing is."""
    with suppress(OSError):
        file = _note(folder, promtool)
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_suffix(f".{os.getpid()}")
        new.write_text(version, encoding="utf-8")
        new.replace(file)


def version_of(folder: Path, promtool: Path) -> str:
    """The noted version of a program; empty where it has not proven anything as it is now."""
    try:
        return _note(folder, promtool).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def known(rules: Rules, version: str, folder: Path) -> Sequence[Outcome | None]:
    """The outcome of each alert that an earlier run has proven as it stands; None for the others."""
    cache = Cache(folder, version, rules.scrape)
    recordings = Recordings(rules.recordings)
    return [cache.get(alert, recordings) for alert in rules.alerts]


def _note(folder: Path, promtool: Path) -> Path:
    """The file of the note; its name says which file the program is, and that it was not replaced."""
    real = os.path.realpath(promtool)
    about = os.stat(real)
    name = sha256(f"{real}\0{about.st_size}\0{about.st_mtime_ns}".encode(errors="surrogatepass")).hexdigest()
    return folder / "promtool" / f"{name}.version"
