"""What `locust -f loadtests/locustfile.py` loads: the scenarios of this repository, played and written down.

    python -m locust -f loadtests/locustfile.py --headless --host URL --scenario steady --ledger FILE

Options, exit status and the ways in which a run ends: promproof/load/locustfile.py.
"""

from promproof.load.locustfile import OneUserEach, ScenarioUser

__all__ = ["OneUserEach", "ScenarioUser"]
