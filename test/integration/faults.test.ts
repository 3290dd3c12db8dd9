import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { cable } from "./cable.ts";
import { honest, ledgers, served, steady } from "./ledgers.ts";
import { atEnd, freePort, metric, metricIs, start, startBroker, startWorker, waiting } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

test("workers that are killed again and again under load lose no request", async () => {
  const broker = await startBroker();
  const worker = ledgers();
  const workers = [await startWorker([broker], worker(0)), await startWorker([broker], worker(1)), await startWorker([broker], worker(2))];
  const traffic = steady([broker.frontend], worker.files);
  for (let round = 0; round < 6; round += 1) {
    await served(broker, 300);
    workers[round % 3]!.process.kill("SIGKILL");
    workers[round % 3] = await startWorker([broker], worker(round % 3));
  }
  const report = await traffic.stop();
  honest(report);
  // Three kills could meet the same request only by a miracle, so nothing may fail.
  expect(report.failed).toEqual({});
  expect(Number(report.executions!["0"] ?? 0)).toBe(0);
});

test("a worker that stands still (SIGSTOP) is given up, its requests go on, and what it answers later is nobody's", async () => {
  const broker = await startBroker();
  const worker = ledgers();
  const [one] = [await startWorker([broker], worker(0)), await startWorker([broker], worker(1))];
  const traffic = steady([broker.frontend], worker.files);
  await served(broker, 200);
  one!.process.kill("SIGSTOP");
  await served(broker, 500);
  one!.process.kill("SIGCONT");
  await served(broker, 300);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
});

test("a broker that is killed costs only what it held; each of those is told as maybe, and with retries nothing is lost", async () => {
  const ports = { frontend: await freePort(), backend: await freePort(), metrics: await freePort() };
  const at = {
    FRONTEND_ADDRESS: `tcp://127.0.0.1:${ports.frontend}`,
    BACKEND_ADDRESS: `tcp://127.0.0.1:${ports.backend}`,
    METRICS_PORT: String(ports.metrics),
  };
  const begin = async (): Promise<RunningBroker> => ({ ...(await startBroker(at)), frontend: at.FRONTEND_ADDRESS, backend: at.BACKEND_ADDRESS, ports });
  let broker = await begin();
  const worker = ledgers();
  await startWorker([broker], worker(0));
  await startWorker([broker], worker(1));
  const [once, again] = [steady([broker.frontend], worker.files), steady([broker.frontend], worker.files, { retries: 5 })];
  for (let round = 0; round < 2; round += 1) {
    await served(broker, 200);
    broker.process.kill("SIGKILL");
    await broker.exit;
    broker = await begin();
  }
  await served(broker, 200);
  const reports = [await once.stop(), await again.stop()];
  for (const report of reports) honest(report);
  expect(Object.keys(reports[0]!.failed).every((name) => name === "ConnectionLost (maybe)")).toBe(true);
  expect(reports[0]!.failed["ConnectionLost (maybe)"] ?? 0).toBeLessThanOrEqual(2 * 24);
  expect(reports[1]!.failed).toEqual({});
});

test("a broker that stands still (SIGSTOP) for longer than the liveness costs nobody a request", async () => {
  const broker = await startBroker();
  const worker = ledgers();
  await startWorker([broker], worker(0));
  const traffic = steady([broker.frontend], worker.files, { retries: 5 });
  await served(broker, 200);
  broker.process.kill("SIGSTOP");
  await sleep(2_000); // the fault itself: longer than 3 × 0.3 s
  broker.process.kill("SIGCONT");
  await served(broker, 300);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
});

test("poison that kills every worker is given up by name, and costs no other request its reply", async () => {
  const broker = await startBroker();
  const worker = ledgers();
  let stopping = false;
  atEnd(() => (stopping = true));
  // Poison may kill a worker before anybody has seen that it is registered.
  const keep = async (index: number): Promise<void> => {
    while (!stopping)
      await start("worker", { BROKER_ADDRESS: broker.backend, METRICS_PORT: String(await freePort()), HEARTBEAT_INTERVAL: "0.3", ...worker(index) }).exit;
  };
  for (const index of [0, 1]) void keep(index);
  const traffic = steady([broker.frontend], worker.files);
  await served(broker, 100);
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  await expect(client.request("faulty", "poison", { timeoutMs: 20_000 })).rejects.toMatchObject({ name: "WorkerLost", executed: "maybe" });
  await served(broker, 100);
  stopping = true;
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
});

test("a worker behind a cable that is pulled is given up by both sides, and comes back when it is mended", async () => {
  const broker = await startBroker();
  const worker = ledgers();
  const way = await cable(broker.ports.backend);
  const far = await startWorker([{ ...broker, backend: `tcp://127.0.0.1:${way.port}` }], worker(0));
  await startWorker([broker], worker(1));
  const traffic = steady([broker.frontend], worker.files);
  await served(broker, 200);
  way.cut();
  await vi.waitFor(async () => expect(await metric(broker.ports.metrics, 'zeromq_known{kind="workers"')).toBe(1), waiting);
  await vi.waitFor(async () => expect(await metric(far.metricsPort, "zeromq_worker_brokers")).toBe(0), waiting);
  way.mend();
  await vi.waitFor(async () => expect(await metric(far.metricsPort, "zeromq_worker_brokers")).toBe(1), { timeout: 30_000, interval: 50 });
  await served(broker, 200);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
});

test("a handler that blocks its whole thread for longer than the liveness keeps its connection and its request", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "block", HANDLER: join(import.meta.dirname, "handlers/block.ts") });
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  const reply = await client.request("block", "2000", { timeoutMs: 20_000 });
  expect(reply.toString()).toBe("done");
  expect(broker.lines().filter(({ message }) => message === "worker left")).toEqual([]);
  expect(await metric(broker.ports.metrics, "zeromq_redeliveries_total")).toBe(0);
});

test("a client that computes for longer than the liveness gets every reply", async () => {
  const broker = await startBroker();
  const worker = ledgers();
  await startWorker([broker], worker(0));
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  const ask = (from: number): Promise<string>[] =>
    Array.from({ length: 50 }, (_, index) => client.request("faulty", `${from + index}`, { timeoutMs: 20_000 }).then(String));
  const before = ask(0);
  await before[0];
  const replies = [...before, ...ask(50)];
  for (const untilMs = performance.now() + 2_000; performance.now() < untilMs; ) Math.sqrt(2);
  expect(await Promise.all(replies)).toEqual(Array.from({ length: 100 }, (_, index) => String(index)));
});

test("a client behind a cable that is pulled goes to another broker", async () => {
  const brokers = [await startBroker(), await startBroker()] as const;
  const worker = ledgers();
  await startWorker(brokers, worker(0));
  const way = await cable(brokers[0].ports.frontend);
  const traffic = steady([`tcp://127.0.0.1:${way.port}`, brokers[1].frontend], worker.files, { retries: 5 });
  await served(brokers[0], 100);
  way.cut();
  await served(brokers[1], 300);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
  await metricIs(brokers[0].ports.metrics, 'zeromq_active_connections{side="frontend"', 0);
});

test("a wall clock that leaps by years changes nothing", async () => {
  const leaping = { NODE_OPTIONS: `--import=${join(import.meta.dirname, "leaping-clock.ts")}` };
  const broker = await startBroker(leaping);
  const worker = ledgers();
  await startWorker([broker], { ...worker(0), ...leaping });
  const years = new Set(
    broker
      .lines()
      .concat(await broker.said("worker joined"))
      .map(({ timestamp }) => String(timestamp).slice(0, 4)),
  );
  expect(years.size).toBeGreaterThan(1);
  const args = ["load", "--service", "faulty", "--count", "2000", "--json", "--executions", ...worker.files, "--address", broker.frontend];
  const client = start("client", leaping, args);
  expect([await client.exit, client.errors()]).toEqual([0, ""]);
  expect(JSON.parse(client.output().toString())).toMatchObject({ sent: 2000, replied: 2000, failed: {}, duplicated: 0, executions: { 1: 2000 } });
  expect(broker.lines().filter(({ message }) => message === "worker left")).toEqual([]);
});
