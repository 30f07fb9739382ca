"""Where this repository has its files: what a command takes when it is not told otherwise."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DEFAULT_MONITORING = REPOSITORY / "monitoring"
DEFAULT_CONTRACT = DEFAULT_MONITORING / "contract.yaml"
DEFAULT_REPORTS = REPOSITORY / "reports"
SCENARIOS = REPOSITORY / "scenarios"
DRILLS = SCENARIOS / "drills"
LOCUSTFILE = REPOSITORY / "promproof" / "load" / "locustfile.py"
