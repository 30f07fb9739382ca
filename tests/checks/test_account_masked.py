"""The account of a run that is judged again: its passwords are masked, and nobody takes that for a change."""

from __future__ import annotations

from typing import Any

import pytest

from promproof.checks.base import Claim
from promproof.checks.deployment_file import judge_account
from promproof.config.masking import MASK
from promproof.contract.model import Contract, load
from promproof.evidence.evidence import Evidence
from promproof.evidence.history import History
from promproof.places import DEFAULT_CONTRACT
from tests.records import record

pytestmark = pytest.mark.unit
CLAIM = Claim("deployment/account-changed")


def documenting(password: str) -> Contract:
    contract = load(DEFAULT_CONTRACT)
    assert contract.deployment is not None
    assert contract.deployment.account is not None
    account = contract.deployment.account.model_copy(update={"password": password})
    deployment = contract.deployment.model_copy(update={"account": account})
    return contract.model_copy(update={"deployment": deployment})


@pytest.mark.parametrize(
    ("documented", "found", "outcome"),
    [
        ("admin", "admin", "not verified"),
        ("admin", "other", "pass"),
        (MASK, "admin", "not verified"),
        ("admin", MASK, "not verified"),
    ],
    ids=["default", "changed", "documented one masked", "found one masked"],
)
def test_an_account_is_changed_only_where_both_passwords_are_known(
    documented: str, found: str, outcome: str
) -> None:
    environment = {"GF_SECURITY_ADMIN_USER": "admin", "GF_SECURITY_ADMIN_PASSWORD": found}
    data: dict[str, Any] = {"config": {"services": {"grafana": {"environment": environment}}}}
    history = History("by hand", 0.0, 0.0)
    history.records.append(record(0, 0.0, "deployment", data))
    assert judge_account(CLAIM, Evidence(documenting(documented), history)).outcome == outcome
