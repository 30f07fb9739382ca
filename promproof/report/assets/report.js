// Draws the charts of the report from the data that stands in it.
"use strict";
(() => {
  const COLORS = ["#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e"];
  const data = JSON.parse(document.getElementById("data").textContent);
  const place = document.getElementById("charts");
  const shown = (value, unit) => {
    if (value == null) return "";
    if (unit === "s") return value < 1 ? (value * 1000).toFixed(1) + " ms" : value.toFixed(3) + " s";
    return Number(value.toPrecision(4)) + unit;
  };
  for (const chart of data.charts) {
    const names = Object.keys(chart.series);
    if (!data.t.length || !names.length) continue;
    const element = place.appendChild(document.createElement("div"));
    element.className = "chart";
    const series = names.map((name, index) => ({
      label: name, stroke: COLORS[index % COLORS.length], width: 2, spanGaps: true, value: (u, v) => shown(v, chart.unit),
    }));
    new uPlot({
      title: chart.title, width: place.clientWidth, height: 220, scales: { x: { time: false } },
      series: [{ label: "s" }, ...series],
      axes: [{ label: "seconds from the begin" }, { size: 70, values: (u, ticks) => ticks.map((v) => shown(v, chart.unit)) }],
      cursor: { sync: { key: "course" } },
    }, [data.t, ...names.map((name) => chart.series[name])], element);
  }
})();
