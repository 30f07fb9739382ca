"""The verification page inside Locust's web UI; given to Locust after loadtests/locustfile.py.

    python -m locust -f loadtests/locustfile.py,promproof/live/page.py --prometheus http://127.0.0.1:9090 ...

`promproof ui` is the short way. The page is a tab of Locust's own page: its counts are a native table, and what a table
cannot show (charts, buttons, verdicts) stands below it.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from functools import wraps
from pathlib import Path
from typing import Any

from promproof import isolated

isolated.leave_out_working_folder()

from flask import Response, jsonify, request, send_file
from locust import events
from locust.runners import WorkerRunner

from promproof.contract import model as contracts
from promproof.drills.drill import load_folder
from promproof.errors import EvidenceError, InputError
from promproof.http import take_over
from promproof.live.drills import DrillDesk, Notices, Place
from promproof.live.links import parts_of
from promproof.live.switches import Switchboard
from promproof.live.watch import Watch
from promproof.load.arguments import declare, scenario_of
from promproof.places import DEFAULT_REPORTS, DRILLS
from promproof.report.page.counts import figure
from promproof.stack.journal import cache_dir

HERE = Path(__file__).resolve().parent
UPLOT = HERE.parent / "report" / "assets" / "uplot"
ASSETS = {
    "page.js": (HERE / "assets" / "page.js", "text/javascript"),
    "page.css": (HERE / "assets" / "page.css", "text/css"),
    "uplot.js": (UPLOT / "uPlot.iife.min.js", "text/javascript"),
    "uplot.css": (UPLOT / "uPlot.min.css", "text/css"),
}
TAB = {"title": "Verification", "key": "verification"}
COLUMNS = {
    "metric": "Metric",
    "client": "Client",
    "api": "API",
    "prometheus": "Prometheus",
    "difference": "Off by (API / Prometheus)",
}
INSERTED = """
<link rel="stylesheet" href="./verification/uplot.css"><link rel="stylesheet" href="./verification/page.css">
<script src="./verification/uplot.js"></script><script src="./verification/page.js"></script></body>"""


def add_options(parser: Any, **_: object) -> None:
    """Options of the page; none of them is a field of the start form."""
    names = ("prometheus", "alertmanager", "grafana", "contract", "drills", "fault-url", "fault-token")
    declare(
        parser,
        *names,
        "receiver",
        "instance",
        "monitoring",
        "reports",
        "running-scale",
        "follow",
        include_in_web_ui=False,
    )


def install(environment: Any, **_: object) -> None:
    """Add the page; without a web UI there is none."""
    environment.watch = None
    take_over()
    if environment.web_ui is None:
        return
    # a Prometheus that does not answer is told on the page, and not with each of the library's attempts
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    # at its end Locust prints tables wider than most terminals, whose percentiles are others than those of the report
    logging.getLogger("locust.stats_logger").setLevel(logging.WARNING)
    options = environment.parsed_options
    folder = Path(options.reports or DEFAULT_REPORTS / time.strftime("ui-%Y%m%dT%H%M%SZ", time.gmtime()))
    try:
        contract = contracts.load(Path(options.contract))
        desk = _desk(environment, folder)
        drills = Path(options.drills or DRILLS)
        board = Switchboard(options.fault_url or None, options.fault_token, cache_dir() / "undo", drills)
        folder.mkdir(parents=True, exist_ok=True)
        Path(options.ledger).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.stderr.write(f"--reports: {folder} cannot be created: {error.strerror}\n")
        sys.exit(InputError.exit_status)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)
    watch = Watch(
        contract,
        Path(options.contract),
        options.prometheus or None,
        board,
        desk,
        folder,
        environment.load_following,
        Path(options.follow) if options.follow else None,
        parts_of(options.alertmanager, options.grafana),
    )
    environment.watch = watch
    environment.before_start.append(
        desk.stop
    )  # nobody else may send while the target's counts are compared with ours
    _native_tab(environment, watch)
    _routes(environment, watch)


def _desk(environment: Any, folder: Path) -> DrillDesk:
    options = environment.parsed_options
    missing = [
        name
        for name, value in (
            ("--target", environment.host),
            ("--prometheus", options.prometheus),
            ("--fault-url", options.fault_url),
            ("--fault-token", options.fault_token),
        )
        if not value
    ]
    if missing:
        return DrillDesk(None, [], folder, f"no drills without {', '.join(missing)}")
    if float(options.running_scale or 1) != 1:
        why = f"none here: the durations of this stack are divided by {options.running_scale}"
        return DrillDesk(None, [], folder, f"{why}; promproof drill brings up a stack of its own")
    contract = Path(options.contract)
    monitoring = Path(options.monitoring) if options.monitoring else contract.parent
    urls = (environment.host, options.prometheus, options.fault_url, options.fault_token)
    return DrillDesk(
        Place(
            *urls, contract, monitoring, options.instance, Notices.of(options.alertmanager, options.receiver)
        ),
        load_folder(Path(options.drills or DRILLS)),
        folder,
    )


def begin(environment: Any, **_: object) -> None:
    """A run of the web UI begins; its ledger is there, and nothing has been sent."""
    if environment.watch is not None and environment.load_run is not None:
        environment.watch.desk.stop()
        environment.watch.begin(scenario_of(environment.parsed_options), environment.host)


def stopped(environment: Any, **_: object) -> None:
    """A run is over by itself or by the stop button: what was until then is judged."""
    _end(environment, "the stop button")


def quitting(environment: Any, **_: object) -> None:
    """Locust ends, by a signal say: a run that is under way is interrupted, and its report is kept all the same."""
    if environment.watch is not None:
        environment.watch.desk.stop()
    _end(environment, None)
    run = environment.watch.run if environment.watch is not None else None
    if run is not None and run.report is not None:
        sys.stdout.write(f"report: {run.report}\n")


def _end(environment: Any, stopped_for: str | None) -> None:
    if environment.watch is None:
        return
    environment.watch.board.heal()
    if environment.load_run is not None:
        environment.load_run.finish()
        environment.watch.end(stopped_for)


def _native_tab(environment: Any, watch: Watch) -> None:
    web_ui = environment.web_ui
    structure = [{"key": key, "title": title} for key, title in COLUMNS.items()]
    web_ui.template_args.update(
        {"extended_tabs": [TAB], "extended_tables": [{"key": TAB["key"], "structure": structure}]}
    )
    base = environment.parsed_options.web_base_path

    def add(response: Response) -> Response:
        if response.status_code != 200:
            return response
        if request.path == f"{base}/stats/requests" and response.is_json:
            data = response.get_json()
            data["extended_stats"] = [{"key": TAB["key"], "data": _native_rows(watch)}]
            response.set_data(json.dumps(data))
        elif request.path == f"{base}/" and response.mimetype == "text/html":
            response.set_data(response.get_data(as_text=True).replace("</body>", INSERTED))
        return response

    web_ui.app.after_request(add)


def _native_rows(watch: Watch) -> list[dict[str, Any]]:
    state = watch.shown()
    rows = [
        {
            "metric": row["metric"],
            "client": row["client"],
            "api": _plain(row["api"]),
            "prometheus": _plain(row["prometheus"]),
            "difference": _difference(row),
        }
        for row in state["counts"]
    ]
    others = [
        {
            "metric": row["metric"],
            "client": "",
            "api": _in_unit(row["api"], row["unit"]),
            "prometheus": _in_unit(row["prometheus"], row["unit"]),
            "difference": "",
        }
        for row in state["others"]
    ]
    return [*rows, *others]


def _difference(row: dict[str, Any]) -> str:
    text = f"{_plain(row['api_difference'])} / {_plain(row['prometheus_difference'])}"
    return f"{text} ({row['differing']} of {row['label_sets']} label sets)" if row["differing"] else text


def _in_unit(value: float | None, unit: str) -> str:
    """What nobody compares to the last digit: 75.66 MiB, and not 79339520."""
    return "" if value is None else figure(value, unit)


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"


def _routes(environment: Any, watch: Watch) -> None:
    web_ui = environment.web_ui
    base = environment.parsed_options.web_base_path + "/verification"

    def asset(name: str) -> Any:
        if name not in ASSETS:
            return jsonify({"error": f"no such file: {name}"}), 404
        path, kind = ASSETS[name]
        return send_file(path, mimetype=kind)

    def state() -> Any:
        return jsonify(watch.state())

    def report() -> Any:
        if watch.run is None or watch.run.report is None:
            return jsonify({"error": "no run has ended yet"}), 404
        return send_file(watch.run.report, mimetype="text/html")

    def fault() -> Any:
        return _switch(watch, request.form.get("key", ""), request.form.get("action", ""))

    def drill() -> Any:
        return _drive(watch, request.form.get("key", ""), request.form.get("action", ""))

    for path, view, methods in (
        ("/<name>", asset, ["GET"]),
        ("/state.json", state, ["GET"]),
        ("/report.html", report, ["GET"]),
        ("/fault", fault, ["POST"]),
        ("/drill", drill, ["POST"]),
    ):
        guarded = web_ui.auth_required_if_enabled(view)
        web_ui.app.add_url_rule(base + path, f"verification_{view.__name__}", guarded, methods=methods)


def _switch(watch: Watch, key: str, action: str) -> Any:
    """Turn a fault on or off; the answer to the page."""
    if action not in ("start", "stop"):
        return jsonify({"error": f"{action!r}, expected start or stop"}), 400
    if action == "start" and watch.desk.is_running:
        return jsonify({"error": "a drill is under way, and it moves the dose itself: stop it first"}), 409
    try:
        (watch.board.start if action == "start" else watch.board.stop)(key)
    except InputError as error:
        return jsonify({"error": str(error)}), 400
    except EvidenceError as error:
        return jsonify({"error": f"{error.component}: {error.state}"}), 502
    return jsonify(watch.board.state())


def _drive(watch: Watch, name: str, action: str) -> Any:
    """Start a drill or stop the one that is under way; the answer to the page."""
    if action not in ("start", "stop"):
        return jsonify({"error": f"{action!r}, expected start or stop"}), 400
    if action == "stop":
        watch.desk.stop()
    elif watch.is_running:
        return jsonify({"error": "a run is under way, and a drill sends its own traffic: stop it first"}), 409
    elif watch.board.is_on:
        return jsonify({"error": "a fault is on, and a drill moves the dose itself: stop it first"}), 409
    else:
        try:
            watch.desk.start(name)
        except (InputError, OSError) as error:
            return jsonify({"error": str(error)}), 400
    return jsonify(watch.desk.state())


def _if_not_worker(listener: Any) -> Any:
    @wraps(listener)
    def guarded(environment: Any, **named: Any) -> None:
        if not isinstance(environment.runner, WorkerRunner):
            listener(environment=environment, **named)

    return guarded


events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(_if_not_worker(install))
events.test_start.add_listener(_if_not_worker(begin))
events.test_stop.add_listener(_if_not_worker(stopped))
events.quitting.add_listener(_if_not_worker(quitting))
