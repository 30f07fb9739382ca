"""Exact dosing by error diffusion.

Each request adds its rate to an accumulator; a request that fills it to 1 is chosen and takes 1 out. Random
draws cannot hold 6 % apart from 4 % over a minute; this does, over any stretch of requests.
"""

RESOLUTION = 1_000_000_000


def parts(rate: float) -> int:
    """A rate from 0 to 1 in billionths. Whole numbers, since sums of floats drift."""
    return round(rate * RESOLUTION)


class Dose:
    """One accumulator. Of any n consecutive requests at `rate`, n x rate are chosen, +-1.

    With rates r1..rn that differ between requests, sum(r) are chosen, +-1.
    """

    def __init__(self) -> None:
        self._filled = 0

    def take(self, rate_parts: int) -> bool:
        """Whether this request is chosen. `rate_parts` is its rate in billionths, see `parts`."""
        self._filled += rate_parts
        if self._filled < RESOLUTION:
            return False
        self._filled -= RESOLUTION
        return True
