"""The run copy of a Grafana folder: durations scaled and nothing else, each change declared."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from promproof.config.folder import read_folder
from promproof.config.timescale import TimeScale
from promproof.grafana.provisioning import parsed, texts
from promproof.grafana.steps import Request, resolve
from promproof.grafana.windows import executed, scaled
from promproof.render.grafana import render_grafana
from promproof.stack.containers import grafana_volumes
from tests.grafana.twins import ROOT

pytestmark = pytest.mark.unit
MONITORING = ROOT / "monitoring"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("rate(x[5m])", "rate(x[5s])"),
        ("rate(x[$__rate_interval])", "rate(x[$__rate_interval])"),
        ("rate(x[5m]) / rate(y[$__rate_interval])", "rate(x[5s]) / rate(y[${__rate_interval}])"),
        ('rate(x{a=~"$a"}[5m]) * $__range_s', 'rate(x{a=~"$a"}[5s]) * ${__range_s}'),
        ("increase(x[${__range_s}s]) + y offset 1h", "increase(x[${__range}]) + y offset 1m"),
        ("up", "up"),
    ],
)
def test_a_query_is_scaled_in_its_durations_alone(text: str, wanted: str) -> None:
    assert " ".join(scaled(text, TimeScale(60)).split()) == wanted


def test_the_scaled_dashboard_asks_what_the_run_asks() -> None:
    scale = TimeScale(60)
    request = Request(0, 60_000, 1000)
    resolved = resolve(request, source_interval="250ms")
    for dashboard in parsed(texts(MONITORING)).dashboards:
        for _, target in dashboard.queries():
            direct = executed(target.expression, request, resolved, scale)
            through = executed(scaled(target.expression, scale), request, resolved, TimeScale(1))
            assert executed(through, request, resolved, TimeScale(1 + 1e-12)) == direct


def test_every_change_is_declared(tmp_path: Path) -> None:
    changes, diff = render_grafana(read_folder(MONITORING), tmp_path, TimeScale(60))
    for before in (MONITORING / "grafana").rglob("*.json"):
        after = tmp_path / before.relative_to(MONITORING)
        data = json.loads(before.read_text(encoding="utf-8"))
        for change in (change for change in changes if change.file == str(before.relative_to(MONITORING))):
            _put(data, change.key, change.after)
        assert json.loads(after.read_text(encoding="utf-8")) == data
    source = "grafana/provisioning/datasources/prometheus.yml"
    written = yaml.safe_load((tmp_path / source).read_text(encoding="utf-8"))
    assert written["datasources"][0]["jsonData"]["timeInterval"] == "250ms"
    assert {change.reason for change in changes} == {"time scale 60"}
    assert [change for change in changes if change.file == source]
    assert f"+++ run/{source}" in diff
    assert "+++ run/grafana/dashboards/system-overview.json" in diff


@pytest.mark.parametrize("options", ["", ", jsonData: {httpMethod: POST}"])
def test_the_interval_that_grafana_takes_by_itself_is_scaled_too(options: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MONITORING, tmp_path / "monitoring"))
    source = folder / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
    others = "{name: L, type: loki}"
    source.write_text(f"datasources: [{{name: P, type: prometheus{options}}}, {others}]", encoding="utf-8")
    render_grafana(read_folder(folder), tmp_path / "run", TimeScale(60))
    copy = yaml.safe_load((tmp_path / "run" / source.relative_to(folder)).read_text(encoding="utf-8"))
    assert copy["datasources"][0]["jsonData"]["timeInterval"] == "250ms"
    assert "jsonData" not in copy["datasources"][1]


def test_scale_1_leaves_every_file_as_it_is(tmp_path: Path) -> None:
    assert render_grafana(read_folder(MONITORING), tmp_path, TimeScale(1)) == ([], "")
    for before in (MONITORING / "grafana").rglob("*.*"):
        assert (tmp_path / before.relative_to(MONITORING)).read_bytes() == before.read_bytes()


def test_a_broken_dashboard_or_query_is_copied_as_it_is(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MONITORING, tmp_path / "monitoring"))
    broken = folder / "grafana" / "dashboards" / "broken.json"
    broken.write_text("{", encoding="utf-8")
    panel = {"interval": "1m", "targets": [{"expr": "rate(x[", "interval": "$__interval"}]}
    odd = folder / "grafana" / "dashboards" / "odd.json"
    odd.write_text(json.dumps({"panels": [panel]}), encoding="utf-8")
    changes, _ = render_grafana(read_folder(folder), tmp_path / "run", TimeScale(60))
    copies = tmp_path / "run" / "grafana" / "dashboards"
    assert (copies / "broken.json").read_text(encoding="utf-8") == "{"
    assert json.loads((copies / "odd.json").read_text(encoding="utf-8"))["panels"][0] == {
        **panel,
        "interval": "1s",
    }
    assert [change.key for change in changes if change.file.endswith("odd.json")] == ["$.panels[0].interval"]


def test_what_grafana_refuses_or_fills_in_itself_is_copied_as_it_is(tmp_path: Path) -> None:
    """A byte order mark, a name of Grafana's environment, a query that cannot be parsed: the copy is as the file is."""
    folder = Path(shutil.copytree(MONITORING, tmp_path / "monitoring"))
    shown = folder / "grafana" / "dashboards"
    marked = b"\xef\xbb\xbf" + json.dumps({"panels": [{"targets": [{"expr": "rate(x[5m])"}]}]}).encode()
    (shown / "marked.json").write_bytes(marked)
    (shown / "deep.json").write_text("[" * 5000, encoding="utf-8")
    brackets = {"panels": [{"interval": "30", "targets": [{"expr": "(" * 5000}]}]}
    (shown / "brackets.json").write_text(json.dumps(brackets), encoding="utf-8")
    source = folder / "grafana" / "provisioning" / "datasources" / "prometheus.yml"
    written = source.read_text(encoding="utf-8").replace("timeInterval: 15s", "timeInterval: $EVERY")
    source.write_text(written, encoding="utf-8")
    render_grafana(read_folder(folder), tmp_path / "run", TimeScale(60))
    copies = tmp_path / "run" / "grafana"
    assert (copies / "dashboards" / "marked.json").read_bytes() == marked
    assert (copies / "dashboards" / "deep.json").read_text(encoding="utf-8") == "[" * 5000
    assert json.loads((copies / "dashboards" / "brackets.json").read_text(encoding="utf-8")) == {
        "panels": [{"interval": "500ms", "targets": [{"expr": "(" * 5000}]}]
    }
    copy = yaml.safe_load((copies / source.relative_to(folder / "grafana")).read_text(encoding="utf-8"))
    assert copy["datasources"][0]["jsonData"]["timeInterval"] == "$EVERY"


@pytest.mark.parametrize("what", ["loop", "device", "pipe", "nothing"])
def test_what_is_no_regular_file_is_named_and_left_out(what: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(MONITORING, tmp_path / "monitoring"))
    odd = folder / "grafana" / "dashboards" / "odd.json"
    if what == "pipe":
        os.mkfifo(odd)
    else:
        odd.symlink_to({"loop": odd.name, "device": "/dev/zero", "nothing": "gone.json"}[what])
    render_grafana(read_folder(folder), tmp_path / "run", TimeScale(60))
    assert not (tmp_path / "run" / "grafana" / "dashboards" / "odd.json").exists()
    assert "odd.json: $: cannot be read" in "\n".join(map(str, texts(folder).problems))


def test_grafana_in_a_container_gets_the_scaled_files(tmp_path: Path) -> None:
    for name in ("provisioning", "dashboards"):
        (tmp_path / name).mkdir()
    volumes = [
        {"type": "bind", "source": "/m/grafana/provisioning", "target": "/etc/grafana/provisioning"},
        {"type": "bind", "source": "/m/grafana/dashboards", "target": "/var/lib/grafana/dashboards"},
        {"type": "bind", "source": "/certificates", "target": "/c"},
        {"type": "volume", "source": "data", "target": "/var/lib/grafana"},
    ]
    assert grafana_volumes({"volumes": volumes}, tmp_path) == [
        f"{tmp_path}/provisioning:/etc/grafana/provisioning:ro",
        f"{tmp_path}/dashboards:/var/lib/grafana/dashboards:ro",
    ]
    assert grafana_volumes({}, tmp_path) == []


def _put(data: object, path: str, value: str | None) -> None:
    """Set what a JSON path such as `$.panels[0].targets[1].expr` names."""
    parts = path.removeprefix("$.").replace("[", ".").replace("]", "").split(".")
    holder: object = data
    for part in parts[:-1]:
        holder = holder[int(part)] if isinstance(holder, list) else holder[part]  # type: ignore[index]
    holder[parts[-1]] = value  # type: ignore[index]
