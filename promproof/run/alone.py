"""The monitoring folder of a run: the one that is named, the contract's own, or one made for a target without any.

A service without a prometheus.yml still has an exposition to judge. What Prometheus needs to read it is one job, which
is written down where programs of the stack are kept; the same contract gives the same file.
"""

from __future__ import annotations

from dataclasses import replace

import yaml

from promproof.config.folder import PROMETHEUS_FILES
from promproof.contract.model import Contract
from promproof.places import DEFAULT_MONITORING, cache_dir
from promproof.run.options import Options

SCRAPE_INTERVAL = "15s"


def with_monitoring(options: Options, contract: Contract) -> Options:
    """The options with a folder that holds a Prometheus configuration; one that a user names is left as it is."""
    if options.monitoring != DEFAULT_MONITORING or _has_prometheus(options):
        return options
    beside = replace(options, monitoring=options.contract.parent)
    if _has_prometheus(beside):
        return beside
    job = contract.target.job or contract.service
    folder = cache_dir() / "alone" / "".join(sign if sign.isalnum() else "-" for sign in job)
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(
        {
            "global": {"scrape_interval": SCRAPE_INTERVAL, "evaluation_interval": SCRAPE_INTERVAL},
            "scrape_configs": [
                {
                    "job_name": job,
                    "metrics_path": contract.target.metrics_path,
                    "static_configs": [{"targets": ["localhost:8000"]}],
                }
            ],
        },
        sort_keys=False,
    )
    file = folder / "prometheus.yml"
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return replace(options, monitoring=folder)


def _has_prometheus(options: Options) -> bool:
    return any((options.monitoring / name).is_file() for name in PROMETHEUS_FILES)
