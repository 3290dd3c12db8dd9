/** `npm run measure:dashboard`: docs/dashboard.svg, the dashboard's panels from the Prometheus of a stack at work. Needs the cluster of `npm run up`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, test } from "vitest";
import type { Panel } from "../../monitoring/dashboards/panel.ts";
import { overview, services } from "../../monitoring/dashboards/requests.ts";
import { saturation } from "../../monitoring/dashboards/saturation.ts";
import { colours } from "../../monitoring/dashboards/switch.ts";
import { workers } from "../../monitoring/dashboards/workers.ts";
import { names } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import { LoadPod } from "../e2e/load.ts";
import { asGrafanaAsks, Prometheus } from "../e2e/prometheus.ts";
import { succeed, TestStack } from "../e2e/stack.ts";
import { type Drawn, legendOf, picture } from "./panels.ts";

const stack = new TestStack("dashboard", {
  broker: { replicas: 2 },
  standbyReplicas: 1,
  scaleDownDelaySeconds: 5,
  smoke: { service: "echo", request: "ping", reply: "ping" },
  workers: [
    { service: "work", replicas: 2, env: { WORKER_CONCURRENCY: "50" } },
    { service: "echo", replicas: 1, env: { WORKER_CONCURRENCY: "32" } },
  ],
  prometheus: { enabled: true, scrapeIntervalSeconds: 5, volume: { temporary: true } },
});
const prometheus = new Prometheus(stack);
const frontend = `tcp://${names.brokerService}:${ports.frontend}`;
const shown = [overview, colours, services, workers, saturation];
const stepSeconds = 5;
let image = "";

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const load = (name: string, service: string, ...options: string[]) =>
  LoadPod.ours(stack, name, image, ["--address", frontend, "--service", service, "--timeout-ms", "30000", ...options]);

async function drawn(panel: Panel, from: number, to: number): Promise<Drawn> {
  const all = await Promise.all(
    Object.entries(panel.queries).map(async ([legend, query]) =>
      (await prometheus.between(asGrafanaAsks(query), from, to, stepSeconds)).flatMap(({ metric, values }) =>
        values.map(([at, value]) => ({ legend: legendOf(legend, metric), seconds: at - from, value: Number(value) })),
      ),
    ),
  );
  return { panel, points: all.flat().filter(({ value }) => Number.isFinite(value)) };
}

beforeAll(async () => {
  await succeed(stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"])); // of a run that was killed
  await succeed(stack.init());
  await succeed(stack.up());
  image = JSON.parse((await stack.pulumi(["stack", "output", "images", "--json"])).stdout.toString()).blue;
});

afterAll(async () => {
  await stack.pulumi(["destroy", "--yes", "--skip-preview"]);
  stack.remove();
});

test("the dashboard of a stack that works, has too much to do for a while, and switches", async () => {
  const pods = [
    await load("dash-work", "work", "--connections", "10", "--rate", "60", "--work-ms", "1-400"),
    await load("dash-echo", "echo", "--connections", "4", "--rate", "120"),
  ];
  await sleep(60_000); // rates need a minute
  const from = nowSeconds();
  await sleep(60_000);
  const flood = await load("dash-flood", "work", "--connections", "10", "--concurrency", "40", "--work-ms", "500-1500");
  await sleep(45_000);
  await flood.ledger();
  await sleep(45_000);
  await stack.set("activeColor", "green");
  await succeed(stack.up());
  await sleep(60_000);
  const to = nowSeconds();
  const rows = await Promise.all(shown.map(async (row) => ({ row, drawn: await Promise.all(row.panels.map((panel) => drawn(panel, from, to))) })));
  const mark = (await prometheus.between('max(zeromq_role{role="active",color="green"}) == 1', from, to, stepSeconds))[0]!.values[0]![0] - from;
  writeFileSync(join(import.meta.dirname, "../../docs/dashboard.svg"), `${await picture("ZeroMQ Monitoring", rows, to - from, [mark])}\n`);
  await Promise.all(pods.map((pod) => pod.ledger()));
});
