"""The catalogue: one YAML file for each class, read strictly; docs/faults.md is made from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from promproof.catalogue.places import LOADER
from promproof.errors import InputError
from promproof.places import PACKAGE

DATA = PACKAGE / "catalogue" / "data"
HARMLESS = "harmless"
"""The class of what must not be told."""
EXPOSITION = "exposition"
"""The sort of what is no file: it takes traffic to judge it."""
Sort = Literal[
    "prometheus",
    "rules",
    "alertmanager",
    "dashboards",
    "sources",
    "providers",
    "compose",
    "page",
    "exposition",
]
"""Files of a set-up; or what its target exposes."""
CHANGES = ("put", "set", "times", "drop", "add", "twice", "next", "rewrite")


class Change(BaseModel):
    """What is done to one file, or to the exposition; exactly one of `CHANGES`.

    at: a path of keys, `groups.*.rules.*[alert].expr` say (see `places`); empty for the file's text.
    find: a regular expression within that; its group 1, if it has one, is what `times` changes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    at: str = ""
    find: str = ""
    put: str | None = Field(default=None, description="takes the place of `find`: a template of re.sub")
    set: Any = Field(default=None, description="takes the place of the value")
    times: float | None = Field(default=None, description="a factor for the first number or duration")
    drop: bool = Field(default=False, description="the key or the entry goes")
    add: dict[str, Any] | None = Field(default=None, description="keys that the mapping has not")
    twice: bool = Field(default=False, description="the entry stands there a second time")
    next: bool = Field(default=False, description="the entry changes its place with the next one")
    rewrite: str = Field(default="", description="what happens to the exposition: see `rewriting`")
    of: str = Field(default="", description="which documented metrics are meant: a type, a truth, or any")
    by: dict[str, Any] = Field(default_factory=dict, description="what `rewrite` needs to know")

    @property
    def kind(self) -> str:
        """Which of `CHANGES` it is."""
        return next(name for name in CHANGES if name in self._given())

    def _given(self) -> list[str]:
        return [name for name in CHANGES if name in self.model_fields_set]

    @model_validator(mode="after")
    def _exactly_one(self) -> Change:
        if len(self._given()) != 1:
            raise ValueError(f"exactly one of {', '.join(CHANGES)} is needed")
        if self.find:
            re.compile(self.find, re.MULTILINE)
        return self


class Fault(BaseModel):
    """One fault, or one harmless change.

    id: its name within the class. story: one line, what it does to somebody at night. where: the sort of file.
    fits: patterns of claims and findings that name the right thing; anything else that turns red is luck.
    says: a regular expression that the text must match as well.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    id: str
    story: str
    where: Sort = Field(alias="in")
    change: Change
    fits: tuple[str, ...] = ()
    says: str = ""
    family: str = ""

    @property
    def name(self) -> str:
        """Its name in the whole catalogue."""
        return f"{self.family}/{self.id}"

    def is_named_by(self, what: str, text: str) -> bool:
        """Whether a claim or finding with this text names the right thing."""
        return any(fnmatchcase(what, pattern) for pattern in self.fits) and bool(
            re.search(self.says, f"{what} {text}", re.IGNORECASE)
        )


class Family(BaseModel):
    """A class of faults. fits: of those of its faults that name none of their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str
    about: str
    fits: tuple[str, ...] = ()
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class Catalogue:
    """All classes by name, in their order."""

    families: dict[str, Family]

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults, without the harmless changes."""
        return tuple(fault for fault in self if fault.family != HARMLESS)

    @property
    def harmless(self) -> tuple[Fault, ...]:
        """All harmless changes."""
        return tuple(fault for fault in self if fault.family == HARMLESS)

    def __iter__(self) -> Iterator[Fault]:
        return (fault for family in self.families.values() for fault in family.faults)


@cache
def catalogue(folder: Path = DATA) -> Catalogue:
    """The catalogue of a folder: `NN-NAME.yaml` for each class.

    Raises:
        InputError: a file is not what it should be, or two faults have one name.
    """
    families = {path.stem.partition("-")[2]: _family(path) for path in sorted(folder.glob("*.yaml"))}
    return Catalogue(families)


def _family(path: Path) -> Family:
    name = path.stem.partition("-")[2]
    data = yaml.load(path.read_text(encoding="utf-8"), LOADER)
    try:
        family = Family.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            what=first["msg"],
            where=f"{path.name}: {'.'.join(map(str, first['loc']))}",
            expected="see promproof/catalogue/model.py",
        ) from error
    seen: set[str] = set()
    for fault in family.faults:
        if fault.id in seen:
            raise InputError(what=f"{fault.id} is there twice", where=path.name, expected="a name of its own")
        seen.add(fault.id)
    given = [
        fault.model_copy(update={"family": name, "fits": fault.fits or family.fits})
        for fault in family.faults
    ]
    return family.model_copy(update={"faults": tuple(given)})
