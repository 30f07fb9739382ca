"""`promproof load`: a load session without UI; see docs/load.md."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from promproof import interrupts, plugins
from promproof.config.masking import Masker, of_environment, secrets_of
from promproof.crash import Tracebacks
from promproof.errors import InputError
from promproof.http import access_of
from promproof.load import baseline
from promproof.load.options import Options, read
from promproof.load.result import LoadResult
from promproof.optiontable import options as table
from promproof.report import junit, load
from promproof.report.index import link, write_page
from promproof.report.lines import tell
from promproof.report.page.subject import Subject
from promproof.run.access import let_in_to, refuse_closed
from promproof.run.ending import Ending
from promproof.run.housekeeping import check_places, run_folder
from promproof.run.load import Session
from promproof.stack.kept import Kept, kept


def run(given: dict[str, Any]) -> int:
    """Exit status: 0 all conditions kept, 1 one broken, 2 invalid or unknown."""
    plugins.use(given["plugins"])
    options = read(with_kept(given, kept()))
    secrets = let_in(options, given)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f".{time.time_ns() // 1000 % 1_000_000:06d}Z"
    folder = options.output.reports / f"load-{file_name(options.scenario.name)}-{stamp}"
    return play(options, folder, tell, given["junit"], secrets)


def let_in(options: Options, given: dict[str, Any]) -> list[str]:
    """Have the target and Prometheus shown what the command line says; the values of the headers.

    Raises:
        InputError: a header that nobody can be shown, or a server that lets nobody in with it.
    """
    urls = {"target": options.target, "prometheus": options.prometheus}
    secrets = let_in_to(urls, given["header"], given["ca_file"])
    if options.sharing.await_workers and access_of(options.target).headers:
        raise InputError(
            what="a header of the target can't be handed to workers that somebody else starts",
            where="--header",
            expected="--workers N, which are started here",
            todo="leave --await-workers out, or have the scenario's steps send it (`headers`)",
        )
    refuse_closed(urls)
    return secrets


def with_kept(given: dict[str, Any], stack: Kept | None) -> dict[str, Any]:
    """The values, with the target of the stack that is kept up for this contract where no other one is named.

    Its usual port may be that of another program, which nobody means to put under load.
    """
    usual = next(option.default_of("load") for option in table("load") if option.key == "target")
    if stack is None or given["target"] != usual or not stack.is_of(Path(given["contract"])):
        return given
    if stack.urls["target"] != usual:
        tell(f"with the stack that process {stack.pid} keeps up: target {stack.urls['target']}")
    return {**given, "target": stack.urls["target"]}


def file_name(text: str) -> str:
    """A free text as a part of a file's name: no folder in it, and short enough for every file system."""
    return re.sub(r"[^\w.-]+", "-", text)[:60]


def play(
    options: Options,
    folder: Path,
    say: Callable[[str], None],
    xml: Path | None = None,
    secrets: Iterable[str] = (),
) -> int:
    """Run a session with its signals, and print and keep what it found; the exit status.

    xml: a JUnit file. secrets: what must stand in no file of the folder.

    Raises:
        InputError: the folder cannot be created, or the generator refused its input.
    """
    check_places(options.output.reports)
    junit.check_path(xml)
    session = Session(options, folder, say)
    with interrupts.as_flag(lambda name: session.interrupt()):
        with run_folder(folder):
            result = session.run()
        return _keep(result, folder, options, xml, secrets)


def _mask(folder: Path, options: Options, xml: Path | None, secrets: Iterable[str]) -> None:
    in_target = {*secrets_of(options.target), *secrets}
    masker = Masker([*of_environment(), *in_target])
    # a ledger can be long, and says nothing but where it was sent and what came back
    masker.sweep(folder, () if in_target else ("ledger.jsonl",))
    if xml is not None:
        masker.file(xml)


def _keep(
    result: LoadResult, folder: Path, options: Options, xml: Path | None, secrets: Iterable[str]
) -> int:
    """Show and write what was found; the exit status, which is at least 2 when that does not work."""
    try:
        load.show(result)
        (folder / "result.json").write_text(json.dumps(result.to_json(), indent=1) + "\n", encoding="utf-8")
        (folder / "report.html").write_text(load.html(result), encoding="utf-8")
        ending = Ending("\n".join(result.reasons) or None)
        write_page(folder, Subject(folder.name, result.verdicts, ending, course=load.course(result)))
        link(folder)
        if xml is not None:
            junit.write(xml, result.account.scenario.name, result.verdicts, ending)
        if options.output.save_baseline is not None:
            sys.stdout.write(baseline.save(options.output.save_baseline, result) + "\n")
    except OSError as error:
        sys.stderr.write(f"the report cannot be written: {error.strerror}: {error.filename or folder}\n")
        return result.status or 2
    except Exception as error:
        said = Tracebacks(folder / "tracebacks-report.txt").keep("writing the report", error)
        sys.stderr.write(f"the report cannot be made: {said}\n{load.headline(result)}\n")
        return result.status or 2
    sys.stdout.write(f"report: {folder / 'report.html'}\n")
    _mask(folder, options, xml, secrets)
    return result.status
