"""index.html of a run's folder, and the link reports/latest: the one page that tells everything of a run."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from promproof.report.output import Moment, Report, register
from promproof.report.page import earlier
from promproof.report.page.document import page
from promproof.report.page.subject import Subject

PAGE = "index.html"
LATEST = "latest"


@register("page", Moment.ENDED, order=500)
def write(report: Report) -> Path:
    """index.html in the run's folder; the runs before it are written down first, and the link is set last."""
    runs = earlier.before(report.folder)
    earlier.keep(report.folder, runs)
    subject = Subject(report.folder.name, report.verdicts, report.ending, report.evidence, runs)
    path = write_page(report.folder, subject)
    link(report.folder)
    return path


def write_page(folder: Path, subject: Subject) -> Path:
    """The page of a subject in a folder."""
    path = folder / PAGE
    path.write_text(page(subject), encoding="utf-8", errors="replace")
    return path


def link(folder: Path) -> None:
    """Let `latest` beside a run's folder lead to it; left alone where it is no link, or links can't be made."""
    place, made = folder.parent / LATEST, folder.parent / f".{LATEST}-{folder.name}"
    if place.is_symlink() or not place.exists():
        with suppress(OSError):
            made.symlink_to(folder.name, target_is_directory=True)
            os.replace(made, place)
