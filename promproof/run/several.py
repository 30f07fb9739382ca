"""Drills of a service that has several instances: requests and fault are those of the first, the others stay idle."""

from __future__ import annotations

from promproof.drills.drill import Loaded
from promproof.drills.spread import NotTold, recordings, sight
from promproof.errors import InputError
from promproof.run.bench import Service
from promproof.run.prepared import Prepared


def number(prepared: Prepared) -> int:
    """How many instances take part."""
    target, wanted = prepared.options.target, prepared.contract.target.instances
    if target.url is None:
        return wanted if isinstance(wanted, int) else len(wanted)
    return max(1, len(target.instances))


def refuse(prepared: Prepared, loaded: Loaded) -> None:
    """Refuse a drill that says nothing of its alert when one of several instances has the fault.

    Raises:
        InputError: with what the rule makes of the instances.
    """
    several, target = number(prepared), prepared.options.target
    if several < 2:
        return
    if target.url is not None and target.url not in target.instances:
        raise InputError(
            what=f"what stands in front of {several} instances spreads the requests over them",
            where="--target",
            expected="the URL of one of them: the fault is at one",
            todo="name it, or leave --target out: then it is the first of target.instances",
        )
    alert = prepared.contract.alert(loaded.plan.alert)
    rule = next((rule for rule in prepared.rules if rule.name == alert.name), None)
    if rule is None:  # that is a finding
        return
    try:
        if not alert.fires_above:
            raise NotTold("it fires below its threshold, and the others are idle")
        sight(rule.expression, recordings(document.data for document in prepared.folder.rules))
    except NotTold as why:
        raise InputError(
            what=f"a fault at one of {several} instances says nothing of {alert.name}: {why}",
            where=loaded.where("alert"),
            expected="a rule about each instance, or about the sum of their rates",
            todo="leave the drill out, or drill it with a contract of one instance",
        ) from why


def told(service: Service) -> str:
    """What a run says of the instances before it begins."""
    others = ", ".join(other.instance for other in service.others)
    return f"requests and faults are those of {service.instance}; idle beside it: {others}"
