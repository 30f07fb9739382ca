"""`promproof check`: mistakes of the files of any monitoring folder, without a target."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promproof.errors import InputError, meant
from promproof.findings import proofids, settings
from promproof.findings.baseline import Baseline, load, written
from promproof.findings.checking import Checked, Subject, Wishes, check_of
from promproof.findings.choosing import wanted
from promproof.findings.finding import Severity
from promproof.findings.programs import NAMES, located
from promproof.findings.setup import Program, Setup
from promproof.places import proofs_folder
from promproof.report.findings import colours
from promproof.report.findings.forms import known, rendered
from promproof.report.lines import width_of

if TYPE_CHECKING:
    from promproof.findings.changes import Change
    from promproof.report.findings.proven import Proofs

STREAM = "-"
"""The path that stands for the standard input."""
MOST_OF_A_STREAM = 64 << 20
"""Characters."""


def run(given: dict[str, Any]) -> int:
    """The exit status: 1 with a finding of that severity or worse, 2 when a judge crashed."""
    form = known(given["format"])
    least = _severity(given["severity"])
    subject = _subject(given)
    baseline = _baseline(given["baseline"], given["write_baseline"])
    wishes = Wishes(
        least,
        wanted(given["only"], "--only"),
        settings.found(subject.paths),
        baseline,
        _change(given["changed_since"], subject),
    )
    setup = subject.setup()
    proofs = _proofs(given, setup, subject) if any(map(wishes.wanted, proofids.TITLES)) else None
    if proofs is not None:
        from promproof.cli.checkproofs import findings  # for proofs only

        wishes = replace(wishes, proofs=findings(proofs, setup))
    checked = check_of(setup, subject, wishes)
    if given["write_baseline"]:
        _write(given["baseline"], written(checked.findings, checked.identities), "--baseline")
        count = len(checked.findings)
        told = "1 finding is" if count == 1 else f"{count} findings are"
        sys.stdout.write(f"{told} known now: {given['baseline']}\n")
        return 2 if checked.crashes else 0
    _add_summary(checked)
    said = rendered(checked, form, width_of(sys.stdout) if given["output"] is None else None)
    if proofs is not None:
        from promproof.report.findings.proven import added  # for proofs only

        said = added(form, said, proofs, checked.findings)
    if given["output"] is None:
        if form == "text" and colours.are_wanted(sys.stdout):
            said = colours.coloured(said)
        sys.stdout.write(said)
    else:
        _write(given["output"], said, "--output")
    return checked.status


def _proofs(given: dict[str, Any], setup: Setup, subject: Subject) -> Proofs | None:
    """All with --prove, else those that are kept; None where there are none."""
    if given["prove"]:
        from promproof.cli.checkproofs import made  # for proofs only

        return made(setup, subject.named, given, is_cached=not given["no_cache"])
    folder = proofs_folder()
    if given["no_cache"] or not setup.alerts or not os.path.isdir(folder):
        return None
    from promproof.cli.checkproofs import remembered

    proofs = remembered(setup, subject.named, folder)
    return proofs if proofs.outcomes else None


def _subject(given: dict[str, Any]) -> Subject:
    """What to check: what the arguments name, or else the working folder."""
    prometheuses, alertmanagers = tuple(given["prometheus_config"]), tuple(given["alertmanager_config"])
    dashboards = tuple(given["dashboards"])
    is_named = prometheuses or alertmanagers or dashboards or given["prometheus"]
    named = tuple(given["paths"]) or (() if is_named else (".",))
    paths = tuple(Path(name) for name in named if name != STREAM)
    stream = _stream() if STREAM in named else None
    programs = _programs(given)
    subject = Subject(paths, stream, prometheuses, alertmanagers, dashboards, programs=programs)
    if given["header"] or given["ca_file"] is not None or given["prometheus"]:
        from promproof.run.access import let_in_to, refuse_closed  # for a server only

        let_in_to({"prometheus": given["prometheus"]}, given["header"], given["ca_file"])
        refuse_closed({"prometheus": given["prometheus"]})
    return replace(subject, know=_knowing(given["prometheus"], subject)) if given["prometheus"] else subject


def _stream() -> str:
    """What the standard input holds; whole charts have megabytes."""
    text = sys.stdin.read(MOST_OF_A_STREAM + 1)
    if len(text) > MOST_OF_A_STREAM:
        raise InputError(
            what=f"has over {MOST_OF_A_STREAM >> 20} MiB, the most that is read",
            where="stdin",
            expected="what `helm template` writes, say",
            todo="name files or folders",
        )
    return text


def _programs(given: dict[str, Any]) -> dict[str, Program]:
    chosen: dict[str, Path] = {}
    fetched: dict[str, Path] = {}
    if given["binary"] or given["prometheus_version"] is not None:
        from promproof.run.options import binaries, told, version_asked  # imports all of a run

        chosen = binaries(given["binary"])
        if (major := version_asked(given)) is not None:
            from promproof.stack.binaries import find_binaries

            asked = {name: path for name, path in chosen.items() if name in NAMES}
            all_of_them = find_binaries(asked, say=told, major=major)
            fetched = {name: getattr(all_of_them, name).path for name in NAMES}
    found = located({**fetched, **chosen})
    for name, path in chosen.items():
        if name not in NAMES or not found[name].version:
            what = (
                f"{path} does not answer `--version` as {name}" if name in NAMES else f"{name} is not asked"
            )
            raise InputError(
                what=what,
                where=f"--binary {name}={path}",
                expected=f"{' or '.join(NAMES)}, or the folder that holds it",
            )
    return found


def _knowing(url: str, subject: Subject) -> Callable[[Setup], Setup]:
    """Adds what the server at a URL knows; its rules, too, when the arguments name no file."""
    from promproof.config.urls import base_url  # for a server only
    from promproof.findings.loaded import with_server
    from promproof.observe.loaded import answers_of

    has_files = bool(subject.named) or subject.stream is not None
    answers = answers_of(base_url(url, "--prometheus"))
    return lambda setup: with_server(setup, answers, has_files=has_files)


def _severity(name: str) -> Severity:
    try:
        return Severity(name)
    except ValueError:
        names = [str(severity) for severity in Severity]
        raise InputError(
            what=f"no severity is called {name!r}{meant(name, names)}",
            where="--severity",
            expected=f"one of {', '.join(names)}",
        ) from None


def _change(ref: str | None, subject: Subject) -> Change | None:
    if ref is None:
        return None
    if subject.stream is not None:
        raise InputError(
            what="git knows nothing of the standard input",
            where="--changed-since",
            todo="name files or folders",
        )
    from promproof.findings.changes import change_since  # for changes only

    return change_since(ref)


def _baseline(file: Path | None, is_written: bool) -> Baseline | None:
    if is_written and file is None:
        raise InputError(
            what="there is no file to write to",
            where="--write-baseline",
            todo="name it: --baseline known.json",
        )
    return None if file is None or is_written else load(file)


def _add_summary(checked: Checked) -> None:
    """Add to the summary of a GitHub Actions job; a summary that can't be written changes no exit status."""
    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if not file:
        return
    from promproof.report.findings.github import add_summary  # for GitHub only

    try:
        add_summary(checked, Path(file))
    except OSError as error:
        sys.stderr.write(f"the summary of the job can't be written: {error.strerror}: {file}\n")


def _write(file: Path, text: str, option: str) -> None:
    try:
        file.write_bytes(text.encode(errors="backslashreplace"))
    except OSError as error:
        raise InputError(
            what=f"can't be written: {error.strerror}",
            where=str(file),
            todo=f"name another file for {option}",
        ) from error
