// The parts of the verification tab that a table cannot show: verdict and alerts above Locust's own table of counts, the
// rest below it. They belong to nobody but themselves: Locust's page is React's, so they are put back whenever React has
// replaced what they stood in.
"use strict";
(() => {
  // as the style sheet has them: what is drawn is not reached by it
  const LOOKS = {
    light: {
      client: ["#0969da", "#1b7c83", "#8250df"], Prometheus: ["#e16f24", "#762c00", "#cf222e"],
      text: "#1f2328", grid: "#d1d9e0", bad: "#cf222e", soon: "#9a6700", good: "#1a7f37", told: "#8250df",
    },
    dark: {
      client: ["#58a6ff", "#39c5cf", "#d2a8ff"], Prometheus: ["#ffa657", "#e3b341", "#ff7b72"],
      text: "#e6edf3", grid: "#3d444d", bad: "#ff7b72", soon: "#d29922", good: "#3fb950", told: "#d2a8ff",
    },
  };
  let looks = LOOKS.light;
  const parts = {};
  const section = (id, ...names) => {
    const made = document.createElement("section");
    made.id = id;
    made.className = "verification";
    made.hidden = true;
    for (const name of names) {
      parts[name] = made.appendChild(document.createElement("div"));
      parts[name].id = "verification-" + name;
    }
    return made;
  };
  const top = section("verification-top", "head", "verdicts", "alerts", "faults");
  const box = section("verification", "counts", "charts", "events", "drills");
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

  // what somebody who is on call wants to know first; a watchdog that fires is what it should do
  const now = (at, all) => {
    if (!all.length) return;
    const line = add(at, "p");
    line.id = "verification-now";
    const said = [
      ["firing: ", "firing", (alert) => alert.state === "firing" && !alert.always],
      ["pending: ", "pending", (alert) => alert.state === "pending" && !alert.always],
      ["not firing, and it always should: ", "firing", (alert) => alert.state !== "firing" && alert.always],
      ["not loaded: ", "absent", (alert) => alert.state === "absent" && !alert.always],
    ];
    for (const [title, kind, is] of said) {
      const names = all.filter(is).map((alert) => alert.name);
      if (names.length) add(line, "span", title + names.join(", "), kind);
    }
    if (!line.children.length) add(line, "span", "no alert is pending or firing", "inactive");
  };
  const head = (state) => fill("head", (at) => {
    const run = state.run;
    const words = { waiting: "No run yet: start one, and what the client, the API and Prometheus count is compared here.",
      running: `${run.scenario} has been running for ${run.seconds} s.`, ended: run.headline,
      settling: `${run.scenario} has ended; waiting until Prometheus has scraped the rest.` };
    add(at, "p", words[run.state]).id = "verification-state";
    now(at, state.alerts);
    for (const text of run.invalid) add(at, "p", "invalid: " + text, "trouble");
    for (const text of state.trouble) add(at, "p", text, "trouble");
    const links = Object.entries(state.links);
    if (links.length) {
      const line = add(at, "p");
      for (const [name, url] of links) {
        const link = add(line, "a", name);
        link.href = url;
        link.target = "_blank";
        link.rel = "noopener";
      }
    }
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
    table(at, "verification-alert-table", ["alert", "state", "quantity", "loaded: fires when", "documented", "since"],
      state.alerts.map((alert) => [alert.name, [alert.state, shade(alert)], alert.shown, alert.loaded, alert.documented,
        alert.trouble || waited(alert)]));
    for (const row of at.querySelectorAll("tr")) {
      const alert = state.alerts.find((known) => known.name === row.cells[0].textContent);
      if (alert && alert.state === "pending" && alert.for) {
        const bar = add(row.cells[1], "progress");
        bar.max = alert.for;
        bar.value = Math.min(alert.lasts, alert.for);
        bar.title = `${alert.lasts} s of ${alert.for} s`;
      }
    }
  });
  const shade = (alert) => !alert.always ? alert.state : alert.state === "firing" ? "pass" : "fail";
  const waited = (alert) => alert.lasts == null ? "" :
    alert.state === "pending" ? `${alert.lasts} s of ${alert.for} s` : `${alert.lasts} s`;
  const events = (state) => fill("events", (at) => {
    if (!state.events.length) return;
    add(at, "h2", "What happened");
    table(at, "verification-event-table", ["second", "what"],
      state.events.slice(-12).reverse().map((event) => [event.t.toFixed(1), [event.text, event.kind]]));
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
  const MARKS = { fault: "bad", healed: "good", pending: "soon", firing: "bad", told: "told", resolved: "good" };
  let marks = [];
  // how far down the name of each mark stands, so that it is not written over that of a mark close before it; marks: [x, length]
  const lowered = (marks, close) => {
    let before = -Infinity, down = 0;
    return marks.map(([x, length]) => {
      if (x - before >= close) down = 0;
      before = x;
      down += length;
      return down - length;
    });
  };
  // a line for each event, its kind written along it
  const mark = (plot) => {
    const { ctx, bbox } = plot;
    const scale = plot.scales.x;
    ctx.save();
    ctx.font = `${10 * devicePixelRatio}px sans-serif`;
    const seen = marks.filter((event) => event.kind in MARKS && event.t >= scale.min && event.t <= scale.max)
      .sort((one, other) => one.t - other.t);
    const places = seen.map((event) => Math.round(plot.valToPos(event.t, "x", true)));
    const lengths = seen.map((event) => ctx.measureText(event.kind).width + 5 * devicePixelRatio);
    const downs = lowered(places.map((x, index) => [x, lengths[index]]), 12 * devicePixelRatio);
    for (const [index, event] of seen.entries()) {
      const x = places[index];
      ctx.strokeStyle = ctx.fillStyle = looks[MARKS[event.kind]];
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.save();
      ctx.translate(x - 3 * devicePixelRatio, bbox.top + 4 * devicePixelRatio + downs[index]);
      ctx.rotate(-Math.PI / 2);
      ctx.textAlign = "right";
      ctx.textBaseline = "bottom";
      ctx.fillText(event.kind, 0, 0);
      ctx.restore();
    }
    ctx.restore();
  };
  const draw = (state) => {
    marks = state.events;
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
      const axis = { stroke: looks.text, grid: { stroke: looks.grid, width: 1 }, ticks: { stroke: looks.grid, width: 1 } };
      const series = names.map((name) => {
        const side = name.split(" ")[0];
        return { label: name, stroke: looks[side][seen[side]++ % 3], width: 2, spanGaps: true,
          dash: side === "Prometheus" ? [6, 4] : [], value: (u, v) => shown(v, chart.unit) };
      });
      const plot = new uPlot({
        title: chart.title, width: parts.charts.clientWidth, height: 240, hooks: { draw: [mark] },
        scales: { x: { time: false }, y: { range: (u, least, most) => [0, most > 0 ? uPlot.rangeNum(0, most, 0.1, true)[1] : 1] } },
        series: [{ label: "second" }, ...series], cursor: { sync: { key: "verification" } },
        axes: [{ label: "seconds since the start", ...axis },
          { size: 80, values: (u, ticks) => ticks.map((v) => shown(v, chart.unit)), ...axis }],
      }, columns, element);
      plots.set(chart.title, { plot, element, names: names.join() });
    }
  };
  const fit = () => {
    for (const { plot } of plots.values()) plot.setSize({ width: parts.charts.clientWidth, height: 240 });
  };

  // Locust has a switch of its own for light and dark: what it has chosen is the colour behind everything
  const theme = () => {
    const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number);
    const isDark = 0.299 * red + 0.587 * green + 0.114 * blue < 128 && !/, 0\)$/.test(getComputedStyle(document.body).backgroundColor);
    const chosen = isDark ? LOOKS.dark : LOOKS.light;
    for (const part of [top, box]) part.classList.toggle("dark", isDark);
    if (chosen === looks) return;
    looks = chosen;
    for (const { plot, element } of plots.values()) {
      plot.destroy();
      element.remove();
    }
    plots.clear();
  };

  const tab = () => [...document.querySelectorAll('[role="tab"]')].find((one) => one.textContent === "Verification");
  // what holds the tabs and not yet the counts; nothing while Locust has not drawn the table
  const bar = (here, main) => {
    let holder = here;
    while (holder.parentElement !== main && !holder.parentElement.querySelector("table:not(.verification table)")) {
      holder = holder.parentElement;
    }
    return holder;
  };
  // before the first run Locust shows its start form and no tabs: then both sections stand below the form
  const place = () => {
    const here = tab();
    const main = (here && here.closest("main")) || document.querySelector("main") || document.body;
    if (main.lastElementChild !== box) main.appendChild(box);  // React adds what follows the form behind it
    const above = here ? bar(here, main) : null;
    if (above && above.nextElementSibling !== top) above.after(top);
    if (!above && box.previousElementSibling !== top) box.before(top);
    top.classList.toggle("inside", Boolean(above));
    top.hidden = box.hidden = here ? here.getAttribute("aria-selected") !== "true" : false;
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
      theme();
      for (const show of [head, verdicts, alerts, faults, counts, draw, events, drills]) show(state);
    } catch (error) {
      fill("head", (at) => {
        add(at, "p", `Nothing new, and what stands below is old: ${error.message || error}`, "trouble");
      });
    } finally {
      asking = false;
    }
  };
  new MutationObserver(place).observe(document.getElementById("root"), { childList: true, subtree: true, attributeFilter: ["aria-selected"] });
  window.addEventListener("resize", fit);
  setInterval(look, 1000);
  look();
})();
