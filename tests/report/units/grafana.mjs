// Prints how Grafana itself writes values: [dimension, value, prefix, text, suffix]. In a folder with this file:
//   npm install --ignore-scripts --legacy-peer-deps @grafana/data@12.2.0 react@18 react-dom@18 esbuild
//   npx esbuild grafana.mjs --bundle --platform=node --format=cjs --inject:./browser.mjs --outfile=grafana.cjs
//   node grafana.cjs | tail -1 > grafana.json
// where browser.mjs is: globalThis.window = globalThis; globalThis.addEventListener = () => {};
//   globalThis.localStorage = { getItem: () => null }; globalThis.navigator = { languages: ["en-US"], userAgent: "" };
import { getValueFormat } from "./node_modules/@grafana/data/dist/esm/valueFormats/valueFormats.mjs";

const units = {
  ratio: "percentunit", seconds: "s", bytes: "bytes", "bytes per second": "binBps", "events per second": "reqps",
  USD: "currencyUSD", number: "short",
};
const values = [
  0, 1e-9, 2.5e-6, 0.00012, 0.0049, 0.055, 0.5, 0.9999, 1, 1.5, 9.99, 59.5, 60, 61, 90, 999, 1000, 1023, 1024, 1500,
  3599, 3600, 5400, 86399, 86400, 1e5, 1048576, 1.5e6, 72552448, 1073741824, 1e9, 5.5e12, -1, -1500, -72552448,
];
const rows = [];
for (const [dimension, unit] of Object.entries(units)) {
  for (const value of values) {
    const { prefix, text, suffix } = getValueFormat(unit)(value, 6);
    rows.push([dimension, value, prefix ?? "", text, suffix ?? ""]);
  }
}
console.log(JSON.stringify(rows));
