"""Long flags of the commands that pages of monitoring show: one that is nearly written like a flag is meant to be it.

Not all flags are here, so that one that resembles none is left open.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from promproof.promises.known import close_to

FLAGS = {
    "compose": "profile file project-name env-file project-directory compatibility ansi progress parallel dry-run "
    "all-resources verbose version help",
    "compose up": "abort-on-container-exit abort-on-container-failure always-recreate-deps attach attach-dependencies "
    "build detach exit-code-from force-recreate menu no-attach no-build no-color no-deps no-log-prefix no-recreate "
    "no-start pull quiet-build quiet-pull remove-orphans renew-anon-volumes scale timeout timestamps wait wait-timeout "
    "watch yes",
    "compose down": "remove-orphans rmi timeout volumes",
    "compose logs": "follow index no-color no-log-prefix since tail timestamps until",
    "compose restart": "no-deps timeout",
    "compose kill": "remove-orphans signal",
    "compose stop": "timeout",
    "compose ps": "all filter format no-trunc orphans quiet services status",
    "compose exec": "detach env index no-tty privileged user workdir",
    "compose run": "build detach entrypoint env interactive label name no-deps no-tty publish pull quiet quiet-pull "
    "remove-orphans rm service-ports use-aliases user volume workdir",
    "compose pull": "ignore-buildable ignore-pull-failures include-deps policy quiet",
    "compose build": "build-arg builder check memory no-cache print progress provenance pull push quiet sbom ssh "
    "with-dependencies",
    "promtool": "enable-feature experimental help version",
    "promtool check config": "agent ignore-unknown-fields lint lint-fatal syntax-only",
    "promtool check rules": "ignore-unknown-fields lint lint-fatal",
    "promtool check healthy": "http.config.file url",
    "promtool check ready": "http.config.file url",
    "promtool test rules": "debug diff ignore-unknown-fields junit run",
    "amtool": "alertmanager.url config.file http.config.file no-version-check output timeout version-check "
    "date.format verbose help version",
    "amtool config routes test": "tree verify.receivers",
}
"""By program and its words."""
LOADS = {
    "ab": ("-c", "-n", "more requests at once than there are"),
    "wrk": ("-t", "-c", "more threads than connections"),
}
"""Of a load generator the flag whose number may not be above that of the other one, and what it would be."""


def refused_load(program: str, words: Sequence[str]) -> str:
    """Why a load generator refuses its numbers; empty where it takes them."""
    if program == "ab" and "-t" in words:
        return ""  # as many requests as there is time for
    less, more, what = LOADS[program]
    numbers = {flag: int(value) for flag, value in pairwise(words) if value.isdecimal()}
    if less in numbers and more in numbers and numbers[less] > numbers[more]:
        return f"{program} refuses {less} {numbers[less]} with {more} {numbers[more]}: {what}"
    return ""


def wrong_flag(program: str, commands: Sequence[str], words: Sequence[str]) -> str:
    """What is wrong with the first long flag that is misspelt; empty when none is. commands: its words, in order."""
    path = [program]
    known = set(FLAGS.get(program, "").split())
    is_known = False
    for command in commands:
        path.append(command)
        own = FLAGS.get(" ".join(path), "")
        known |= set(own.split())
        is_known = is_known or bool(own)
    for word in words if is_known else ():
        flag = word.removeprefix("--").partition("=")[0]
        if word.startswith("--") and flag not in known and not flag.startswith("no-"):
            meant = close_to(flag, sorted(known))
            if meant:
                return f"{' '.join(path)} has no flag --{flag}; it has --{meant}"
    return ""
