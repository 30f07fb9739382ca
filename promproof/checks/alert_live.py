"""alert/NAME/live/…: what an alert did in the main job's drill, judged as `promproof/checks/aspects.py` judges any.

The judgement is that of the drills; this module says which alerts the main job takes live, and which aspects it judges.
"""

from __future__ import annotations

from collections.abc import Callable

from promproof.checks import aspects as drills
from promproof.checks.base import Check, Claim, not_verified, register
from promproof.contract.model import Contract
from promproof.drills.case import Built
from promproof.evidence.evidence import Evidence
from promproof.evidence.records import DrillDriven
from promproof.verdict import Verdict

ASPECTS = (
    "silent-below",
    "fires-above",
    "notified",
    "resolved",
    "quiet",
    "others-silent",
    "three-ledgers",
)


def _claims(aspect: str) -> Callable[[Contract], list[Claim]]:
    return lambda contract: [Claim(f"alert/{name}/live/{aspect}", name) for name in contract.drilled]


def _judge(aspect: str) -> Callable[[Claim, Evidence], Verdict]:
    def judge(claim: Claim, evidence: Evidence) -> Verdict:
        if evidence.run.no_drill:
            return not_verified(claim, evidence.run.no_drill)
        name = evidence.need(DrillDriven, alert=claim.subject).data.name
        case = evidence.memo.setdefault(("case", name), Built(name))(evidence)
        return drills.judge_aspect(aspect, drills.COMMON[aspect], claim, case)

    return judge


CHECKS = tuple(
    register(Check(f"live-{aspect}", _claims(aspect), _judge(aspect), order=630)) for aspect in ASPECTS
)
