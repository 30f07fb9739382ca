"""Compose files that Compose refuses as a whole: names that nothing declares, and keys with nothing below them.

Several files may be one project (`docker compose -f a -f b`): what one in the same folder, above or below declares is
declared, and it is a hint
in a file that Compose does not find by its name. Source: compose-go, loader/validate.go and schema/compose-spec.json.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from promproof.findings.finding import Finding, Severity
from promproof.findings.kind import Kind, each_compose, register
from promproof.findings.part import scalar_text
from promproof.findings.services import ComposeFile, Service
from promproof.findings.setup import Setup

_SERVICE = "services:\n  prometheus:\n    image: prom/prometheus:v3.5.0\n    volumes: ['data:/prometheus']\n"
REFUSED = register(
    Kind(
        id="compose/refused",
        severity=Severity.ERROR,
        title="a file that Compose refuses",
        why="A volume or a network that nothing declares, a service that is not there, or a key with nothing below it: "
        "Compose refuses the whole file, and starts nothing. It is a hint in a file that Compose takes with others "
        "(`-f`): one that is not here may declare it.",
        example=_SERVICE,
        instead=f"{_SERVICE}volumes: {{data: {{}}}}\n",
    )
)
_ALONE = re.compile(r"(?:docker-)?compose\.ya?ml")
"""What Compose finds by itself, without other files than an override."""
_VOLUME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]+")
"""A name of a volume; a single letter is a drive of Windows."""
_NAME = re.compile(r"[\w.-]+")
_NO_VARIABLE = re.compile(r"\$(?![A-Za-z_{]).?|\$\{(?![A-Za-z_]).?")
"""compose-go, template/template.go: what stands behind a dollar is a name, or a name in braces."""
_NEVER_EMPTY = ("build", "depends_on", "ports", "volumes")
_Mistake = tuple[tuple[str | int, ...], str, str]
"""The key in the service, what is wrong there, and what to do."""


@each_compose(REFUSED)
def judge(file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """The services that are started without a profile; none of a file that completes another one."""
    yield from _dollars(file)
    if _is_completed(file):
        return
    project = _project(file, setup)
    is_alone = _ALONE.fullmatch(PurePath(file.file).name) and "COMPOSE_FILE" not in file.variables
    for service in file.services:
        if "profiles" in service.part or "extends" in service.part:
            continue
        for key, message, todo in (*_shapes(service), *_names(service, project)):
            yield REFUSED.at(
                service.at(*key),
                message,
                effect="Compose refuses the whole file: nothing is started",
                todo=todo,
                see=f"docker compose -f {file.argument} config -q",
                severity=None if is_alone else Severity.HINT,
            )


def _dollars(file: ComposeFile) -> Iterator[Finding]:
    """Dollars behind which no variable stands: Compose refuses them in any file and service."""
    for service in file.services:
        for key, text in _texts(service.part.data):
            if match := _NO_VARIABLE.search(text.replace("$$", "")):
                yield REFUSED.at(
                    service.at(*key),
                    f"{match[0]!r} is no variable",
                    effect="Compose refuses the whole file: nothing is started",
                    todo="write $$ for a dollar",
                    see=f"docker compose -f {file.argument} config -q",
                )


def _texts(data: object, key: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The texts of a service, by their keys."""
    if isinstance(data, str):
        yield key, data
    elif isinstance(data, dict):
        for name, value in data.items():
            yield from _texts(value, (*key, str(name)))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _texts(value, (*key, index))


def _is_completed(file: ComposeFile) -> bool:
    """Whether other files belong to it: it includes some, or changes services of another."""
    return (
        "include" in file.part
        or re.search(r"!(?:reset|override)\b", file.part.document.text) is not None
        or any(not {"image", "build", "extends"} & set(service.part.data) for service in file.services)
    )


def _shapes(service: Service) -> Iterator[_Mistake]:
    for key in _NEVER_EMPTY:
        if key in service.part and service.part.data[key] is None:
            yield (
                (key,),
                f"{key} of {service.name!r} is empty",
                "delete the key, or write what belongs below it",
            )
    needed = service.part.data.get("depends_on")
    for name, value in needed.items() if isinstance(needed, dict) else ():
        if not isinstance(value, dict):
            yield (
                ("depends_on", name),
                f"depends_on of {service.name!r}: nothing stands below {name!r} that Compose takes",
                f"write {name}: {{condition: service_started}}, or a list of services below depends_on",
            )


def _names(service: Service, project: list[ComposeFile]) -> Iterator[_Mistake]:
    declared = {key: _declared(key, project) for key in ("volumes", "networks")}
    for index, name in _volumes(service):
        if name not in declared["volumes"]:
            message = f"{service.name!r} mounts the volume {name!r}, which nothing declares"
            yield ("volumes", index), message, f"add it to volumes, at the top level: {name}: {{}}"
    for name in service.networks:
        if name != "default" and _NAME.fullmatch(name) and name not in declared["networks"]:
            message = f"{service.name!r} joins the network {name!r}, which nothing declares"
            yield ("networks",), message, f"add it to networks, at the top level: {name}: {{}}"
    services = {other.name for file in project for other in file.services}
    needed = service.part.data.get("depends_on")
    for name in map(str, needed if isinstance(needed, dict | list) else ()):
        if _NAME.fullmatch(name) and name not in services and not _is_a_slip(needed, name):
            message = f"{service.name!r} depends on {name!r}, and no service is called that"
            yield ("depends_on",), message, f"write one of {', '.join(sorted(services))}"


def _is_a_slip(needed: object, name: str) -> bool:
    """Whether it is told already, by its shape."""
    return isinstance(needed, dict) and not isinstance(needed.get(name), dict)


def _project(file: ComposeFile, setup: Setup) -> list[ComposeFile]:
    """The files that may be one project with it: those of its folder, of those above and of those below."""
    here = PurePath(file.part.document.folder)
    folders = ((other, PurePath(other.part.document.folder)) for other in setup.compose)
    return [other for other, there in folders if here.is_relative_to(there) or there.is_relative_to(here)]


def _declared(key: str, project: list[ComposeFile]) -> set[str]:
    """What the files of a project declare."""
    tops = (file.part.data.get(key) for file in project if isinstance(file.part.data, dict))
    return {str(name) for top in tops if isinstance(top, dict) for name in top}


def _volumes(service: Service) -> Iterator[tuple[int, str]]:
    """The named volumes that a service mounts, with their places in the list."""
    entries = service.part.data.get("volumes")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            name = scalar_text(entry.get("source") or "") if entry.get("type") == "volume" else ""
        else:
            name, colon, _ = scalar_text(entry).partition(":")
            name = name if colon else ""
        if _VOLUME.fullmatch(name):
            yield index, name
