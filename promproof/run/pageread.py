"""Reads the documentation page and the files beside it into one record: what its promises are compared with."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from promproof.config.folder import Folder
from promproof.config.inputs import read_text
from promproof.config.markdown import leads_to
from promproof.config.masking import masked
from promproof.config.yamlfile import load
from promproof.contract.documentation import Page, parse_text
from promproof.contract.documentation import parse as parse_page
from promproof.contract.model import Contract
from promproof.errors import InputError
from promproof.evidence.records import PageRead, ServiceFile
from promproof.findings.part import Document
from promproof.findings.read_compose import compose_of
from promproof.run.pageprinted import Showing, printed
from promproof.stack.binaries import Binaries

_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::?-([^{}]*))?\}")
_PATH = re.compile(
    r"(?<![\w/.:-])(?:[\w.-]+/)+[\w.-]*|(?<![\w/.:-])[\w-]+\.(?:ya?ml|json|md|py|toml|cfg|conf)\b"
)
_MOST = 200
"""Entries of a folder that are compared with a name."""
_CD = re.compile(r"(?<![\w-])cd ([\w./-]+)")


def read_page(
    contract: Contract,
    base: Path,
    folder: Folder,
    binaries: Binaries | None,
    keep: frozenset[str] = frozenset(),
    show: Showing = printed,
) -> PageRead | None:
    """The record of the contract's page; None where it names none. base: the contract's folder.

    binaries: without them no block is shown to the tools. keep: texts that are no secrets. show: who shows them.

    Raises:
        InputError: the page can't be read.
    """
    if contract.documentation is None:
        return None
    path = base / contract.documentation
    return page_record(
        read_text(path, "a Markdown file in UTF-8"), path, contract, folder, binaries, keep, show
    )


def page_record(
    text: str,
    path: Path,
    contract: Contract,
    folder: Folder,
    binaries: Binaries | None = None,
    keep: frozenset[str] = frozenset(),
    show: Showing = printed,
) -> PageRead:
    """The record of a page with this text, read as if it were the file at the path."""
    page = parse_text(text, path)
    root = root_of(path, folder.root)
    services, variables = _compose(contract, folder.root, keep)
    shown = path.resolve()
    return PageRead(
        path=str(shown.relative_to(root)) if shown.is_relative_to(root) else path.name,
        text=text,
        prometheus=masked(_plain(folder.prometheus.data), keep=keep),
        alertmanager=masked(_plain(folder.alertmanager.data), keep=keep) if folder.alertmanager else {},
        rules=tuple(_rules(folder)),
        services=services,
        variables=variables,
        links=dict(_links(page, path, root)),
        paths=dict(_paths(text, root, path.parent, folder)),
        printed=dict(show(page, binaries, folder)) if binaries is not None else {},
    )


def root_of(path: Path, monitoring: Path) -> Path:
    """The folder from which a page names files: the clone that it is in, else what holds the page and the folder."""
    resolved = path.resolve()
    for parent in resolved.parents:
        if (parent / ".git").exists():
            return parent
    return next(
        (parent for parent in resolved.parents if monitoring.resolve().is_relative_to(parent)),
        resolved.parent,
    )


def _plain(value: Any) -> Any:
    """A document of plain values."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _rules(folder: Folder) -> Iterator[dict[str, Any]]:
    for document in folder.rules:
        groups = document.data.get("groups") if isinstance(document.data, dict) else None
        for group in groups or ():
            for rule in group.get("rules") or ():
                yield _plain(rule)


def _compose(
    contract: Contract, root: Path, keep: frozenset[str]
) -> tuple[dict[str, ServiceFile], dict[str, str]]:
    """The services of the compose file, and its variables with their defaults; nothing of one that is not read."""
    if contract.deployment is None:
        return {}, {}
    path = root / contract.deployment.compose
    try:
        text, data = read_text(path, "a compose file"), load(path, "a compose file")
    except InputError:  # deployment/… says so
        return {}, {}
    document = Document(str(path), data.data, data.lines, text=text, folder="")
    file = compose_of(document.part())
    services = {
        service.name: ServiceFile(
            service.ports,
            service.command,
            {str(key): str(value) for key, value in masked(dict(service.environment), keep=keep).items()},
        )
        for service in file.services
    }
    variables: dict[str, str] = {}
    for name, default in _VARIABLE.findall(text):
        variables[name] = variables.get(name) or default
    return services, {name: str(value) for name, value in masked(variables, keep=keep).items()}


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or no name
        return False


def _is_file(path: str) -> bool:
    """Whether a link names a file of the repository: others are pages of a site, which is made of them."""
    return bool(re.search(r"\.(?!html?$)\w{1,5}$", unquote(path))) and not re.search(r"[{}<>*$]", path)


def _leaves(path: str, base: Path, root: Path) -> bool:
    """Whether a link leads out of the repository, as `../../issues` does on GitHub."""
    return not Path(os.path.normpath(base.resolve() / unquote(path))).is_relative_to(root)


def _anchors(path: Path) -> frozenset[str]:
    """Of a page beside this one; none of one that cannot be read."""
    try:
        return parse_page(path).anchors
    except InputError:
        return frozenset()


def _links(page: Page, path: Path, root: Path) -> Iterator[tuple[str, str]]:
    """Links to other files, and why one leads nowhere."""
    anchors: dict[Path, frozenset[str]] = {}
    for link in page.links:
        try:
            parts = urlsplit(link.target)
        except ValueError:
            continue
        if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
            continue
        target = path.parent / unquote(parts.path)
        if not _is_there(target):
            if _is_file(parts.path) and not _leaves(parts.path, path.parent, root):
                yield link.target, "there is no such file"
            continue
        if parts.fragment and not parts.query and target.suffix == ".md" and target.is_file():
            if target not in anchors:
                anchors[target] = _anchors(target)
            if anchors[target] and not leads_to(unquote(parts.fragment), anchors[target]):
                yield link.target, "the file has no such anchor"
                continue
        yield link.target, ""


def _paths(text: str, root: Path, beside: Path, folder: Folder) -> Iterator[tuple[str, bool]]:
    """What the page names as a file or a folder, and what stands there instead."""
    named = {found.rstrip(".") for found in _PATH.findall(text)} | set(_CD.findall(text))
    servers = [document.path.parent for document in (folder.prometheus, folder.alertmanager) if document]
    places = (root, beside, folder.root, *servers)
    seen: dict[str, bool] = {}
    for name in sorted(named):
        plain = name.removeprefix("./").rstrip("/")
        if not plain or ".." in plain.split("/"):
            continue
        seen[plain] = any(_is_there(place / plain) for place in places)
        if not seen[plain]:
            seen |= {near: True for place in places for near in _beside(place, plain)}
    yield from sorted(seen.items())


def _beside(place: Path, name: str) -> Iterator[str]:
    """Paths that exist and differ from the missing one in one part."""
    parts = Path(name).parts
    depth = next(index for index in range(len(parts) - 1, -1, -1) if place.joinpath(*parts[:index]).is_dir())
    try:
        entries = sorted(place.joinpath(*parts[:depth]).iterdir())[:_MOST]
    except OSError:
        return
    for entry in entries:
        found = entry.joinpath(*parts[depth + 1 :])
        if not entry.name.startswith(".") and _is_there(found):
            yield str(found.relative_to(place))
