"""Distinct users inside a sliding window: the truth behind `active_users`.

Time is an argument. Memory is bounded: the users longest unseen are dropped beyond a limit, and a user id
that is long is kept as its digest.
"""

import hashlib
from collections import OrderedDict

_LONGEST_KEPT = 63  # one byte less than a digest, so that no id can pose as one


class ActiveUsers:
    """Who was seen during the last `window_seconds`; times are seconds on one monotonic clock."""

    def __init__(self, window_seconds: float, most: int = 100_000) -> None:
        self._window = window_seconds
        self._most = most
        self._last_seen: OrderedDict[bytes, float] = OrderedDict()

    def seen(self, user: bytes, now: float) -> None:
        """Note a request of `user`. Beyond `most` users the one longest unseen is forgotten."""
        key = (
            user
            if len(user) <= _LONGEST_KEPT
            else hashlib.blake2b(user, digest_size=_LONGEST_KEPT + 1).digest()
        )
        self._last_seen[key] = now
        self._last_seen.move_to_end(key)
        self._forget(now)
        if len(self._last_seen) > self._most:
            self._last_seen.popitem(last=False)

    def count(self, now: float) -> int:
        """Users whose last request is not older than the window."""
        self._forget(now)
        return len(self._last_seen)

    def _forget(self, now: float) -> None:
        while self._last_seen:
            user, seen = next(iter(self._last_seen.items()))
            if now - seen <= self._window:
                return
            del self._last_seen[user]
