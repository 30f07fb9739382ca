"""What a rule of causes is: data that say by which claims a cause shows, what it explains, and what to tell of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from promproof.report.causes.facts import Facts, names
from promproof.report.causes.model import Block
from promproof.verdict import Outcome, Verdict

Words = Mapping[str, str]
"""What the templates of a rule may name."""
More = Callable[[Facts, Words], Words | None]
"""Adds words from the facts of the run; None when these say that the cause is another one."""
PLACE = re.compile(r"(?<![^\s;])(?P<file>[^\s;]{1,400}\.(?:ya?ml|rules|json|md)):(?P<line>\d+): ")


@dataclass(frozen=True)
class Rule:
    """A cause that is known.

    claim: a regular expression that the whole id of a failed claim matches that says the cause; `drill/NAME/aspect` is
    looked at as `alert/ALERT/live/aspect`. says: one that is found in what was seen. Words are their named groups, and
    alert, claim, url, alertmanager, file, line, where; `more` adds others. together: a template; claims for which it
    gives the same text are one block. title, todo, look: templates. again: the beginning of the ids that show it, a
    template. explains: regular expressions, templates, of the whole ids of claims that are red because of the cause.
    says_too: a claim and what it says, both as `explains` has them: red because of the cause when it says no more.
    uses: a template for a metric: claims that are computed from it are red because of it, and so are those whose texts
    name it. yields: a claim is no cause where one of an earlier rule is behind it.
    """

    kind: str
    claim: str
    title: str
    todo: str
    says: str = ""
    more: More | None = None
    together: str = "{claim}"
    look: str = ""
    again: str = "{claim}"
    explains: tuple[str, ...] = ()
    says_too: tuple[tuple[str, str], ...] = ()
    uses: str = ""
    yields: bool = False

    def words(self, verdict: Verdict, facts: Facts) -> Words | None:
        """The words of the cause that a claim shows; None when it does not show this cause."""
        if verdict.outcome is not Outcome.FAIL:
            return None
        found = re.fullmatch(self.claim, facts.plain(verdict.claim))
        said = re.search(self.says, verdict.reason)
        if found is None or said is None:
            return None
        words = {
            "claim": verdict.claim,
            "alert": facts.alert_of(verdict.claim),
            "url": facts.url,
            "alertmanager": facts.alertmanager,
            **_place(verdict.reason, said),
            **{key: text or "" for key, text in (found.groupdict() | said.groupdict()).items()},
        }
        added: Words | None = {} if self.more is None else self.more(facts, words)
        return None if added is None else {**words, **added}

    def key(self, words: Words) -> tuple[str, str]:
        """What the claims of one block have in common."""
        return self.kind, self.together.format_map(words)

    def block(self, shown: Sequence[tuple[Verdict, Words]], facts: Facts) -> Block:
        """The block of the claims that show the cause, each with its words; without symptoms."""
        causes, words = tuple(verdict for verdict, _ in shown), dict(shown[0][1])
        alerts = list(dict.fromkeys(words["alert"] for _, words in shown))
        words["alerts"] = f"{', '.join(alerts)} {'is' if len(alerts) == 1 else 'are'}"
        title, todo, look = (text.format_map(words) for text in (self.title, self.todo, self.look))
        again = facts.again(causes, self.again.format_map(words))
        return Block(self.kind, title, causes, where=words["where"], todo=todo, look=look, again=again)

    def is_behind(self, verdict: Verdict, words: Words, facts: Facts) -> bool:
        """Whether a red claim is a symptom of the cause."""
        escaped = {key: re.escape(text) for key, text in words.items()}
        claim = facts.plain(verdict.claim)
        if any(re.fullmatch(text.format_map(escaped), claim) for text in self.explains):
            # a panel belongs to an alert when it says so
            about = f"{verdict.expected} {verdict.reason}"
            return not (claim.startswith("panel/") and words["alert"]) or names(about, words["alert"])
        for id_, text in self.says_too:
            if re.fullmatch(id_.format_map(escaped), claim) and re.fullmatch(
                text.format_map(escaped), verdict.reason
            ):
                return True
        if not self.uses:
            return False
        metric = self.uses.format_map(words)
        if facts.uses(claim, metric) and any(re.fullmatch(text, claim) for text in OF_USERS):
            return True
        return names(verdict.reason, metric) and not claim.startswith("docs/")


OF_USERS = (
    r"metric/.+",
    r"panel/.+/(data|values|legend|agreement)",
    r"alert/[^/]+/live/(fires-above|notified|resolved|three-ledgers|never-fires)",
)
"""Claims on whatever is computed from a metric that are red when it is not what it is promised to be."""


def _place(reason: str, said: re.Match[str]) -> dict[str, str]:
    """The file and line that stand nearest before the finding, or nowhere."""
    places = [place for place in PLACE.finditer(reason) if place.start() <= said.start()]
    if not places:
        return {"file": "", "line": "", "where": ""}
    file, line = places[-1]["file"], places[-1]["line"]
    return {"file": file, "line": line, "where": f"{file}:{line}"}
