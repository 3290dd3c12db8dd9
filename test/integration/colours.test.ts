import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { honest, ledgers, served, steady } from "./ledgers.ts";
import { folder, metricIs, startBroker, startWorker } from "./processes.ts";

test("under load the active colour changes to and fro and then ends, and not one request is lost", async () => {
  const file = join(folder(), "active");
  // Swapped in one step, as the kubelet does.
  const activate = (color: string): void => {
    writeFileSync(`${file}.next`, color);
    renameSync(`${file}.next`, file);
  };
  activate("blue");
  const [blue, green] = [await startBroker({ COLOR: "blue", ACTIVE_COLOR_FILE: file }), await startBroker({ COLOR: "green", ACTIVE_COLOR_FILE: file })];
  const worker = ledgers();
  const both = await startWorker([blue, green], worker(0));
  const traffic = steady([blue.frontend, green.frontend], worker.files);
  await served(blue, 200);
  await metricIs(green.ports.metrics, 'zeromq_role{role="standby"', 1);

  for (const [color, active, standby] of [
    ["green", green, blue],
    ["blue", blue, green],
    ["green", green, blue],
  ] as const) {
    activate(color);
    await metricIs(standby.ports.metrics, 'zeromq_role{role="standby"', 1);
    // Our clients leave it when they have their replies; the worker serves both.
    await metricIs(standby.ports.metrics, 'zeromq_active_connections{side="frontend"', 0);
    await metricIs(standby.ports.metrics, 'zeromq_active_connections{side="backend"', 1);
    await served(active, 200);
  }

  blue.process.kill("SIGTERM");
  expect(await blue.exit).toBe(0);
  await metricIs(both.metricsPort, "zeromq_worker_brokers", 1);
  await served(green, 200);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
  expect(report.executions).toEqual({ 1: report.sent });
});
