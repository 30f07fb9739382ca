"""`promproof init`: a contract and a scenario from what a service shows, into `promproof/` of the working folder.

A draft that is there already is merged: what its user changed stays, what is new is added, and both are told.
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from promproof.config import envfile
from promproof.config.inputs import load_document, read_text
from promproof.config.urls import base_url, without_password
from promproof.draft.drafting import CONTRACT, SCENARIO, Seen, Wishes, files, has_prometheus, look
from promproof.draft.drills import FOLDER as DRILLS
from promproof.draft.job import refuse_unknown
from promproof.draft.merge import Merged, merge
from promproof.draft.proving import proofs
from promproof.draft.recognise import Counting
from promproof.draft.routes import METHODS, asked
from promproof.draft.service import running
from promproof.errors import InputError
from promproof.places import DEFAULT_MONITORING, REPOSITORY
from promproof.report.lines import continued, tell, width_of
from promproof.run.access import METRICS, let_in_to, refuse_closed

LATEST = ".drafted"
"""The folder beside the draft that holds what the last `init` wrote, so that edits can be told from it."""


def run(given: dict[str, Any]) -> int:
    """The exit status: 0 when a draft was written that `verify` takes.

    Raises:
        InputError: something is missing or wrong; also when the draft was written but for its scrape job.
    """
    wishes = _wishes(given)
    urls = {"target": given["target"], METRICS: given["metrics"], "prometheus": given["prometheus"]}
    let_in_to(urls, given["header"], given["ca_file"], starts=given["app"] is not None)
    refuse_closed(urls)
    folder = has_prometheus(wishes.monitoring)  # a broken file is told before anything is started
    for name in (CONTRACT, SCENARIO):
        _there(given["output"] / name)
    if wishes.job is not None and folder is not None and wishes.prometheus is None:
        refuse_unknown(wishes.job, folder.jobs)
    health = (wishes.health, wishes.health_status) if wishes.health is not None else None
    with running(
        given["app"], given["target"], _metrics(given), given["directory"], _variables(given), health
    ) as service:
        seen = look(service, wishes, tell)
    for name, counting in seen.found.counting.items():
        tell(f"  {name}: {counted_as(counting)}" + (f" ({counting.doubt})" if counting.doubt else ""))
    for name, flight in seen.found.flights.items():
        tell(f"  {name}: {counted_as(flight, 'requests in flight')}")
    if not seen.found.counting:
        tell("  no metric counts requests: their form is drafted, and that they move")
    proven = proofs(folder, tell) if folder is not None else {}
    drafted = files(seen, wishes, proven, tell)
    for name, said in proven.items():
        if said.startswith("Look"):
            tell(f"  {name}: {said}")
    output: Path = given["output"]
    for name, text in drafted.items():
        _write(output, name, text)
    instance = _instance(given, seen)
    if seen.job.is_open:
        raise InputError(
            what=seen.job.doubt,
            where=_short(output / CONTRACT),
            expected="the one that reads it, under `target`: `job: NAME`",
            todo=f"{seen.job.todo}; the draft is there, and promproof verify takes it from then on",
        )
    if seen.instances:  # the contract names them, and --target would have one of them verified alone
        _tell_command(f"next: {_next({**given, 'target': None, 'metrics': None}, output)}")
        return 0
    _tell_command(f"next: {_next(given, output)}{instance}")
    if any(name.startswith(f"{DRILLS}/") for name in drafted):
        _tell_command(f"then: {_next(given, output, 'drill')}{instance}")
    return 0


def _wishes(given: dict[str, Any]) -> Wishes:
    try:
        routes = tuple(asked(given["route"]))
    except ValueError as error:
        raise InputError(
            what=f"{str(error)!r} is no request",
            where="--route",
            expected=f"a path such as /items, or 'POST /items'; methods are {', '.join(METHODS)}",
        ) from error
    folder = given["monitoring"]
    if folder is not None and has_prometheus(folder) is None:
        raise InputError(
            what="no configuration of Prometheus is there",
            where=str(folder),
            expected="a monitoring folder",
            todo="leave --monitoring out: then the run makes a configuration that scrapes the service",
        )
    if given["directory"] is not None and not given["directory"].is_dir():
        raise InputError(
            what=f"{given['directory']} is no folder",
            where="--directory",
            expected="the folder in which the command of --app runs",
        )
    health, _, status = (given["health"] or "").partition("=")
    if given["health"] is not None and (
        not health.startswith("/") or (status and not re.fullmatch(r"[1-5]\d\d", status))
    ):
        raise InputError(
            what=f"{given['health']!r} is no path with its status",
            where="--health",
            expected="/ready, or /ready=204 where it answers another status than 200",
        )
    return Wishes(
        app=given["app"],
        openapi=given["openapi"],
        metrics_path=given["metrics_path"]
        or (urlsplit(given["metrics"]).path.rstrip("/") if given["metrics"] else None),
        health=health or None,
        health_status=int(status or 200),
        directory=str(given["directory"]) if given["directory"] is not None else None,
        env_file=str(given["env_file"]) if given["env_file"] is not None else None,
        routes=(*routes, *asked([health] if health else [])),  # whether it is counted is seen by sending it
        monitoring=folder or DEFAULT_MONITORING,
        prometheus=base_url(given["prometheus"], "--prometheus") if given["prometheus"] is not None else None,
        job=given["job"],
        drafted_job=_drafted_job(given["output"] / CONTRACT),
        name=REPOSITORY.name or "service",
    )


def _drafted_job(path: Path) -> str | None:
    """The job that a draft of before names."""
    try:
        data = load_document(path, "a draft").data if path.is_file() else None
    except InputError:  # it is merged as the text that it is, and `verify` says what is wrong with it
        return None
    target = data.get("target") if isinstance(data, dict) else None
    found = target.get("job") if isinstance(target, dict) else None
    return found if isinstance(found, str) else None


def _metrics(given: dict[str, Any]) -> str | None:
    """The URL below which the metrics are, without their path."""
    if given["metrics"] is None:
        return None
    if given["target"] is None:
        raise InputError(
            what="--metrics is that of a target that runs already",
            where="command line",
            expected="--target URL with it",
            todo="leave it out: metrics at a port of their own have {metrics_port} in the command of --app",
        )
    parts = urlsplit(base_url(given["metrics"], "--metrics"))
    return f"{parts.scheme}://{parts.netloc}"


def _variables(given: dict[str, Any]) -> dict[str, str]:
    """The environment that a file names."""
    return envfile.read(given["env_file"], "--env-file") if given["env_file"] is not None else {}


def _write(folder: Path, name: str, text: str) -> None:
    """Write a file of the draft, or merge it into the one that is there."""
    path, latest = folder / name, folder / LATEST / name
    mine = _there(path)
    if mine is None:
        _put(path, text)
        tell(f"written: {_short(path)}")
    else:
        base = read_text(latest, "what the last `init` drafted") if latest.is_file() else mine
        merged = merge(base, mine, text)
        if merged.text != mine:
            _put(path, merged.text)
        _tell(path, merged)
    _put(latest, text)


def _there(path: Path) -> str | None:
    """The file of the draft as it is now; None where there is none.

    Raises:
        InputError: something is there that can't be merged into.
    """
    return read_text(path, "a draft that can be merged into") if path.exists() else None


def _put(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            what=f"can't be written: {error.strerror}", where=str(path), expected="a folder of yours"
        ) from error


def _tell(path: Path, merged: Merged) -> None:
    rows = (
        ("added", merged.added),
        ("changed", merged.changed),
        ("taken out", merged.removed),
        ("yours stays, though the service shows otherwise", merged.kept),
    )
    if not any(names for _, names in rows):
        tell(f"unchanged: {_short(path)}")
        return
    tell(f"merged: {_short(path)}")
    for what, names in rows:
        for name in names:
            tell(f"  {what}: {name}")
            for line in merged.differences.get(name, ()):
                tell(f"    {line}")


def counted_as(counting: Counting, kind: str = "") -> str:
    """The labels with what each one holds, in a few words."""
    words = {"status_class": "class of status", "method_lower": "method", "anything": "any"}
    same = [name for name, source in counting.sources.items() if source == "constant"]
    meant = {name: words.get(source, source) for name, source in counting.sources.items() if name not in same}
    told = [name if name == word else f"{name} = {word}" for name, word in meant.items()]
    always = f"; always the same: {', '.join(same)}" if same else ""
    kind = kind or ("durations" if counting.durations else "requests")
    part = _part(counting)
    if not told:
        return (f"{kind}{part}" if part else f"all {kind}") + always
    return f"{kind}{part}{',' if part else ''} by {', '.join(told)}{always}"


def _part(counting: Counting) -> str:
    """Which requests alone it counts, in a few words; empty for all."""
    if counting.failed:
        return " that failed (5xx)"
    if counting.left is None:
        return ""
    name, values = counting.left
    more = f" and {len(values) - 3} more" if values[3:] else ""
    return f" but those with {name} {', '.join(values[:3])}{more}"


def _instance(given: dict[str, Any], seen: Seen) -> str:
    """The option that names the target in a Prometheus that calls it otherwise than its address; empty for none."""
    instance = seen.job.instance
    addresses = [urlsplit(given[option] or "").netloc.rpartition("@")[2] for option in ("metrics", "target")]
    return f" --instance {shlex.quote(instance)}" if instance and instance not in addresses else ""


def _next(given: dict[str, Any], folder: Path, command: str = "verify") -> str:
    """The command that verifies the draft, or plays its drills."""
    words = ["promproof", command]
    if folder != REPOSITORY / "promproof":
        words += ["--contract", _short(folder / CONTRACT)]
        words += ["--drills", _short(folder / DRILLS)] if command == "drill" else []
    if given["monitoring"] is not None:
        words += ["--monitoring", str(given["monitoring"])]
    for option in ("target", "metrics", "prometheus"):
        if given[option] is not None:
            words += [f"--{option}", without_password(given[option])]
    for header in given["header"]:
        words += ["--header", header if "@" in header else header.partition(":")[0] + ": ..."]
    if given["ca_file"] is not None:
        words += ["--ca-file", str(given["ca_file"])]
    return shlex.join(words)


def _short(path: Path) -> str:
    absolute = path.absolute()
    return str(absolute.relative_to(REPOSITORY) if absolute.is_relative_to(REPOSITORY) else path)


def _tell_command(words: str) -> None:
    """Write a command so that it can be copied from a terminal, also where it is longer than a line."""
    sys.stdout.writelines(f"{line}\n" for line in continued(words, width_of(sys.stdout)))
