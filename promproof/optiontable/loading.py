"""What drives it: the traffic, the processes that send it, the web UI."""

from __future__ import annotations

from promproof.optiontable.option import (
    LOADS,
    SERVING,
    TRAFFIC,
    WORKERS,
    Option,
)

OPTIONS = (
    Option("rate", TRAFFIC, LOADS, "arrivals, 200/s or 200; of stages, that of the highest", "RATE"),
    Option("duration", TRAFFIC, LOADS, "of the arrivals, 2m; of stages, that of all together", "TIME"),
    Option("users", TRAFFIC, ("load",), "of a closed scenario", "N"),
    Option("closed-users", TRAFFIC, ("ui",), "users of a closed scenario", "N"),
    Option("max-requests", TRAFFIC, LOADS, "no session begins once so many requests have been sent", "N"),
    Option(
        "scenario",
        TRAFFIC,
        ("ui",),
        "a scenario's file or name, for the start form",
        "SCENARIO",
    ),
    Option("workers", WORKERS, ("load",), "share the load among N processes here; auto: one a CPU", "N"),
    Option("await-workers", WORKERS, ("load",), "share it among N workers that somebody else starts", "N"),
    Option(
        "listen", WORKERS, ("load",), "where the master takes workers", "HOST[:PORT]", default="127.0.0.1"
    ),
    Option(
        "master-bind-host",
        WORKERS,
        ("ui",),
        "for workers, with --master",
        "HOST",
        default="127.0.0.1",
    ),
    Option(
        "follow",
        SERVING,
        ("ui",),
        "history.jsonl of a run that is up: show its notifications",
        "FILE",
        "path",
    ),
    Option("web-host", SERVING, ("ui",), "address of the web UI", "HOST", default="127.0.0.1"),
    Option("web-port", SERVING, ("ui", "demo"), "port of the web UI", "PORT", default="8089"),
    Option("seconds", SERVING, ("demo",), "end by itself after so long", "SECONDS", "number"),
)
