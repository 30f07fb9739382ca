"""What becomes of it: when it fails, and what is written where."""

from __future__ import annotations

from promproof.optiontable.option import (
    EVERY,
    JUDGING,
    OUTPUT,
    Option,
)
from promproof.places import DEFAULT_DRAFT, DEFAULT_REPORTS

OPTIONS = (
    Option(
        "pass",
        JUDGING,
        ("load",),
        "a condition, 'p95 < 250ms'; may be repeated",
        "CONDITION",
        repeatable=True,
    ),
    Option(
        "min-score",
        JUDGING,
        ("mutate",),
        "fail below so many of 100 killed mutants, or caught faults",
        "PERCENT",
        "number",
    ),
    Option(
        "min-coverage",
        JUDGING,
        ("prove",),
        "fail when fewer of 100 alerts have a firing and a silent case in --tests",
        "PERCENT",
        "number",
    ),
    Option(
        "mutants",
        JUDGING,
        ("prove",),
        "change each rule a little, and tell how many changes --tests notice, or else what --write-tests writes",
        kind="flag",
    ),
    Option(
        "routes",
        JUDGING,
        ("prove",),
        "ask a real Alertmanager, with the file of --alertmanager, where each proven alert goes",
        kind="flag",
    ),
    Option(
        "severity",
        JUDGING,
        ("check",),
        "the mildest that is shown and fails: error, warning, info or hint",
        "SEVERITY",
        default="warning",
    ),
    Option(
        "only",
        JUDGING,
        ("check",),
        "judge this kind of finding alone, or this family: rule say; may be repeated",
        "ID",
        repeatable=True,
    ),
    Option(
        "only",
        JUDGING,
        ("mutate",),
        "--live: this class of faults alone, or this fault, or this pattern; may be repeated",
        "FAULT",
        repeatable=True,
    ),
    Option("baseline", JUDGING, ("load",), "runs to compare with", "FILE", "path"),
    Option(
        "changed-since",
        JUDGING,
        ("check",),
        "tell what is in files changed since then, and what the change caused elsewhere",
        "REF",
    ),
    Option(
        "prove",
        JUDGING,
        ("check",),
        "prove every alert too (promproof prove): which can't fire, or do otherwise than written",
        kind="flag",
    ),
    Option("baseline", JUDGING, ("check",), "findings that are known and not told again", "FILE", "path"),
    Option(
        "write-baseline", JUDGING, ("check",), "write what is found now to that file, and pass", kind="flag"
    ),
    Option(
        "save-baseline", JUDGING, ("load",), "add this run to that file, when it is valid", "FILE", "path"
    ),
    Option(
        "write-tests",
        OUTPUT,
        ("prove",),
        "write a test file for promtool for each proven alert there",
        "DIR",
        "path",
    ),
    Option("against", OUTPUT, ("report",), "tell what changed since this run", "OLDER", "path"),
    Option(
        "serve-metrics",
        OUTPUT,
        ("report",),
        "serve the verdicts to Prometheus until Ctrl-C; behind reports/latest always those of the newest run",
        "[HOST:]PORT",
    ),
    Option("format", OUTPUT, ("mutate", "prove"), "text or json", "FORMAT", default="text"),
    Option(
        "format", OUTPUT, ("check",), "text, json, github, sarif, junit or html", "FORMAT", default="text"
    ),
    Option("output", OUTPUT, ("init",), "the folder of the draft", "DIR", "path", DEFAULT_DRAFT),
    Option("output", OUTPUT, ("check",), "write there and not to the terminal", "FILE", "path"),
    Option(
        "verbose",
        OUTPUT,
        ("verify", "drill", "judge"),
        "a line for each claim, and what each that is red was promised",
        kind="flag",
        short="v",
    ),
    Option("verbose", OUTPUT, ("mutate",), "--live: a line for each fault", kind="flag", short="v"),
    Option("json", OUTPUT, ("judge",), "write the verdicts there as well", "FILE", "path"),
    Option(
        "junit",
        OUTPUT,
        ("drill", "load", "judge"),
        "write the verdicts there as JUnit, for a CI",
        "FILE",
        "path",
    ),
    Option(
        "serve-metrics", OUTPUT, ("load",), "serve the load itself to Prometheus while it runs", "[HOST:]PORT"
    ),
    Option(
        "reports",
        OUTPUT,
        EVERY,
        "where the folder of the run goes",
        "DIR",
        "path",
        DEFAULT_REPORTS,
        defaults={"ui": None},
    ),
)
