"""Seven days of made-up samples with known rates: what every shipped panel must show at any zoom."""

from __future__ import annotations

from tests.grafana.backfill import Line

API = 'job="promptpilot-api",instance="api:8000"'
NODE = 'job="node",instance="node:9100"'
LENGTH = 7 * 86_400
INTERVAL = 15
# 2 requests a second, a tenth of them errors; 94 % of them under 0.25 s, 4 % under 0.5 s, 2 % under 1.5 s
RATE, ERRORS = 2.0, 0.1
BUCKETS = {"0.25": 0.94, "0.5": 0.98, "1.0": 0.98, "1.5": 1.0, "+Inf": 1.0}
EXECUTIONS, FAILED, MEAN, COST = 0.5, 0.2, 0.3, 0.002
IDLE, MODES = 0.6, {"idle": 0.6, "user": 0.3, "system": 0.1}


def lines(begin: int) -> list[Line]:
    """All series; `begin` is the epoch second of the first sample."""
    route = f'{API},method="GET",endpoint="/api/v1/prompts"'
    found = [
        Line(f'http_requests_total{{{route},status="200"}}', 0, RATE * (1 - ERRORS)),
        Line(f'http_requests_total{{{route},status="503"}}', 0, RATE * ERRORS),
    ]
    found += [
        Line(f'http_request_duration_seconds_bucket{{{route},le="{edge}"}}', 0, RATE * share)
        for edge, share in BUCKETS.items()
    ]
    for kind in ("prompt", "pipeline"):
        label = f'{API},{kind}_id="7"'
        found += [
            Line(f'{kind}_executions_total{{{label},status="failed"}}', 0, EXECUTIONS * FAILED),
            Line(f'{kind}_executions_total{{{label},status="success"}}', 0, EXECUTIONS * (1 - FAILED)),
            Line(f"{kind}_execution_seconds_total{{{label}}}", 0, EXECUTIONS * MEAN),
            Line(f"{kind}_execution_cost_usd_total{{{label}}}", 0, EXECUTIONS * COST),
        ]
    found += [
        Line(f'node_cpu_seconds_total{{{NODE},cpu="0",mode="{mode}"}}', 0, share)
        for mode, share in MODES.items()
    ]
    found += [
        Line(f"node_memory_MemTotal_bytes{{{NODE}}}", 8e9),
        Line(f"node_memory_MemAvailable_bytes{{{NODE}}}", 6e9),
        Line(f'node_filesystem_size_bytes{{{NODE},device="/dev/a",mountpoint="/",fstype="ext4"}}', 1e12),
        Line(f'node_filesystem_avail_bytes{{{NODE},device="/dev/a",mountpoint="/",fstype="ext4"}}', 4e11),
        Line(f'node_disk_read_bytes_total{{{NODE},device="a"}}', 0, 1000),
        Line(f'node_disk_written_bytes_total{{{NODE},device="a"}}', 0, 2000),
        Line(f'node_network_receive_bytes_total{{{NODE},device="e"}}', 0, 3000),
        Line(f'node_network_transmit_bytes_total{{{NODE},device="e"}}', 0, 4000),
        Line(f"process_cpu_seconds_total{{{API}}}", 0, 0.25),
        Line(f"process_resident_memory_bytes{{{API}}}", 5e7),
        Line(f"process_open_fds{{{API}}}", 20),
        Line(f"process_start_time_seconds{{{API}}}", begin - 60),
    ]
    return found


# (dashboard, panel, query) -> what every point must be; durations interpolate inside of their bucket
EXPECTED: dict[tuple[str, str, int], set[float]] = {
    ("system-overview", "CPU Usage", 0): {1 - IDLE},
    ("system-overview", "Memory Usage", 0): {0.25},
    ("system-overview", "Disk Usage", 0): {0.6},
    ("system-overview", "HTTP Request Rate", 0): {RATE},
    ("system-overview", "Error Rate", 0): {ERRORS},
    ("http-performance", "Request Rate by Endpoint", 0): {RATE},
    ("http-performance", "Response Time Percentiles", 0): {0.25 * 0.5 / 0.94},
    ("http-performance", "Response Time Percentiles", 1): {0.25 + 0.25 * 0.25},
    ("http-performance", "Response Time Percentiles", 2): {1.0 + 0.5 * 0.5},
    ("http-performance", "95th Percentile by Endpoint", 0): {0.25 + 0.25 * 0.25},
    ("http-performance", "Error Distribution", 0): {RATE * ERRORS},
    ("prompt-analytics", "Success Rates", 0): {1 - FAILED},
    ("prompt-analytics", "Average Execution Time", 0): {MEAN},
    ("pipeline-metrics", "Success Rates", 0): {1 - FAILED},
    ("pipeline-metrics", "Average Execution Time", 0): {MEAN},
    ("resource-utilization", "CPU by Mode", 0): {0.3, 0.1},
    ("resource-utilization", "Memory", 0): {2e9},
    ("resource-utilization", "Memory", 1): {6e9},
    ("resource-utilization", "Disk I/O", 0): {1000},
    ("resource-utilization", "Disk I/O", 1): {2000},
    ("resource-utilization", "Network Traffic", 0): {3000},
    ("resource-utilization", "Network Traffic", 1): {4000},
    ("resource-utilization", "API CPU", 0): {0.25},
    ("resource-utilization", "API Memory", 0): {5e7},
    ("resource-utilization", "API Open File Descriptors", 0): {20},
}
TOTALS = {
    ("prompt-analytics", "Execution Counts"): {EXECUTIONS * FAILED, EXECUTIONS * (1 - FAILED)},
    ("prompt-analytics", "Cost Analysis"): {EXECUTIONS * COST},
    ("pipeline-metrics", "Execution Counts"): {EXECUTIONS * FAILED, EXECUTIONS * (1 - FAILED)},
    ("pipeline-metrics", "Cost Analysis"): {EXECUTIONS * COST},
}
"""Per second of the range."""
