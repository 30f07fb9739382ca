"""The documentation page as it was read, and what the files say of the things that it names."""

from __future__ import annotations

from dataclasses import dataclass, field

from promproof.evidence.records.base import Json, Kind, Part


@dataclass(frozen=True)
class ServiceFile(Part):
    """A service of the compose file, with its variables filled as Compose does."""

    ports: tuple[tuple[str, str], ...] = ()
    """published and inner port of each"""
    command: tuple[str, ...] = ()
    """its words"""
    environment: dict[str, str] = field(default_factory=dict)
    """by name; values masked"""


@dataclass(frozen=True)
class Printed(Part):
    """What the tools said of a code block of the page."""

    command: str
    """which tool was asked"""
    status: int | None
    """its exit status; None for a tool that did not start or end"""
    output: str
    """what it said"""


@dataclass(frozen=True)
class PageRead(Kind, kind="page"):
    """The page's text, and the files beside it: what the promises of the page are compared with."""

    path: str
    """as messages name it"""
    text: str
    """all of it"""
    prometheus: Json = field(default_factory=dict)
    """the Prometheus configuration; secrets masked"""
    alertmanager: Json = field(default_factory=dict)
    """the Alertmanager configuration; secrets masked"""
    rules: tuple[Json, ...] = ()
    """the rules of the rule files, as they are written"""
    services: dict[str, ServiceFile] = field(default_factory=dict)
    """by name; none where the contract names no compose file"""
    variables: dict[str, str] = field(default_factory=dict)
    """variables that the compose file asks for, with their defaults"""
    links: dict[str, str] = field(default_factory=dict)
    """links to files: why one leads nowhere; empty where it leads somewhere"""
    paths: dict[str, bool] = field(default_factory=dict)
    """files and folders that the page names, and whether they are there"""
    printed: dict[str, tuple[Printed, ...]] = field(default_factory=dict)
    """by the line of a code block"""
