// Draws the panels of the page from the data that stands in it: lines over bands, or a table for single values. A chart
// is drawn when it comes near the window, and all of them are for paper.
"use strict";
(() => {
  const COLORS = ["#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e", "#1b7c83", "#9a6700", "#57606a"];
  const LINE = "#d1242f";
  const data = JSON.parse(document.getElementById("data").textContent);

  const shown = (value, unit) => {
    if (value == null) return "";
    if (unit === "ratio") return (100 * value).toPrecision(3) + " %";
    if (unit === "seconds") return Number(value.toPrecision(4)) + " s";
    if (unit === "USD") return "$" + Number(value.toPrecision(4));
    if (unit.startsWith("bytes")) {
      const names = ["B", "KiB", "MiB", "GiB", "TiB"];
      const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.abs(value) || 1) / 10)));
      return (value / 1024 ** power).toPrecision(4) + " " + names[power] + (unit.endsWith("second") ? "/s" : "");
    }
    return Number(value.toPrecision(5)) + (unit === "events per second" ? " /s" : "");
  };

  const table = (element, panel) => {
    const rows = panel.curves.map((curve) => {
      const row = document.createElement("tr");
      const truth = curve.low[0] == null ? "open" : shown(curve.low[0], panel.unit) + " to " + shown(curve.high[0], panel.unit);
      for (const text of [curve.name, shown(curve.v[0], panel.unit), truth]) {
        row.appendChild(document.createElement("td")).textContent = text;
      }
      return row;
    });
    const head = document.createElement("tr");
    for (const text of ["series", "panel", "truth"]) head.appendChild(document.createElement("th")).textContent = text;
    const whole = element.appendChild(document.createElement("table"));
    whole.className = "values";
    whole.append(head, ...rows);
  };

  const chart = (element, panel) => {
    const times = [...new Set(panel.curves.flatMap((curve) => curve.t))].sort((a, b) => a - b);
    const place = new Map(times.map((t, index) => [t, index]));
    const spread = (curve, key) => {
      const column = new Array(times.length).fill(null);
      curve.t.forEach((t, index) => { column[place.get(t)] = curve[key][index]; });
      return column;
    };
    const columns = [times], series = [{ label: "run time", value: (u, t) => t == null ? "" : t.toFixed(2) + " s" }], bands = [];
    panel.curves.forEach((curve, index) => {
      const color = COLORS[index % COLORS.length];
      columns.push(spread(curve, "high"), spread(curve, "low"), spread(curve, "v"));
      const edge = { class: "edge", stroke: color + "55", width: 1, points: { show: false }, spanGaps: false };
      const value = (u, v, _, i) => {
        const low = columns[3 * index + 2][i], high = columns[3 * index + 1][i];
        if (v == null || low == null) return shown(v, panel.unit);
        return shown(v, panel.unit) + ", truth " + shown(low, panel.unit) + " to " + shown(high, panel.unit);
      };
      series.push({ ...edge, label: curve.name + " at most" }, { ...edge, label: curve.name + " at least" });
      series.push({ label: curve.name, stroke: color, width: 2, spanGaps: false, value });
      bands.push({ series: [3 * index + 1, 3 * index + 2], fill: color + "22" });
    });
    const line = (u) => {
      if (panel.line == null) return;
      const y = u.valToPos(panel.line, "y", true);
      u.ctx.save();
      u.ctx.strokeStyle = LINE;
      u.ctx.setLineDash([6, 4]);
      u.ctx.lineWidth = 2;
      u.ctx.beginPath();
      u.ctx.moveTo(u.bbox.left, y);
      u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
      u.ctx.stroke();
      u.ctx.restore();
    };
    // The lines decide how high the chart is: the band of a quantile may reach far above them.
    const values = panel.curves.flatMap((curve) => curve.v).filter((value) => value != null);
    const top = values.reduce((a, b) => Math.max(a, b), panel.line ?? 0);
    const range = [values.reduce((a, b) => Math.min(a, b), 0), top > 0 ? top * 1.2 : 1];
    new uPlot({
      width: Math.max(element.clientWidth, 480), height: 240, scales: { x: { time: false }, y: { range } }, series, bands,
      axes: [{ label: "run time, s" }, { size: 100, values: (u, ticks) => ticks.map((v) => shown(v, panel.unit)) }],
      hooks: { draw: [line] },
    }, columns, element);
  };

  const draw = (element) => {
    if (element.dataset.drawn) return;
    const panel = data[element.dataset.claim];
    (panel.curves.every((curve) => curve.t.length === 1) ? table : chart)(element, panel);
    element.dataset.drawn = panel.curves.length;
  };
  const plots = [...document.querySelectorAll(".plot")].filter((element) => data[element.dataset.claim]);
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      near.unobserve(entry.target);
      draw(entry.target);
    }
    document.body.dataset.ready = "yes";
  }, { rootMargin: "100%" });
  for (const element of plots) near.observe(element);
  addEventListener("beforeprint", () => plots.forEach(draw));
  if (!plots.length) document.body.dataset.ready = "yes";
})();
