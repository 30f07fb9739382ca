// The part of the verification tab that a table cannot show, below Locust's own table. It belongs to nobody but itself:
// Locust's page is React's, so this element is put back whenever React has replaced what it stood in.
"use strict";
(() => {
  const COLORS = { client: ["#0969da", "#1b7c83", "#8250df"], Prometheus: ["#bc4c00", "#9a6700", "#cf222e"] };
  const box = document.createElement("section");
  box.id = "verification";
  box.hidden = true;
  const parts = {};
  for (const name of ["head", "verdicts", "faults", "drills", "alerts", "counts", "charts"]) {
    parts[name] = box.appendChild(document.createElement("div"));
    parts[name].id = "verification-" + name;
  }
  const plots = new Map();
  const refused = {};  // what was said to the newest click, until the next one

  const add = (parent, kind, text, name) => {
    const element = parent.appendChild(document.createElement(kind));
    if (text != null) element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  const plain = (value) => value == null ? "" : String(Number(value.toPrecision(6)));
  const table = (parent, id, head, rows) => {
    const whole = add(add(parent, "div", null, "wide"), "table");
    whole.id = id;
    const line = add(whole, "tr");
    for (const title of head) add(line, "th", title);
    for (const row of rows) {
      const cells = add(whole, "tr");
      for (const cell of row) Array.isArray(cell) ? add(cells, "td", cell[0], cell[1]) : add(cells, "td", cell);
    }
  };
  const fill = (name, draw) => {
    const next = document.createElement("div");
    draw(next);
    if (parts[name].innerHTML !== next.innerHTML) parts[name].replaceChildren(...next.childNodes);
  };

  const head = (state) => fill("head", (at) => {
    const run = state.run;
    const words = { waiting: "No run yet: start one, and what the client, the API and Prometheus count is compared here.",
      running: `${run.scenario} runs since ${run.seconds} s.`, ended: run.headline,
      settling: `${run.scenario} has ended; waiting until Prometheus has scraped the rest.` };
    add(at, "p", words[run.state]).id = "verification-state";
    for (const text of run.invalid) add(at, "p", "invalid: " + text, "trouble");
    for (const text of state.trouble) add(at, "p", text, "trouble");
    if (run.report) {
      const link = add(add(at, "p"), "a", "report of this run");
      link.href = "./verification/report.html";
      link.target = "_blank";
    }
  });
  const verdicts = (state) => fill("verdicts", (at) => {
    if (!state.verdicts.length) return;
    add(at, "h2", "Verdicts");
    table(at, "verification-verdict-table", ["condition", "verdict", "seen"],
      state.verdicts.map((one) => [one.claim, [one.outcome, one.outcome], one.reason]));
  });
  const alerts = (state) => fill("alerts", (at) => {
    if (!state.alerts.length) return;
    add(at, "h2", "Alerts");
    table(at, "verification-alert-table", ["alert", "state", "quantity", "fires when", "documented", "since"],
      state.alerts.map((one) => [one.name, [one.state, one.state], plain(one.quantity),
        one.comparator ? `${one.comparator} ${plain(one.threshold)}` : "", one.documented, one.since || one.trouble]));
  });
  const counts = (state) => fill("counts", (at) => {
    if (!state.differing.length) return;
    add(at, "h2", "Label sets that differ");
    table(at, "verification-differing-table", ["series", "client", "API", "client at the scrape", "Prometheus"],
      state.differing.map((one) => [one.metric, one.client, plain(one.api), one.client_then, plain(one.prometheus)]));
  });
  const faults = (state) => fill("faults", (at) => {
    add(at, "h2", "Faults");
    if (refused.faults) add(at, "p", refused.faults, "trouble");
    if (state.faults.trouble) add(at, "p", state.faults.trouble, state.faults.available ? "trouble" : "");
    const row = add(at, "div", null, "faults");
    for (const one of state.faults.switches) {
      const button = add(row, "button", (one.on ? "stop " : "start ") + one.title, one.on ? "on" : "");
      button.dataset.key = one.key;
      button.dataset.action = one.on ? "stop" : "start";
    }
  });
  const drills = (state) => fill("drills", (at) => {
    add(at, "h2", "Drills");
    if (refused.drills) add(at, "p", refused.drills, "trouble");
    if (state.drills.trouble) add(at, "p", state.drills.trouble);
    const row = add(at, "div", null, "faults");
    for (const one of state.drills.drills) {
      const button = add(row, "button", (one.on ? "stop the drill " : "drill ") + one.name, one.on ? "on" : "");
      button.title = one.title;
      button.dataset.key = one.name;
      button.dataset.action = one.on ? "stop" : "start";
    }
    const newest = state.drills.newest;
    if (!newest) return;
    add(at, "p", `${newest.name}: ${newest.state}` + (newest.reports ? `, in ${newest.reports}` : "")).id = "verification-drill-state";
    if (newest.verdicts.length) table(at, "verification-drill-table", ["claim", "verdict", "seen"],
      newest.verdicts.map((one) => [one.claim, [one.outcome, one.outcome.split(" ")[0]], one.reason]));
    else add(add(at, "div", null, "wide"), "pre", newest.lines.join("\n")).id = "verification-drill-lines";
  });
  for (const [part, path] of [["faults", "fault"], ["drills", "drill"]]) {
    parts[part].addEventListener("click", async (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      button.disabled = true;
      const answer = await fetch("./verification/" + path, { method: "POST", body: new URLSearchParams(button.dataset) });
      refused[part] = answer.ok ? "" : (await answer.json()).error;
      await look();
    });
  }

  const shown = (value, unit) => {
    if (value == null) return "";
    if (unit === "s") return value < 1 ? (value * 1000).toFixed(1) + " ms" : value.toFixed(2) + " s";
    return plain(value) + unit;
  };
  const draw = (state) => {
    if (!state.t.length || !box.clientWidth) return;
    for (const chart of state.charts) {
      const names = Object.keys(chart.series);
      const columns = [state.t, ...names.map((name) => chart.series[name])];
      const known = plots.get(chart.title);
      if (known && known.names === names.join()) {
        known.plot.setData(columns);
        continue;
      }
      if (known) known.element.remove();
      const element = add(parts.charts, "div", null, "chart");
      const seen = { client: 0, Prometheus: 0 };
      const series = names.map((name) => {
        const side = name.split(" ")[0];
        return { label: name, stroke: COLORS[side][seen[side]++ % 3], width: 2, spanGaps: true,
          dash: side === "Prometheus" ? [6, 4] : [], value: (u, v) => shown(v, chart.unit) };
      });
      const plot = new uPlot({
        title: chart.title, width: parts.charts.clientWidth, height: 240, scales: { x: { time: false } },
        series: [{ label: "s" }, ...series], cursor: { sync: { key: "verification" } },
        axes: [{ label: "seconds from the begin" },
          { size: 70, values: (u, ticks) => ticks.map((v) => shown(v, chart.unit)) }],
      }, columns, element);
      plots.set(chart.title, { plot, element, names: names.join() });
    }
  };
  const fit = () => {
    for (const { plot } of plots.values()) plot.setSize({ width: parts.charts.clientWidth, height: 240 });
  };

  const tab = () => [...document.querySelectorAll('[role="tab"]')].find((one) => one.textContent === "Verification");
  // before the first run Locust shows its start form and no tabs: then the section stands below the form
  const place = () => {
    const here = tab();
    const main = (here && here.closest("main")) || document.body;
    if (box.parentElement !== main) main.appendChild(box);
    box.hidden = here ? here.getAttribute("aria-selected") !== "true" : false;
  };
  let asking = false;
  const look = async () => {
    place();
    if (asking || box.hidden) return;
    asking = true;
    try {
      const answer = await fetch("./verification/state.json");
      if (answer.redirected || !answer.ok) throw new Error(`Locust answers ${answer.status}`);
      const state = await answer.json();
      for (const show of [head, verdicts, faults, drills, alerts, counts, draw]) show(state);
    } catch (error) {
      fill("head", (at) => { add(at, "p", String(error.message || error), "trouble"); });
    } finally {
      asking = false;
    }
  };
  new MutationObserver(place).observe(document.getElementById("root"), { childList: true, subtree: true, attributeFilter: ["aria-selected"] });
  window.addEventListener("resize", fit);
  setInterval(look, 1000);
  look();
})();
