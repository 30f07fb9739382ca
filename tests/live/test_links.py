"""Links of the verification page: to what answers as what it should be, and to nothing else."""

from __future__ import annotations

import pytest

from promproof.contract.model import load
from promproof.live.links import answering, parts_of
from promproof.optiontable import options
from promproof.places import DEFAULT_CONTRACT
from tests.observe.servers import answer, serving

pytestmark = pytest.mark.unit
ALERTMANAGER = '{"cluster": {"status": "ready"}, "versionInfo": {"version": "0.28.1"}}'
GRAFANA = '{"database": "ok", "version": "12.0.1"}'


def test_a_part_that_answers_as_itself_has_a_link() -> None:
    with serving(answer(ALERTMANAGER)) as alertmanager, serving(answer(GRAFANA)) as grafana:
        links = answering(parts_of(alertmanager.url, grafana.url))
        assert links == {"Alertmanager": alertmanager.url, "Grafana": grafana.url}
        assert alertmanager.seen == ["GET /api/v2/status HTTP/1.1"]


@pytest.mark.parametrize("said", ["<html>a page of my own</html>", '{"ok": true}', '["database"]'])
def test_another_program_at_a_documented_port_has_no_link(said: str) -> None:
    with serving(answer(said)) as other:
        assert answering(parts_of(other.url, other.url)) == {}


def test_a_part_that_is_not_there_has_no_link() -> None:
    with serving(answer(GRAFANA)) as gone:
        pass
    assert answering(parts_of(gone.url, None)) == {}
    assert parts_of("", None) == ()


@pytest.mark.parametrize("name", ["prometheus", "alertmanager", "grafana"])
def test_what_is_looked_at_unnamed_is_the_port_that_the_deployment_documents(name: str) -> None:
    deployment = load(DEFAULT_CONTRACT).deployment
    assert deployment is not None
    (option,) = [option for option in options("ui") if option.name == name]
    assert option.default_of("ui") == f"http://127.0.0.1:{deployment.services[name].port}"
