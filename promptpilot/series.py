"""Places for series of their own.

`prompt_id` is unbounded, a time series database is not: the first ids get a series each, further ones share
the label value `other`. Deleting an id frees its place for the next one created.
"""

OTHER = "other"


class SeriesPlaces:
    """Which ids have a series. Ids are never reused by the database, so a deleted id never comes back."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._holders: set[int] = set()

    def add(self, identity: int) -> bool:
        """Take a place. False: none was free, or the id holds one already."""
        if identity in self._holders or len(self._holders) >= self._limit:
            return False
        self._holders.add(identity)
        return True

    def remove(self, identity: int) -> bool:
        """Free a place. False: the id held none."""
        if identity not in self._holders:
            return False
        self._holders.remove(identity)
        return True

    def label(self, identity: int) -> str:
        """The label value of an id: itself, or `other` when it never had a place or was deleted."""
        return str(identity) if identity in self._holders else OTHER
