"""A headless Chromium driven over its DevTools protocol: open a page, run JavaScript in it, see what it asked for.

No driver is needed: the protocol is JSON over one WebSocket (https://chromedevtools.github.io/devtools-protocol/).
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

BROWSER = Path("/usr/bin/chromium")
DEADLINE_SECONDS = 60.0


class Chromium:
    """One browser with one tab; its profile and log lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)
        self._cleanup = ExitStack()
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        profile = self.folder / "profile"
        command = [
            str(BROWSER),
            "--headless",
            "--disable-gpu",
            "--no-first-run",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            "--window-size=1400,1000",
            "--no-proxy-server",
            "--disable-background-networking",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "about:blank",
        ]
        self._log = (self.folder / "chromium.log").open("wb")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        port = profile / "DevToolsActivePort"
        try:
            self._wait(lambda: port.is_file() and port.read_text().count("\n") >= 1, f"{port} to be written")
            number, path = port.read_text().split("\n")[:2]
            address = f"ws://127.0.0.1:{number}{path}"
            # nobody reads between two questions: a bounded queue would stop the pongs, and end the connection
            self._socket = self._cleanup.enter_context(
                connect(address, max_size=None, max_queue=None, ping_interval=None, proxy=None)
            )
            target = self._send("Target.createTarget", {"url": "about:blank"})["targetId"]
            self._session = self._send("Target.attachToTarget", {"targetId": target, "flatten": True})[
                "sessionId"
            ]
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def open(self, url: str, ready: str) -> None:
        """Open a page and wait until the JavaScript expression `ready` is true."""
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._send(f"{domain}.enable", {}, self._session)
        self._send("Performance.enable", {"timeDomain": "threadTicks"}, self._session)
        self._send("Page.navigate", {"url": url}, self._session)
        self._wait(lambda: self.evaluate(f"location.href === {json.dumps(url)} && Boolean({ready})"), ready)

    def wait(self, ready: str) -> None:
        """Wait until a JavaScript expression is true in the page."""
        self._wait(lambda: self.evaluate(f"Boolean({ready})"), ready)

    def look(self, width: int, height: int, *, dark: bool = False, media: str = "") -> None:
        """Set the size of the window, and what the pages opened from now on are told of it."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self._send("Emulation.setDeviceMetricsOverride", size, self._session)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._send("Emulation.setEmulatedMedia", {"features": [scheme], "media": media}, self._session)

    def picture(self, path: Path, left: float, top: float, width: float, height: float) -> None:
        """Write a part of the page as PNG."""
        clip = {"x": left, "y": top, "width": width, "height": height, "scale": 1}
        options = {"format": "png", "captureBeyondViewport": True, "clip": clip}
        path.write_bytes(
            base64.b64decode(self._send("Page.captureScreenshot", options, self._session)["data"])
        )

    def evaluate(self, expression: str, within: float = DEADLINE_SECONDS) -> Any:
        """The value of a JavaScript expression in the page. within: seconds that the page may be silent for it."""
        options = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._send("Runtime.evaluate", options, self._session, within)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def metrics(self) -> dict[str, float]:
        """What the page's main thread has spent, in seconds of CPU, and what it holds, by the names of the protocol."""
        answer = self._send("Performance.getMetrics", {}, self._session)
        return {metric["name"]: metric["value"] for metric in answer["metrics"]}

    def requested(self) -> list[str]:
        """The URLs of every request that the page made."""
        return [
            event["params"]["request"]["url"]
            for event in self.events
            if event["method"] == "Network.requestWillBeSent"
        ]

    def troubles(self) -> list[str]:
        """Exceptions and error messages of the page."""
        return [
            json.dumps(event["params"])[:500]
            for event in self.events
            if event["method"] == "Runtime.exceptionThrown"
            or (event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error")
            or (event["method"] == "Runtime.consoleAPICalled" and event["params"]["type"] == "error")
        ]

    def _send(
        self,
        method: str,
        params: dict[str, Any],
        session: str | None = None,
        within: float = DEADLINE_SECONDS,
    ) -> dict[str, Any]:
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        self._socket.send(json.dumps({**message, "sessionId": session} if session else message))
        while True:
            answer = json.loads(self._socket.recv(timeout=within))
            if answer.get("id") == number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            if "method" in answer:
                self.events.append(answer)

    def _wait(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            if self._process.poll() is not None:
                raise AssertionError(f"Chromium ended with {self._process.returncode}, waiting for {what}")
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"waited {DEADLINE_SECONDS:g} s for {what}; its events: {self.events[-3:]}"
                )
            time.sleep(0.02)

    def _end(self) -> None:
        self._cleanup.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
