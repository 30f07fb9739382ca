"""A page of a list, and the words common to the stores."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from promptpilot.store.tables import MAX_ID

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items, and how many there are in all."""

    items: list[T]
    total: int


def possible(identity: int) -> bool:
    """Whether a database can hold this id; a driver refuses a larger number with an error."""
    return 1 <= identity <= MAX_ID


def utc_now() -> datetime:
    return datetime.now(UTC)
