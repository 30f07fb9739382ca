"""What the page beside a compose file says of its settings, where the file has others: a password, defaults, values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from promproof.findings.containers import component_of
from promproof.findings.finding import Finding, Place, Severity
from promproof.findings.kind import Kind, each_compose, register
from promproof.findings.pagetext import DEFAULT, VALUE, PageText, Said, assigned, passwords, tabled
from promproof.findings.part import scalar_text
from promproof.findings.read_compose import environment_of, filled
from promproof.findings.services import ComposeFile, Service
from promproof.findings.setup import Setup

_EXAMPLE = """# README.md
Grafana: http://localhost:3000 (admin/{})
# compose.yml
services:
  grafana:
    image: grafana/grafana:12.0.0
    environment: {{GF_SECURITY_ADMIN_PASSWORD: '${{GRAFANA_PASSWORD:-monitoring}}'}}
"""
PAGE = register(
    Kind(
        id="compose/contradicts-page",
        severity=Severity.WARNING,
        title="a setting that is not the one of the page beside it",
        why="Who follows the page can't log in, or looks at another port. Compared are the password of Grafana's "
        "admin, and of a table the defaults of variables (`${NAME:-default}`) and the values of the environment. Read "
        "are the Markdown pages in the folder of the compose file, and those above that name it.",
        example=_EXAMPLE.format("admin"),
        instead=_EXAMPLE.format("monitoring"),
    )
)
_PASSWORD = "GF_SECURITY_ADMIN_PASSWORD"
_SECRET = re.compile(r"PASS|SECRET|TOKEN|KEY")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)")
_WITH_DEFAULT = re.compile(r"\$\{([A-Za-z_]\w*):?-([^{}]*)\}")


@dataclass(frozen=True)
class _Setting:
    """What a service is given where nobody sets a variable, and the place of it. text: as it is written."""

    name: str
    value: str
    place: Place
    text: str

    def hangs_on(self, variables: set[str]) -> bool:
        """Whether one of these variables decides."""
        return not variables.isdisjoint(_VARIABLE.findall(self.text))


@each_compose(PAGE)
def judge(file: ComposeFile, setup: Setup) -> Iterator[Finding]:
    """The stack's own services against the pages. What another compose file has is no contradiction."""
    folder = file.part.document.folder
    mine = [service for service in file.services if component_of(service)]
    pages = setup.pages_beside(folder, file.file.rpartition("/")[2]) if mine and folder else ()
    if not pages:
        return
    services = [service for other in setup.compose for service in other.services]
    # What `.env.example` sets, or the page tells to set, is what its reader has.
    variables = {name for page in pages for name in assigned(page)}
    said = [statement for page in pages for statement in tabled(page)]
    for sort, read in ((DEFAULT, _defaults), (VALUE, _values)):
        statements = [statement for statement in said if statement.sort == sort]
        for finding, setting in _of_tables(statements, read, mine, services):
            if not setting.hangs_on(variables):
                yield finding
    for finding, setting in _of_passwords(pages, mine, services):
        if not setting.hangs_on(variables):
            yield finding


def _of_tables(
    said: list[Said],
    read: Callable[[Service], Iterator[_Setting]],
    mine: list[Service],
    services: list[Service],
) -> Iterator[tuple[Finding, _Setting]]:
    had = [setting for service in services for setting in read(service)] if said else []
    seen = set()
    for setting in (setting for service in mine for setting in read(service)):
        told = [statement for statement in said if statement.name == setting.name]
        values = [other.value for other in had if other.name == setting.name]
        if (
            setting.name in seen
            or not told
            or any(_same(one.value, value) for one in told for value in values)
        ):
            continue
        seen.add(setting.name)
        shown = "another value" if _SECRET.search(setting.name) else f"{told[0].value}, not {setting.value}"
        found = PAGE.at(
            setting.place,
            f"{told[0].where} says of {setting.name}: {shown}",
            effect="who follows the page looks for what is not there",
            todo="write one value in both places",
            see=f"grep -n {setting.name} {told[0].where.rpartition(':')[0]}",
        )
        yield found, setting


def _of_passwords(
    pages: tuple[PageText, ...], mine: list[Service], services: list[Service]
) -> Iterator[tuple[Finding, _Setting]]:
    said = [statement for page in pages for statement in passwords(page)]
    had = [setting.value for service in services for setting in _values(service) if setting.name == _PASSWORD]
    for service in mine if said else ():
        for setting in _values(service):
            if setting.name == _PASSWORD and not any(statement.value in had for statement in said):
                found = PAGE.at(
                    setting.place,
                    f"{said[0].where} says another password of Grafana's admin than {_PASSWORD}",
                    effect="who follows the page can't log in",
                    todo="say on the page where the password comes from",
                    see=f"docker compose config {service.name} | grep {_PASSWORD}",
                )
                yield found, setting


def _values(service: Service) -> Iterator[_Setting]:
    """The environment with the defaults of its variables; what only a variable gives is not known."""
    environment = service.part.data.get("environment")
    for index, (name, text) in enumerate(environment_of(service.part).items()):
        value = filled(text, {})
        if "$" not in value:
            place = service.at("environment", name if isinstance(environment, dict) else index)
            yield _Setting(name, value, place, text)


def _defaults(service: Service) -> Iterator[_Setting]:
    """The variables in a service that have a default."""
    for key, data in service.part.data.items():
        for below, text in _texts(data):
            for name, value in _WITH_DEFAULT.findall(text):
                yield _Setting(name, value, service.at(key, *below), text)


def _texts(data: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The scalars below a key, with the way to them."""
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
        for key, value in items:
            yield from (((key, *below), text) for below, text in _texts(value))
    elif data is not None:
        yield (), scalar_text(data)


def _same(said: str, had: str) -> bool:
    words = [word.strip("\"' ").casefold() for word in (said, had)]
    try:
        return float(words[0]) == float(words[1])
    except ValueError:
        return words[0] == words[1]
