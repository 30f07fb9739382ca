"""Variables in a configuration that is read as it stands: neither Prometheus nor Alertmanager fills them in.

`${VARIABLE}` in a value, and `$SOME_VARIABLE` as the whole of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from promproof.findings.containers import component_of
from promproof.findings.finding import Severity
from promproof.findings.foreign import BARE, PLACEHOLDER
from promproof.findings.setup import Alertmanager, Prometheus, Setup

_FILLED = frozenset(("external_labels", "replacement"))
"""Keys in which a dollar has a meaning: Prometheus fills in external labels, and groups of a regular expression."""
_FILLS = re.compile(r"envsubst|gomplate|\bsed\b|confd|dockerize|\bsh\b|\bbash\b|eval")
_EXAMPLE = re.compile(r"example|sample|template|dist|tpl", re.IGNORECASE)


Found = tuple[tuple[str | int, ...], str]
"""The key of a value, and the variable in it."""


def placeholders(server: Prometheus | Alertmanager) -> list[Found]:
    """The values of a configuration that have a variable in them."""
    document = server.part.document
    if document.entry or "$" not in document.text:  # Compose fills in what stands inside of its own file
        return []
    return list(_found((), server.part.data))


def _found(key: tuple[str | int, ...], data: object) -> Iterator[Found]:
    if isinstance(data, dict):
        for name, value in data.items():
            if name not in _FILLED:
                yield from _found((*key, name), value)
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _found((*key, index), value)
    elif isinstance(data, str) and (variable := PLACEHOLDER.search(data) or BARE.fullmatch(data)):
        yield key, variable[0]


def severity(server: Prometheus | Alertmanager, setup: Setup) -> Severity | None:
    """None, that of the kind, where the published image reads the file itself; a hint where that is not known."""
    service = server.container
    if service is None or not any(service in file.services for file in setup.compose):
        return Severity.HINT
    is_plain = component_of(service) and "entrypoint" not in service.part
    return None if is_plain and not _FILLS.search(" ".join(service.command)) else Severity.HINT


def is_filled_in(server: Prometheus | Alertmanager) -> bool:
    """Whether the command of its container, or an entry point of its own, may write the file before it is read."""
    service = server.container
    if service is None:
        return False
    return "entrypoint" in service.part or bool(_FILLS.search(" ".join(service.command)))


def is_example(server: Prometheus | Alertmanager) -> bool:
    """Whether the file calls itself an example."""
    return _EXAMPLE.search(PurePath(server.file).name) is not None
