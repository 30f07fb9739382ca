"""Places that a page names in code: files, paths of the target, flags of components, jobs in selectors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from promproof.promises.known import Known, close_to
from promproof.promises.promise import HEDGED, Promise, listed
from promproof.promises.sheet import Passage, Sheet

CLAIM = "page/names"
_WORD = 8
"""Letters of a folder that is no word beside another one: `texts/` and `tests/`."""
_CODE = re.compile(r"`([^`]+)`")
_ROUTE = re.compile(r"(?:(?:GET|POST|PUT|PATCH|DELETE|HEAD) )?(/[\w{}./-]+)")
_FILE = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.(?:ya?ml|json|md|py|toml|cfg|conf)|(?:[\w.-]+/)+")
_FLAG = re.compile(r"--[a-z][\w.-]+")
_IS_IN = re.compile(r"\b(?:is|are|lies?|stands?) in $")
"""Before a folder of which the page says that something is in it."""
_OF_ONE = 2
"""Flags with a common beginning of so many words, `storage.tsdb.` say, are one family of settings."""
_LATER = frozenset({"--storage.tsdb.retention.percentage"})
"""Flags of such a family that only newer programs have."""
_JOB = re.compile(r'\bjob=~?"([^"]+)"')


def read(sheet: Sheet, known: Known) -> Iterator[Promise]:
    """A promise for each place that is there, or that misses one by a letter or two."""
    flags = [
        word.partition("=")[0]
        for service in known.services.values()
        for word in service.command
        if word[:2] == "--"
    ]
    for passage in sheet.passages:
        for found in _CODE.finditer(passage.flat):
            at, code = passage.line_at(found.start()), found[1].strip()
            promise = _place(at, code, flags, known)
            if promise is None and _IS_IN.search(passage.flat[: found.start()]):
                promise = _folder(at, code, known)
            if promise is not None:
                yield (
                    promise.is_open(HEDGED)
                    if passage.is_past
                    else promise.unless(passage.denies(found.start()), HEDGED)
                )
        yield from _jobs(passage, known)
    for block in sheet.page.blocks:
        if not sheet.is_past(block.line):
            for number, line in enumerate(block.text.splitlines(), start=1):
                yield from _jobs(Passage(line, block.line + number, ()), known)


def _place(line: int, code: str, flags: list[str], known: Known) -> Promise | None:
    promise = Promise(line, "name", code, CLAIM)
    flag = _FLAG.match(code)
    if flag is not None:
        judged = _judged(promise, flag[0], flags, "no component is started with it")
        return _of_family(promise, flag[0], flags) if judged is None else judged
    route = _ROUTE.fullmatch(code)
    if route is not None:
        first = {known_route.split("/")[1] for known_route in known.routes if known_route.count("/") > 1}
        path = route[1].rstrip("/")
        if path in known.routes:
            return promise.holds("the target has this path")
        if known.contract.closed("routes") and path.split("/")[1] in first:
            return promise.fails(f"the target has no path {path}")
        return _judged(promise, path, list(known.routes), "the target has no such path")
    if _FILE.fullmatch(code):
        name = code.removeprefix("./").rstrip("/")
        if "." not in name and "/" not in name and len(name) < _WORD:
            return None
        there = [
            path for path, is_there in known.read.paths.items() if is_there and _sort(path) == _sort(name)
        ]
        return _judged(promise, name, there, "there is no such file")
    return None


def _of_family(promise: Promise, flag: str, flags: list[str]) -> Promise | None:
    """A flag that is one of several settings by its beginning, and is none of them: `retention.bytes`."""
    family = flag.rpartition(".")[0]
    others = [other for other in dict.fromkeys(flags) if other.rpartition(".")[0] == family]
    if family.count(".") < _OF_ONE - 1 or len(others) < _OF_ONE or flag in _LATER:
        return None
    return promise.fails(f"no component is started with it; there are {listed(others)}")


def _folder(line: int, code: str, known: Known) -> Promise | None:
    """A folder in one that is there, in which the page says that something is."""
    name = code.removeprefix("./").rstrip("/")
    if not _FILE.fullmatch(code) or not code.endswith("/") or known.read.paths.get(name) is not False:
        return None
    beside = sorted(
        path
        for path, is_there in known.read.paths.items()
        if is_there
        and path.rpartition("/")[0] == name.rpartition("/")[0]
        and "." not in path.rpartition("/")[2]
    )
    if not name.count("/") or not beside:
        return None
    return Promise(line, "name", code, CLAIM).fails(f"there is no such folder; there is {listed(beside)}")


def _sort(path: str) -> str:
    """What a file is by its name: `monitoring.yml` is not `monitoring.md` misspelt."""
    return Path(path).suffix.lower().replace(".yaml", ".yml")


def _judged(promise: Promise, name: str, names: list[str], what: str) -> Promise | None:
    """Holds for a known name, fails for one that is nearly known; of others nothing is said."""
    if name in names:
        return promise.holds("it is there")
    meant = close_to(name, names)
    return promise.fails(f"{what}; there is {meant}") if meant else None


def _cut(job: str, named: list[str], jobs: Sequence[str]) -> str:
    """The job whose name begins with this one, in a list whose other names are all jobs; empty for none or several."""
    others = [other for other in named if other != job]
    whole = [other for other in jobs if other.startswith(f"{job}-") and other not in named]
    return whole[0] if len(whole) == 1 and others and all(other in jobs for other in others) else ""


def _jobs(passage: Passage, known: Known) -> Iterator[Promise]:
    for found in _JOB.finditer(passage.flat) if 'job="' in passage.flat or 'job=~"' in passage.flat else ():
        named = [job.rstrip("\\") for job in found[1].split("|")]
        for job in named:
            promise = Promise(passage.line_at(found.start()), "name", f"job {job}", CLAIM)
            judged = _judged(promise, job, list(known.jobs), "no scrape job has this name")
            if judged is None and (whole := _cut(job, named, known.jobs)):
                judged = promise.fails(f"no scrape job has this name; there is {whole}")
            if judged is not None:
                yield judged.is_open(HEDGED) if passage.denies(found.start()) else judged
