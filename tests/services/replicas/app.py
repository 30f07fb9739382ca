"""A shop of several instances, each with its own counts: `app.py PORT`, with a fault `app.py PORT FOLDER twice`.

The fault is the second instance's: `twice` counts every request two times, `renamed` calls the label `route` path.
"""

import sys
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import plain

EDGES = (0.005, 0.05, 0.5, 5.0)
hits: Counter[tuple[str, str, int]] = Counter()
times: dict[tuple[str, str], list[float]] = defaultdict(list)


def fault() -> str:
    """What this instance does wrong; nothing for the first one in the folder."""
    if len(sys.argv) < 4:
        return ""
    first = Path(sys.argv[2]) / "first"
    try:
        first.touch(exist_ok=False)
    except FileExistsError:
        return sys.argv[3]
    return ""


WRONG = fault()


def counted(method: str, route: str, status: int, seconds: float) -> None:
    hits[method, route, status] += 2 if WRONG == "twice" else 1
    times[method, route].append(seconds)


def shown() -> tuple[str, str]:
    name = "path" if WRONG == "renamed" else "route"
    lines = ["# TYPE shop_requests_total counter"]
    lines += [
        f'shop_requests_total{{method="{method}",{name}="{route}",status="{status}"}} {count}'
        for (method, route, status), count in sorted(hits.items())
    ]
    lines.append("# TYPE shop_request_seconds histogram")
    for (method, route), seconds in sorted(times.items()):
        own = f'method="{method}",{name}="{route}"'
        counts = [(f"{edge:g}", sum(time <= edge for time in seconds)) for edge in EDGES]
        lines += [
            f'shop_request_seconds_bucket{{{own},le="{edge}"}} {count}'
            for edge, count in (*counts, ("+Inf", len(seconds)))
        ]
        lines += [f"shop_request_seconds_sum{{{own}}} {sum(seconds)}"]
        lines += [f"shop_request_seconds_count{{{own}}} {len(seconds)}"]
    return "\n".join(lines) + "\n", "text/plain; version=0.0.4"


plain.serve(counted, shown)
