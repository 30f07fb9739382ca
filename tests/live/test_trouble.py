"""What the web UI's page says of a server that does not answer."""

from __future__ import annotations

import pytest

from promproof.errors import EvidenceError
from promproof.live.watch import said
from promproof.observe.prometheus import Prometheus
from promproof.stack.ports import allocate_ports

pytestmark = pytest.mark.unit


def test_a_prometheus_that_does_not_run_is_told_in_plain_words() -> None:
    [port] = allocate_ports(1)
    with pytest.raises(EvidenceError) as caught:
        Prometheus(f"http://127.0.0.1:{port}").rules()
    assert said(caught.value) == f"prometheus does not run there; look whether http://127.0.0.1:{port} is up"


def test_any_other_trouble_is_told_as_it_is() -> None:
    error = EvidenceError("prometheus", "no usable answer to /api/v1/rules: 503", (), "look")
    assert said(error) == "prometheus: no usable answer to /api/v1/rules: 503"
