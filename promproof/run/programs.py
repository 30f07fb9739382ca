"""The programs that judge a run: those that are here, or those of a newer Prometheus where the folder needs one.

What is here is not replaced because the compose file pins another version: then one line says so, and the option that
does it. A folder that the programs refuse for want of a newer version leaves no choice but to fetch one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from promproof.config.yamlfile import load
from promproof.errors import InputError
from promproof.evidence.records import ToolResult
from promproof.findings.part import Document
from promproof.findings.read_compose import compose_of
from promproof.promql.versions import major_of
from promproof.run import static, versions
from promproof.run.prepared import Prepared
from promproof.stack.binaries import Binaries, find_binaries

NEWER = 3
"""The major version that knows what an older Prometheus refuses."""
Find = Callable[..., Binaries]
Say = Callable[[str], None]


def programs_for(prepared: Prepared, say: Say, *, is_local: bool, find: Find = find_binaries) -> Binaries:
    """The programs of a run. is_local: whether they judge.

    Raises:
        InputError: a program is missing, or all that can be had are too old for the folder.
    """
    wish = prepared.options.stack
    found = find(wish.binaries, say=say, major=wish.prometheus_version)
    if not is_local:
        return found
    is_chosen = bool(wish.binaries) or wish.prometheus_version is not None
    if not is_chosen and _may_be_too_old(prepared, found):
        said = static.tools_said(prepared, found)
        try:
            versions.refuse_too_old(said, found)
        except InputError as error:
            newer = _newer(say, find)
            if newer is None or _refuses_still(prepared, newer, said):
                raise
            say(f"{error.what}: {_told(newer)} judge in its place")
            return newer
    for line in _otherwise(prepared, found):
        say(line)
    return found


def _refuses_still(prepared: Prepared, newer: Binaries, before: Sequence[ToolResult]) -> bool:
    """Whether newer programs refuse what older ones have refused: a key that Prometheus 3 has no more."""
    said = static.tools_said(prepared, newer)
    versions.refuse_too_old(said, newer)
    return bool(versions.refused_keys(before) & versions.refused_keys(said))


def _may_be_too_old(prepared: Prepared, found: Binaries) -> bool:
    """Whether a file has a key or a name of a newer version, by its text alone; then the tools are asked."""
    folder = prepared.folder
    read = [("Prometheus", document.data, found.promtool) for document in (folder.prometheus, *folder.rules)]
    if folder.alertmanager is not None:
        read.append(("Alertmanager", folder.alertmanager.data, found.amtool))
    return any(versions.has_newer(name, data, binary.version) for name, data, binary in read)


def _newer(say: Say, find: Find) -> Binaries | None:
    """Programs of a newer Prometheus; None where there are none to be had."""
    try:
        return find({}, say=say, major=NEWER)
    except InputError as error:
        say(f"a newer Prometheus, which the files need, was not fetched: {error.where or error.what}")
        return None


def _told(binaries: Binaries) -> str:
    return f"Prometheus {binaries.prometheus.version} and Alertmanager {binaries.alertmanager.version}"


def _otherwise(prepared: Prepared, found: Binaries) -> Iterator[str]:
    """The line that is said where the compose file pins another major version than the one that judges."""
    judging = major_of(found.prometheus.version)
    pinned = [tag for tag in pinned_tags(prepared) if major_of(tag) not in (None, judging)]
    if pinned and not prepared.options.stack.binaries:
        yield (
            f"Prometheus {found.prometheus.version} judges, the compose file pins {pinned[0]}: "
            f"--prometheus-version {major_of(pinned[0])} fetches that one"
        )


def pinned_tags(prepared: Prepared) -> list[str]:
    """The tags of the images of Prometheus in the folder's compose file; nothing of one that is not read."""
    deployment = prepared.contract.deployment
    if deployment is None:
        return []
    path = prepared.options.monitoring / deployment.compose
    try:
        found = load(path, "a compose file")
    except InputError:  # deployment/… says so
        return []
    named = [name for name, wanted in deployment.services.items() if wanted.component == "prometheus"]
    file = compose_of(Document(str(path), found.data, found.lines, folder="").part())
    images = [service.image for service in file.services if service.name in named]
    return [image.rpartition("/")[2].partition(":")[2] for image in images]
