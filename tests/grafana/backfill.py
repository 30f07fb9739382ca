"""A Prometheus with a past: blocks made once from generated samples, so that long ranges can be looked at.

Every counter grows by a known rate and every gauge stands at a known value, so the truth of any panel at any zoom is
known without a query.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from promproof.errors import EvidenceError
from promproof.stack.children import log_tail, start_child
from promproof.stack.journal import Journal
from promproof.stack.ports import HOST, allocate_ports
from promproof.stack.waiting import unmet_http, wait_until

READY_SECONDS = 60.0
BUILD_SECONDS = 600.0
WRITTEN_AT_ONCE = 2000


@dataclass(frozen=True)
class Line:
    """A straight series: its text (`name{labels}`), its value at the begin, its growth per second."""

    series: str
    start: float = 0.0
    per_second: float = 0.0


def write_samples(path: Path, lines: Sequence[Line], begin: int, end: int, interval: float) -> int:
    """Write the samples of all lines from begin to end (epoch seconds) as OpenMetrics; how many they are."""
    steps = int((end - begin) / interval) + 1
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            for first in range(0, steps, WRITTEN_AT_ONCE):
                file.writelines(
                    f"{line.series} {line.start + line.per_second * n * interval!r} {begin + n * interval:.3f}\n"
                    for n in range(first, min(first + WRITTEN_AT_ONCE, steps))
                )
        file.write("# EOF\n")
    return steps * len(lines)


def make_blocks(promtool: Path, samples: Path, folder: Path) -> None:
    """Turn samples into blocks of a database in `folder`.

    Raises:
        EvidenceError: promtool refused them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        str(promtool),
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--max-block-duration=200h",
        str(samples),
    ]
    try:
        done = subprocess.run(
            [*command, str(folder)], capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EvidenceError("promtool", f"made no blocks within {BUILD_SECONDS:g} s") from error
    if done.returncode:
        raise EvidenceError("promtool", f"made no blocks: {done.stderr.strip()[-500:]}")


@contextmanager
def serve(prometheus: Path, folder: Path, data: Path, journal: Journal) -> Iterator[str]:
    """The URL of a Prometheus on these data that scrapes nothing, as long as the context lasts.

    Raises:
        EvidenceError: it did not come up.
    """
    config, log = folder / "prometheus.yml", folder / "prometheus.log"
    config.write_text("global: {scrape_interval: 15s}\n", encoding="utf-8")
    (port,) = allocate_ports(1)
    child = start_child(
        [
            str(prometheus),
            f"--config.file={config}",
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=10y",
            f"--web.listen-address={HOST}:{port}",
        ],
        name="prometheus-past",
        log=log,
        cwd=prometheus.parent,
        journal=journal,
    )
    url = f"http://{HOST}:{port}"
    try:
        wait_until(lambda: unmet_http(f"{url}/-/ready") if child.is_running() else "it ended", READY_SECONDS)
        yield url
    except TimeoutError as error:
        raise EvidenceError("prometheus", f"not ready {error}", log_tail(log)) from error
    finally:
        child.stop()
