"""Fetches the binaries from the package sources of Debian or Ubuntu, as any user, installing nothing.

Another major version of Prometheus than the machine's release has comes from the testing suite of the same mirror.

apt works in folders of its own with an empty package status; the packages are only unpacked. Hashes are
checked by apt, and the rest is all or nothing: the folder of the programs appears by one rename, and so does a
program that is added to it later.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path

from promproof.errors import InputError
from promproof.promql.versions import major_of
from promproof.stack import aptsources
from promproof.stack.children import run_to_end

PACKAGES = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
    "node_exporter": "prometheus-node-exporter",
}
"""The package that each program comes with."""
# Packages of their own in newer releases; in older ones these programs come with the packages above.
SPLIT_PACKAGES = ("promtool", "amtool")
PROGRAMS = {
    "prometheus": "prometheus",
    "promtool": "promtool",
    "prometheus-alertmanager": "alertmanager",
    "amtool": "amtool",
    "prometheus-node-exporter": "node_exporter",
}
"""Debian's name of each program, and upstream's, under which it is kept."""

# Debian builds the place of the templates and web pages in, and its Alertmanager doesn't start without them.
INSTALLED = b"/usr/share/prometheus"
RELOCATED = b"././/share/prometheus"
assert len(INSTALLED) == len(RELOCATED)

_APT_SECONDS = 600.0
_UNPACK_SECONDS = 120.0


SUITE = "testing"
"""Of Debian, whose programs run on the stable release before it too."""


def of_testing(major: int) -> Callable[[Path, Callable[[str], None], Collection[str]], None]:
    """`fetch` for another major version of Prometheus than the machine's own sources may have."""
    return partial(fetch, major=major)


def fetch(
    into: Path,
    say: Callable[[str], None],
    wanted: Collection[str] = tuple(PACKAGES),
    *,
    major: int | None = None,
) -> None:
    """Download the packages of some programs, and put what is in them into the folder `into` when all is there.

    The programs must be started with `into` as their working directory: see RELOCATED.
    major: of Prometheus, from Debian's testing suite; None: whatever the machine's own sources have.

    Raises:
        InputError: this system has no apt, or apt failed, with its last words; or it has another major version.
    """
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            raise InputError(what=f"{tool} is not on this system")
    line = "" if major is None else aptsources.line_for(SUITE)
    if major is None:
        say(f"fetching {', '.join(wanted)} with apt (once, without installing them)")
    into.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in into.parent.glob("fetch-*"):
        shutil.rmtree(abandoned, ignore_errors=True)  # of a run that was killed; the caller holds the lock
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=into.parent) as name:
        work = Path(name)
        apt = _Apt(work, line)
        apt.run("apt-get", "update")
        split = {name for name in SPLIT_PACKAGES if name in wanted and apt.knows(name)}
        packages = {name if name in split else PACKAGES[name] for name in wanted}
        if major is not None:
            versions = {name: apt.version(name) for name in sorted(packages)}
            if (offered := major_of(apt.version("prometheus"))) != major:
                raise InputError(
                    what=f"Debian {SUITE} has Prometheus {offered or 'of no known version'}, not {major}"
                )
            told = ", ".join(f"{name} {version}" for name, version in versions.items())
            say(f"fetching {told} from Debian {SUITE} with apt (once, without installing them)")
        apt.run("apt-get", "download", *sorted(packages))
        _placed(_unpack(work, wanted), into)


def _placed(programs: Path, into: Path) -> None:
    """A new folder appears whole; to one that is there already each program is added, since a stack may run in it."""
    if not into.exists():
        programs.rename(into)
        return
    for program in (path for path in programs.iterdir() if path.is_file()):
        program.replace(into / program.name)
    (into / "share").mkdir(exist_ok=True)
    shared = programs / "share/prometheus"
    if shared.is_dir() and not (into / "share/prometheus").exists():
        shared.rename(into / "share/prometheus")


class _Apt:
    """apt with its state and cache in a folder of ours; the system's sources, keys and proxies apply.

    line: the only source, in place of the system's.
    """

    def __init__(self, work: Path, line: str = "") -> None:
        self._work = work
        for folder in ("state/lists/partial", "cache/archives/partial", "packages"):
            (work / folder).mkdir(parents=True)
        (work / "status").touch()
        options = {
            "Dir::State": work / "state",
            "Dir::State::status": work / "status",
            "Dir::State::lists": work / "state/lists",
            "Dir::Cache": work / "cache",
            "Dir::Cache::archives": work / "cache/archives",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
        }
        if line:
            (work / "sources.list").write_text(f"{line}\n", encoding="utf-8")
            (work / "no-parts").mkdir()
            options |= {
                "Dir::Etc::sourcelist": work / "sources.list",
                "Dir::Etc::sourceparts": work / "no-parts",
            }
        if os.geteuid() == 0:
            options["APT::Sandbox::User"] = "root"  # apt's own user can't write here
        self._options = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]

    def run(self, tool: str, *arguments: str) -> None:
        if status := self._status(tool, *arguments):
            words = [line for line in self._output.splitlines() if line.startswith(("E:", "W:"))]
            last = "; ".join(words[-3:]) or self._output[-300:].strip()
            raise InputError(what=f"{tool} {arguments[0]} ended with exit status {status}: {last}")

    def knows(self, package: str) -> bool:
        return self._status("apt-cache", "show", "--no-all-versions", package) == 0

    def version(self, package: str) -> str:
        """The version that would be downloaded; empty where the package is not known."""
        if not self.knows(package):
            return ""
        found = [line for line in self._output.splitlines() if line.startswith("Version:")]
        return found[0].partition(":")[2].strip() if found else ""

    def _status(self, tool: str, *arguments: str) -> int:
        command = [tool, *self._options, *arguments]
        log = self._work / "apt.log"
        log.unlink(missing_ok=True)
        try:
            done = run_to_end(
                command, log=log, seconds=_APT_SECONDS, cwd=self._work / "packages", env={"LC_ALL": "C"}
            )
        except TimeoutError as error:
            raise InputError(what=f"{tool} {arguments[0]} did not end: {error}") from error
        self._output = done.output
        return done.exit_status


def _unpack(work: Path, wanted: Collection[str]) -> Path:
    for package in sorted((work / "packages").glob("*.deb")):
        command = ["dpkg", "-x", str(package), str(work / "root")]
        done = run_to_end(command, log=work / "dpkg.log", seconds=_UNPACK_SECONDS)
        if done.exit_status:
            raise InputError(what=f"dpkg can't unpack {package.name}: {done.output[-300:].strip()}")
    programs = work / "programs"
    (programs / "share").mkdir(parents=True)
    shared = work / "root/usr/share/prometheus"
    if shared.is_dir():
        shared.rename(programs / "share/prometheus")
    for debian, upstream in PROGRAMS.items():
        source = work / "root/usr/bin" / debian
        if not source.is_file() and upstream not in wanted:
            continue
        if not source.is_file():
            raise InputError(what=f"the packages hold no program {debian}")
        source.rename(programs / upstream)
        _relocate(programs / upstream)
    return programs


def _relocate(program: Path) -> None:
    """Have a program read its files below its working directory; the new path is as long as the old one."""
    content = program.read_bytes()
    if INSTALLED in content:
        program.write_bytes(content.replace(INSTALLED, RELOCATED))
