"""`promproof ui` as a process, and the verification page inside Locust's web UI as a browser sees it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session
from tests.browser.chromium import Chromium
from tests.load.processes import DEADLINE_SECONDS, ROOT, wait_for

COUNTS = """(() => {
  const rows = [...document.querySelectorAll("main table tbody tr")];
  const cells = rows.map((row) => [...row.cells].map((cell) => cell.textContent));
  return cells.filter((row) => row[0] === "http_requests_total")[0] || null;
})()"""
IN_ORDER = """(() => {
  const counts = [...document.querySelectorAll("main table")].find((table) => !table.closest(".verification"));
  const parts = [document.getElementById("verification-top"), counts, document.getElementById("verification")];
  const tops = parts.map((part) => part.getBoundingClientRect().top);
  return tops[0] < tops[1] && tops[1] < tops[2];
})()"""
ALERTS = """(() => {
  const rows = [...document.querySelectorAll("#verification-alert-table tr")];
  return rows.map((row) => [...row.cells].map((cell) => cell.textContent));
})()"""
CLICK = """(() => {
  const found = [...document.querySelectorAll("button")].find((one) => one.textContent.startsWith(%s));
  if (found) found.click();
  return Boolean(found);
})()"""
SETTLED = """performance.getEntriesByType("resource").some(
  (one) => one.name.endsWith("/stats/requests") && performance.now() > one.responseEnd + 500 && one.responseEnd > 0
)"""
PHONE = """(async () => {
  const frame = document.createElement("iframe");
  frame.style.cssText = "width: 390px; height: 800px";
  frame.src = "/?tab=verification";
  document.body.appendChild(frame);
  for (let tries = 0; tries < 300; tries += 1) {
    await new Promise((wait) => setTimeout(wait, 100));
    const inside = frame.contentDocument;
    const box = inside && inside.getElementById("verification");
    if (box && !box.hidden && inside.querySelectorAll("#verification canvas").length >= 3) {
      return [box.scrollWidth, box.clientWidth, inside.getElementById("verification-alert-table") !== null];
    }
  }
  return null;
})()"""
STEADY = (ROOT / "scenarios" / "steady.yaml").read_text(encoding="utf-8")
# Half a core must hold the rate beside whatever else runs: an arrival that is due when the run is stopped, and was not
# started for want of a processor, counts as missed.
PATIENT = STEADY.replace("rate: 130/s", "rate: 60/s, limit: 100000").replace(
    "duration: 60s", "duration: 10m\ngenerator: {lag: 30s, cpu: 100%}"
)


class WebUi:
    """One `promproof ui`."""

    def __init__(self, folder: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self.reports = folder / "reports"
        self.port = allocate_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        scenario = folder / "patient.yaml"
        scenario.write_text(PATIENT, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "promproof",
            "ui",
            "--web-port",
            str(self.port),
            "--scenario",
            str(scenario),
            "--reports",
            str(self.reports),
            *options,
        ]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, **(env or {})},
        )

    def ready(self) -> WebUi:
        def answers() -> bool:
            assert self.process.poll() is None, self.process.communicate()[0]
            with loopback_session() as session:
                try:
                    return session.get(self.url + "/metrics", timeout=DEADLINE_SECONDS).ok
                except requests.ConnectionError:
                    return False

        wait_for(answers, "the web UI")
        return self

    def state(self) -> dict[str, Any]:
        with loopback_session() as session:
            found: dict[str, Any] = session.get(
                self.url + "/verification/state.json", timeout=DEADLINE_SECONDS
            ).json()
        return found

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        if self.process.poll() is None:
            self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=2 * DEADLINE_SECONDS)
        return self.process.returncode, output


def click(browser: Chromium, text: str) -> None:
    """Click the button whose text begins so, once it is there."""
    wait_for(lambda: browser.evaluate(CLICK % json.dumps(text)), f"the button {text!r}")


def alert(browser: Chromium, name: str) -> str:
    """The state of an alert as the page shows it."""
    rows = browser.evaluate(ALERTS)
    return next((str(row[1]) for row in rows if row[0] == name), "")
