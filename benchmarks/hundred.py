"""Many services on one Prometheus, each verified by its own contract, without live drills; one report of all.

    python -m benchmarks.hundred                       # 100 shops, twelve verified at once
    python -m benchmarks.hundred 10 --at-once 2        # fewer
    python -m benchmarks.hundred 100 --keep FOLDER     # keeps what is made: a folder for each run, all.xml, all.md

Each service is a process of the demonstration's shop, with a job, rules and a contract of its own; Prometheus scrapes
them every two seconds. `promproof verify` is asked as a user asks it of a stack that runs already. Printed are the
seconds of the clock and of CPU, and what the verdicts are; the status is 1 when one is red.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks import words
from benchmarks.growing import cpu_seconds
from promproof.places import PACKAGE
from promproof.stack.binaries import find_binaries
from promproof.stack.ports import allocate_ports
from promproof.stack.waiting import loopback_session, wait_until

ROOT, SHOP = Path(__file__).resolve().parent.parent, PACKAGE / "demo"
SCRAPE, RATE, ALERTS = "2s", "10/s", ("ManyErrors", "SlowAnswers", "ShopDown")
READY_SECONDS, BAR_SECONDS = 120.0, 600.0


@dataclass(frozen=True)
class Service:
    """One of them: its name, which is that of its job and of its folder, and its port."""

    name: str
    port: int
    folder: Path

    def own(self, text: str) -> str:
        """A text of the shop's contract or rules in which all names are this service's."""
        for alert in ALERTS:
            text = text.replace(alert, f"{alert}Of{self.name.title()}")
        text = text.replace("service: shop\n", f"service: {self.name}\n").replace(
            "job: shop\n", f"job: {self.name}\n"
        )
        text = text.replace('job="shop"', f'job="{self.name}"')
        for metric in (
            "shop_requests_total",
            "shop_request_duration_seconds_bucket",
        ):  # the rules read every shop
            text = text.replace(f"{metric}[", f'{metric}{{job="{self.name}"}}[')
        return text.replace('{status=~"5.."}', f'{{job="{self.name}",status=~"5.."}}')

    def prepare(self) -> None:
        """Write its contract, its scenario and its rules."""
        self.folder.mkdir()
        contract = self.own((SHOP / "contract.yaml").read_text(encoding="utf-8"))
        drilled = [line for line in contract.splitlines() if not line.startswith("traffic:")]
        drilled.append("traffic: {reconcile: traffic.yaml}")
        (self.folder / "contract.yaml").write_text("\n".join([*drilled, ""]), encoding="utf-8")
        traffic = (SHOP / "traffic.yaml").read_text(encoding="utf-8").replace("rate: 60/s", f"rate: {RATE}")
        (self.folder / "traffic.yaml").write_text(traffic, encoding="utf-8")
        rules = self.own((SHOP / "monitoring" / "rules.yml").read_text(encoding="utf-8"))
        (self.folder / "rules.yml").write_text(
            rules.replace("- name: shop", f"- name: {self.name}"), encoding="utf-8"
        )


@dataclass(frozen=True)
class Verified:
    """What became of one: exit status, seconds of the clock, verdicts by outcome, and the ids of what is red."""

    service: str
    status: int
    seconds: float
    outcomes: Counter[str]
    red: tuple[str, ...]
    junit: ET.Element | None


def configuration(services: Sequence[Service]) -> str:
    """Prometheus' file."""
    jobs = [
        {"job_name": each.name, "static_configs": [{"targets": [f"127.0.0.1:{each.port}"]}]}
        for each in services
    ]
    rules = [str(each.folder / "rules.yml") for each in services]
    whole = {"scrape_interval": SCRAPE, "evaluation_interval": SCRAPE}
    return yaml.safe_dump({"global": whole, "rule_files": rules, "scrape_configs": jobs})


@contextmanager
def running(command: Sequence[object], log: Path) -> Iterator[None]:
    """A process while it is needed."""
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen([str(word) for word in command], stdout=file, stderr=file)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def prometheus(services: Sequence[Service], folder: Path, stack: ExitStack) -> str:
    """Start it; its URL, once it scrapes all of them."""
    (port,) = allocate_ports(1)
    file = folder / "prometheus.yml"
    file.write_text(configuration(services), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    command = [
        find_binaries().prometheus.path,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'data'}",
    ]
    stack.enter_context(
        running([*command, f"--web.listen-address=127.0.0.1:{port}"], folder / "prometheus.log")
    )

    def unmet() -> str:
        with loopback_session() as session:
            try:
                said = session.get(
                    f"{url}/api/v1/query", params={"query": "count(up == 1)"}, timeout=5
                ).json()
            except (OSError, ValueError):
                return "Prometheus does not answer"
        up = int(said["data"]["result"][0]["value"][1]) if said["data"]["result"] else 0
        return "" if up == len(services) else f"{up} of {len(services)} are scraped"

    wait_until(unmet, READY_SECONDS)
    return url


def compiling() -> dict[str, str]:
    """The environment, in which modules stay compiled, as they do for who installs a program."""
    return {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def verify(service: Service, url: str) -> Verified:
    """Verify one, as a user does."""
    reports = service.folder / "reports"
    command = [sys.executable, "-m", "promproof", "verify", "--no-drill", "--contract", "contract.yaml"]
    command += [
        "--target",
        f"http://127.0.0.1:{service.port}",
        "--prometheus",
        url,
        "--reports",
        str(reports),
    ]
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=service.folder,
        env={**compiling(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    (service.folder / "verify.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    seconds, latest = time.monotonic() - started, reports / "latest"
    if not (latest / "report.json").is_file():
        return Verified(service.name, done.returncode, seconds, Counter(), ("no report: verify.log",), None)
    verdicts = json.loads((latest / "report.json").read_text(encoding="utf-8"))["verdicts"]
    outcomes = Counter(str(verdict["outcome"]).replace("_", " ") for verdict in verdicts)
    red = tuple(verdict["claim"] for verdict in verdicts if verdict["outcome"] in ("fail", "unknown"))
    junit = ET.parse(latest / "junit.xml").getroot()  # our own file
    return Verified(service.name, done.returncode, seconds, outcomes, red, junit)


def reported(found: Sequence[Verified], folder: Path) -> str:
    """One report of all: a table, and one JUnit file."""
    suites = ET.Element("testsuites")
    for each in found:
        for suite in each.junit.iter("testsuite") if each.junit is not None else ():
            suite.set("name", each.service)
            suites.append(suite)
    ET.ElementTree(suites).write(folder / "all.xml", encoding="utf-8", xml_declaration=True)
    kinds = ("pass", "fail", "unknown", "not verified")
    rows = [f"| service | status | {' | '.join(kinds)} | seconds | |", "|---|---|---|---|---|---|---|---|"]
    for each in sorted(found, key=lambda one: (-one.status, one.service)):
        counts = " | ".join(str(each.outcomes[kind]) for kind in kinds)
        rows.append(
            f"| {each.service} | {each.status} | {counts} | {each.seconds:.0f} | {', '.join(each.red)} |"
        )
    text = "\n".join([*rows, ""])
    (folder / "all.md").write_text(text, encoding="utf-8")
    return text


def main() -> int:
    """0: nothing is red; 1: something is."""
    given = words.parser(__doc__)
    given.add_argument("services", type=words.positive, nargs="?", default=100)
    given.add_argument("--at-once", type=words.positive, default=12)
    given.add_argument("--keep", type=Path)
    options = given.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = (options.keep or Path(name)).resolve()
        folder.mkdir(exist_ok=True)
        ports = allocate_ports(2 * options.services)
        services = [Service(f"shop{n}", ports[2 * n], folder / f"shop{n}") for n in range(options.services)]
        for number, service in enumerate(services):
            service.prepare()
            shop = [sys.executable, SHOP / "shop.py", service.port, ports[2 * number + 1], "token"]
            stack.enter_context(running(shop, service.folder / "shop.log"))
        url = prometheus(services, folder, stack)
        started, used = time.monotonic(), cpu_seconds()
        with ThreadPoolExecutor(options.at_once) as pool:
            asked = [pool.submit(verify, service, url) for service in services]
            try:
                found = [each.result() for each in asked]
            except BaseException:  # interrupted: those that have not begun never do
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        seconds, used = time.monotonic() - started, cpu_seconds() - used
        print(reported(found, folder))
    passed = sum(each.status == 0 for each in found)
    print(
        f"{passed} of {len(found)} services passed; {seconds:.0f} s by the clock, bar {BAR_SECONDS:g} s for 100"
    )
    print(f"{used / len(found):.1f} s of CPU each, without Prometheus and the services")
    return 0 if passed == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
