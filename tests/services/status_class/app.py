"""A shop that counts by class of status in upper case and measures in milliseconds."""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import plain

EDGES = (5, 50, 500, 5000)
hits: Counter[tuple[str, str]] = Counter()
failed: Counter[str] = Counter()
times: list[float] = []


def counted(method: str, route: str, status: int, seconds: float) -> None:
    hits[route, f"{status // 100}XX"] += 1
    if status >= 500:
        failed[route] += 1
    times.append(1000 * seconds)


def shown() -> tuple[str, str]:
    lines = ["# TYPE shop_responses_total counter"]
    lines += [
        f'shop_responses_total{{route="{route}",class="{kind}",pod="shop-{len(route) % 2}"}} {count}'
        for (route, kind), count in sorted(hits.items())
    ]
    lines.append("# TYPE shop_failures_total counter")
    lines += [f'shop_failures_total{{route="{route}"}} {count}' for route, count in sorted(failed.items())]
    lines.append("# TYPE shop_request_duration_ms histogram")
    lines += [
        f'shop_request_duration_ms_bucket{{le="{edge}"}} {sum(time <= edge for time in times)}'
        for edge in EDGES
    ]
    lines.append(f'shop_request_duration_ms_bucket{{le="+Inf"}} {len(times)}')
    lines += [f"shop_request_duration_ms_sum {sum(times)}", f"shop_request_duration_ms_count {len(times)}"]
    return "\n".join(lines) + "\n", "text/plain; version=0.0.4"


plain.serve(counted, shown)
