"""Where an alert goes that is known in part: certainly, perhaps, never; real amtool agrees on random trees."""

from __future__ import annotations

import itertools
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from promproof.config.inhibition import read_inhibitions
from promproof.config.labelsets import ABSENT, ANY, PRESENT, Matcher, Partial, at_least, exactly, known
from promproof.config.routes import (
    Route,
    certain_receivers,
    contradicting,
    reaches,
    read_routes,
    shadowed,
)
from promproof.config.routing import reached
from promproof.stack.journal import cache_dir

NAMES, VALUES = ("severity", "team", "env"), ("", "a", "b", "ab")
MATCHERS = ('{}="{}"', '{}!="{}"', '{}=~"{}|b"', '{}!~"{}|b"', '{}=~".*{}"', '{}!~".+{}"')


def tree(*routes: dict[str, Any], **root: Any) -> Route:
    found = read_routes({"route": {"receiver": "root", **root, "routes": list(routes)}})
    assert found is not None
    return found


def ends(route: Route, labels: Partial) -> dict[str, bool]:
    return {reach.route.receiver: reach.certain for reach in reaches(route, labels)}


def drawn(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    """A random route, two levels of children at most."""
    route: dict[str, Any] = {"receiver": f"r{chance.randrange(10**6)}", "continue": chance.random() < 0.4}
    route["matchers"] = [
        chance.choice(MATCHERS).format(chance.choice(NAMES), chance.choice(VALUES))
        for _ in range(chance.choice((0, 1, 1, 1, 2)) if depth else 0)
    ]
    if depth < 2:
        route["routes"] = [drawn(chance, depth + 1) for _ in range(chance.randrange(4))]
    if not depth:
        del route["matchers"], route["continue"]
    return route


def whole_sets() -> list[dict[str, str]]:
    return [
        {name: value for name, value in zip(NAMES, values, strict=True) if value}
        for values in itertools.product(VALUES, repeat=len(NAMES))
    ]


@pytest.mark.unit
@pytest.mark.parametrize("seed", range(40))
def test_certain_and_unreachable_receivers_are_so_for_every_label_set(seed: int) -> None:
    chance = random.Random(seed)
    data = {"route": drawn(chance)}
    root = read_routes(data)
    assert root is not None
    first, second = chance.sample(NAMES, 2)
    partial = Partial({first: known(chance.choice(VALUES)), second: chance.choice((ANY, PRESENT, ABSENT))})
    possible = [
        labels
        for labels in whole_sets()
        if partial[first].answer(Matcher(first, "=", labels.get(first, "")))
        and (partial[second] is not PRESENT or second in labels)
        and (partial[second] is not ABSENT or second not in labels)
    ]
    seen = [{found.receiver for found in reached(data, labels)} for labels in possible]
    told = ends(root, partial)
    assert set().union(*seen) <= set(told)
    assert {name for name, certain in told.items() if certain} <= set.intersection(*seen)
    for labels, receivers in zip(possible, seen, strict=True):
        assert certain_receivers(root, exactly(labels)) is not None
        assert set(ends(root, exactly(labels))) == receivers


@pytest.mark.unit
@pytest.mark.parametrize("seed", range(60))
def test_a_shadowed_or_contradicting_route_is_reached_by_no_label_set(seed: int) -> None:
    data = {"route": drawn(random.Random(seed))}
    root = read_routes(data)
    assert root is not None
    dead = {route.receiver for route, _ in (*shadowed(root), *contradicting(root))}
    assert not dead & {found.receiver for labels in whole_sets() for found in reached(data, labels)}


@pytest.mark.stack
@pytest.mark.parametrize("seed", range(4))
def test_amtool_sends_alerts_where_the_model_says(seed: int, tmp_path: Path) -> None:
    amtool = cache_dir() / "programs" / "amtool"
    if not amtool.exists():
        pytest.skip("no amtool in the cache of programs")
    chance = random.Random(seed)
    data = {"route": drawn(chance)}
    root = read_routes(data)
    assert root is not None
    file = tmp_path / "alertmanager.yml"
    file.write_text(yaml.safe_dump({**data, "receivers": [{"name": r.receiver} for r in root.all()]}))
    for labels in chance.sample(whole_sets(), 4):
        words = [f"{name}={value}" for name, value in labels.items()]
        command = [str(amtool), "config", "routes", "test", f"--config.file={file}", *words]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        assert sorted(said.split(",")) == sorted(certain_receivers(root, exactly(labels)) or ())


@pytest.mark.unit
def test_a_label_that_is_not_known_leaves_both_ways_open() -> None:
    root = tree({"receiver": "pager", "matchers": ['severity="page"']})
    assert ends(root, at_least({"severity": "page"})) == {"pager": True}
    assert ends(root, at_least({})) == {"pager": False, "root": False}
    assert ends(root, Partial({"severity": ABSENT})) == {"root": True}


@pytest.mark.unit
def test_routes_that_take_all_values_between_them_leave_nothing_to_the_parent() -> None:
    root = tree(
        {"receiver": "pager", "matchers": ['severity="page"']},
        {"receiver": "mail", "matchers": ['severity!="page"']},
    )
    assert ends(root, at_least({})) == {"pager": False, "mail": False}


@pytest.mark.unit
def test_timers_and_groups_are_inherited_and_intervals_are_not() -> None:
    root = tree({"receiver": "x"}, group_by=["job"], group_wait="5s", mute_time_intervals=["night"])
    child = root.children[0]
    assert (child.group_by, child.group_wait, child.repeat_interval, child.mute) == (("job",), 5, 14400, ())
    assert tree({"group_by": []}, group_by=["job"]).children[0].group_by == ()


@pytest.mark.unit
@pytest.mark.parametrize(
    ("source", "target", "equal", "muted"),
    [
        ({"severity": "info"}, {"severity": "page"}, [], True),
        ({"severity": "info"}, {"severity": "page"}, ["building"], None),
        ({"severity": "info", "building": "a"}, {"severity": "page", "building": "b"}, ["building"], False),
        ({"severity": "page"}, {"severity": "page"}, [], False),
        ({}, {"severity": "page"}, [], None),
    ],
)
def test_what_mutes_is_told_as_far_as_it_is_known(
    source: dict[str, str], target: dict[str, str], equal: list[str], muted: bool | None
) -> None:
    data = {"source_match": {"severity": "info"}, "target_matchers": ['severity="page"'], "equal": equal}
    (rule,) = read_inhibitions({"inhibit_rules": [data]})
    assert rule.mutes(at_least(source), at_least(target)) is muted


@pytest.mark.unit
def test_a_label_on_neither_side_counts_as_equal() -> None:
    (rule,) = read_inhibitions(
        {"inhibit_rules": [{"source_match": {"a": "1"}, "target_match": {"b": "1"}, "equal": ["x"]}]}
    )
    assert rule.mutes(exactly({"a": "1"}), exactly({"b": "1"})) is True
    assert rule.mutes(exactly({"a": "1", "b": "1"}), exactly({"a": "1", "b": "1"})) is False
