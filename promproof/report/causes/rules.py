"""The causes that are known, in the order in which they are looked for: a claim says the first one that fits.

A rule is data (`Rule`). A new one needs a claim that says the cause in its own words: what is only likely stays a block
of its own, since a wrong cause costs whoever is woken at night more than a missing one.
"""

from __future__ import annotations

import re
from ast import literal_eval

from promproof.report.causes.facts import Facts
from promproof.report.causes.rule import Rule, Words

ON_THE_PAGE = r"page/(expression|alert)/{alert}"
OF_ALERT = (
    r"alert/{alert}/(boundary|resolves|live/(?!others-silent).+)",
    r"panel/.+/agreement",
    ON_THE_PAGE,
)
OF_TELLING = (r"alert/{alert}/live/(notified|resolved|three-ledgers|quiet)",)
OF_ALL_SCRAPES = (
    r"target/fresh",
    r"metric/.+/(stored|during|moves|kernel|parked|window|stimulus)",
    r"panel/.+/(data|values|legend)",
    r"alert/.+/live/.+",
)
"""What is red when nothing is scraped."""
OF_COUNTS = (
    r"metric/.+/(exact|during|stored|moves|buckets|sum|sums|lifecycle|kernel|cardinality)",
    r"panel/.+/values",
)
"""What is red when one process of several answers each scrape."""


def _inhibitors(facts: Facts, words: Words) -> Words | None:
    by = facts.inhibited.get(words["alert"], ())
    return {"by": " and ".join(by)} if by else None


def _renamed(facts: Facts, words: Words) -> Words | None:
    """The metric that is exposed with the help text of the missing one, and documented nowhere."""
    text = facts.documented.get(words["subject"], "")
    alike = [
        name
        for name, help in facts.exposed.items()
        # when a counter was created has its help text, too
        if help == text != "" and name not in facts.documented and not name.endswith("_created")
    ]
    return {"new": alike[0]} if text and len(alike) == 1 else None


def _relabelled(facts: Facts, words: Words) -> Words | None:
    """The one label that the series have, and the one that they should have instead."""
    given, documented = (set(literal_eval(words[key])) for key in ("given", "documented"))
    old, new = documented - given, given - documented
    return {"old": old.pop(), "new": new.pop()} if len(old) == len(new) == 1 else None


def _torn(facts: Facts, words: Words) -> Words | None:
    return {} if words["subject"] in facts.torn else None


def _severity(facts: Facts, words: Words) -> Words:
    return {"severity": facts.severities.get(words["alert"], "")}


def _changed(
    kind: str, says: str, what: str, explains: tuple[str, ...], says_too: tuple[tuple[str, str], ...] = ()
) -> Rule:
    return Rule(
        kind=kind,
        claim=r"alert/(?P<subject>[^/]+)/documented",
        says=says,
        title="{alert}: " + what,
        todo="put it right in {where}; if the rule is right, correct the page and the contract",
        look="sed -n {line},+12p {file}",
        again="alert/{alert}/",
        explains=explains,
        says_too=says_too,
    )


MALFORMED = r"expected |invalid |strconv|data does not end|.*is not a valid start token"
"""How Prometheus' parser begins what it says of an exposition."""
RULES = (
    Rule(
        kind="refused-exposition",
        claim="target/up",
        says=rf"it is (?:down|unknown): (?P<error>(?:{MALFORMED}).*)",
        title="Prometheus refuses what the target exposes",
        todo="correct the exposition: for one malformed line the whole scrape is dropped",
        look="curl -s {url} | promtool check metrics",
        explains=OF_ALL_SCRAPES,
    ),
    Rule(
        kind="unreachable-target",
        claim="target/up",
        says=r"it is (?:down|unknown): (?P<error>.+)|no target (?P<instance>\S+);",
        title="Prometheus does not reach the target",
        todo="look whether it runs, and whether address, port and metrics_path of its scrape configuration are right",
        look="curl -i {url}",
        explains=OF_ALL_SCRAPES,
    ),
    Rule(
        kind="two-processes",
        claim=r"metric/(?P<subject>[^/]+)/(exact|during|stored|moves)",
        more=_torn,
        together="one port",
        title="counters go back and forth between scrapes: several processes share one port, each with its own counts",
        todo="give all processes one registry (multiprocess mode of prometheus_client), or each a port of its own",
        look="for n in 1 2 3 4 5 6; do curl -s {url} | grep '^{subject}' | head -1; done",
        again="metric/",
        explains=OF_COUNTS,
    ),
    Rule(
        kind="renamed-metric",
        claim=r"metric/(?P<subject>[^/]+)/form",
        says=r"is not exposed",
        more=_renamed,
        title="{subject} is not exposed; {new} has its help text, and is documented nowhere",
        todo="give the metric its documented name back, or correct page, contract, rules and dashboards",
        look="curl -s {url} | grep -n {new}",
        again="metric/{subject}/",
        says_too=(
            ("target/exposition", r"{new} is exposed, not documented and not on the allow-list( \(.*\))?"),
        ),
        uses="{subject}",
    ),
    Rule(
        kind="missing-metric",
        claim=r"metric/(?P<subject>[^/]+)/form",
        says=r"is not exposed",
        title="{subject} is not exposed",
        todo="expose it, or take it out of the page and the contract",
        look="curl -s {url} | grep -n {subject}",
        again="metric/{subject}/",
        uses="{subject}",
    ),
    Rule(
        kind="renamed-label",
        claim=r"metric/(?P<subject>[^/]+)/form",
        says=r"has labels (?P<given>\[[^\]]*\]), documented (?P<documented>\[[^\]]*\])",
        more=_relabelled,
        title="{subject} has the label {new!r} and not {old!r}",
        todo="give the label its documented name back, or correct page, contract, rules and dashboards",
        look="curl -s {url} | grep '^{subject}' | head -3",
        again="metric/{subject}/",
        uses="{subject}",
    ),
    Rule(
        kind="missing-series",
        claim=r"panel/.+/data",
        says=r"the metric (?P<subject>[a-zA-Z_:][\w:]*) is missing",
        together="{subject}",
        title="Prometheus has no series of {subject}",
        todo="look whether the job that exposes it is scraped, and whether the name in the queries is right",
        look="promtool query series --match={subject} http://YOUR-PROMETHEUS",
        again="panel/",
        uses="{subject}",
        yields=True,
    ),
    Rule(
        kind="missing-rule",
        claim=r"alert/(?P<subject>[^/]+)/documented",
        says=r"0 rules have this name",
        title="{alert}: no rule has this name",
        todo="write the rule, or look whether rule_files of prometheus.yml names its file",
        look="grep -rn 'alert: {alert}' .",
        again="alert/{alert}/",
        explains=OF_ALERT,
    ),
    _changed(
        "missing-label",
        r"selects (?P<metric>\S+) by the label (?P<label>\w+), and its series have (?P<has>[^;]+)",
        "it selects {metric} by {label!r}, a label that its series do not have",
        OF_ALERT,
    ),
    _changed(
        "changed-threshold",
        r"threshold is (?P<is>[^;]+), documented (?P<wanted>[^;]+)",
        "the threshold is {is}, documented {wanted}",
        OF_ALERT,
        (
            (
                "alert/{alert}/text",
                r"[^;]*the text says [^;]*, the rule compares with [^;]*(; make the text say what the rule does)?",
            ),
        ),
    ),
    _changed(
        "changed-window",
        r"window is (?P<is>[^;]+), documented (?P<wanted>[^;]+)",
        "the window is {is}, documented {wanted}",
        OF_ALERT,
    ),
    _changed(
        "changed-for",
        r"(?<!\w)for is (?P<is>[^;]+), documented (?P<wanted>[^;]+)",
        "`for` is {is}, documented {wanted}",
        (r"alert/{alert}/(boundary|resolves|live/(?!others-silent).+)", ON_THE_PAGE),
    ),
    _changed(
        "changed-severity",
        r"severity is (?P<is>[^;]+), documented (?P<wanted>[^;]+)",
        "the severity is {is}, documented {wanted}",
        (*OF_TELLING, ON_THE_PAGE),
    ),
    Rule(
        kind="lost-route",
        claim=r"alert/(?P<subject>[^/]+)/documented",
        says=r"not routed to receiver '(?P<receiver>[^']*)'",
        more=_severity,
        together="{receiver}",
        title="{alerts} not routed to receiver {receiver!r}",
        todo="look at the routes of {alertmanager}: their order, matchers and `continue`",
        look="amtool config routes test --config.file={alertmanager} alertname={alert} severity={severity}",
        again="alert/{alert}/",
        explains=OF_TELLING,
    ),
    Rule(
        kind="inhibited",
        claim=r"alert/(?P<subject>[^/]+)/live/notified",
        more=_inhibitors,
        title="{alert} fired and was inhibited by {by}: nobody was told",
        todo="look at inhibit_rules of {alertmanager}: an `equal` label that both lack is equal",
        look="amtool alert query --inhibited alertname={alert}",
        explains=OF_TELLING,
    ),
)
LATE = re.compile(r"this machine's lateness|with a hole of|gaps in the scrapes")
"""How a claim says that it is unknown because the machine was too busy: no other cause explains it then."""
DIED = re.compile(r"^(?P<component>[^:\n]+): .*\b(died|ended|exited|stopped|killed|no answer|exit status)\b")
"""How the trouble of a run begins when a component has died, and not something else went wrong."""
