// A shop with express-prom-bundle and prom-client, as the README has it.
const express = require("express");
const bundle = require("express-prom-bundle");
const app = express();
app.use(bundle({ includeMethod: true, includePath: true, promClient: { collectDefaultMetrics: {} } }));
app.get("/health", (request, response) => response.json({ status: "ok" }));
app.get("/items", (request, response) => response.json([1, 2, 3]));
app.post("/items", (request, response) => response.status(201).json({ id: 4 }));
app.get("/items/:id", (request, response) => response.status(request.params.id > 100 ? 404 : 200).json({}));
app.get("/fail", (request, response) => response.status(500).json({}));
app.get("/slow", (request, response) => setTimeout(() => response.json({}), 1500));
app.listen(Number(process.argv[2]), "127.0.0.1");
