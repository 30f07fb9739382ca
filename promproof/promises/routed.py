"""`amtool config routes test` of a page, which takes the labels that it is given for all that an alert has."""

from __future__ import annotations

from collections.abc import Sequence

from promproof.config.routing import reached
from promproof.errors import EvidenceError
from promproof.promises.known import Known
from promproof.promises.promise import listed


def other_way(words: Sequence[str], known: Known) -> str:
    """Why a command tells other receivers than the alert that it names has; empty where it doesn't, or nobody can tell.

    words: its labels. What an alert takes from its series is in no file: only the labels of its rule are added.
    """
    asked = dict(word.split("=", 1) for word in words if "=" in word)
    rules = known.rules.get(asked.get("alertname", ""), [])
    if len(rules) != 1 or not known.read.alertmanager:
        return ""
    own = {str(name): str(value) for name, value in (rules[0].get("labels") or {}).items()}
    left_out = {name: value for name, value in own.items() if name not in asked and "{{" not in value}
    try:
        told, true = (
            tuple(sorted({way.receiver for way in reached(known.read.alertmanager, labels)}))
            for labels in (asked, left_out | asked)
        )
    except EvidenceError:
        return ""
    if told == true:
        return ""
    labels = " ".join(f"{name}={value}" for name, value in left_out.items())
    return f"it tells {listed(told)}, and with what the rule adds ({labels}) it is {listed(true)}"
