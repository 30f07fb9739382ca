"""A compose file as data: its services, and what each is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promproof.findings.part import Part
from promproof.findings.thing import Thing


@dataclass(frozen=True)
class Mount:
    """A mount of a service: source as it is written, target inside; path: on this machine when it names a file here,
    or configmap:NAME.
    """

    source: str
    target: str
    path: str = ""
    read_only: bool = False


@dataclass(frozen=True, eq=False)
class Service(Thing):
    """A service of a compose file. ports: published (None when free), inside; command: its words.

    published: its ports in the short syntax, with the address that they are on.
    """

    name: str
    image: str = ""
    command: tuple[str, ...] = ()
    ports: tuple[tuple[str, str], ...] = ()
    mounts: tuple[Mount, ...] = ()
    networks: tuple[str, ...] = ("default",)
    environment: Mapping[str, str] = field(default_factory=dict)
    healthcheck: Part | None = None
    published: tuple[str, ...] = ()

    def flag(self, name: str) -> str | None:
        """The value of a flag of the command line; empty when it has none, None when it is not given."""
        for index, word in enumerate(self.command):
            flag, equals, value = word.lstrip("-").partition("=")
            if word.startswith("-") and flag == name.lstrip("-"):
                after = self.command[index + 1] if index + 1 < len(self.command) else ""
                return value if equals else "" if after.startswith("-") else after
        return None


@dataclass(frozen=True, eq=False)
class ComposeFile(Thing):
    """A compose file."""

    services: tuple[Service, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """What `.env` beside it sets."""

    def service(self, name: str) -> Service | None:
        """The service of this name."""
        return next((service for service in self.services if service.name == name), None)
