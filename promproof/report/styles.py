"""The colour of each outcome, the same on every terminal."""

from __future__ import annotations

from promproof.verdict import Outcome

STYLE = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.UNKNOWN: "yellow",
    Outcome.NOT_VERIFIED: "cyan",
}
