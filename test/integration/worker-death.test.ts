import { expect, test } from "vitest";
import { createGate, gateHandler } from "./gate.ts";
import { metricIs, start, startBroker, startWorker } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

const gated = { SERVICE: "gate", HANDLER: gateHandler };
const ended = (outcome: string): string => `zeromq_requests_ended_total{outcome="${outcome}"`;

function ask(broker: RunningBroker, service: string, body: string) {
  return start("client", {}, ["request", "--service", service, "--body", body, "--address", broker.frontend, "--timeout-ms", "20000"]);
}

test("a request survives the SIGKILL of the worker that runs it", async () => {
  const broker = await startBroker();
  const workers = [await startWorker([broker], gated), await startWorker([broker], gated)];
  const gate = createGate();
  const client = ask(broker, "gate", gate.body);
  const [first] = await gate.started();
  workers.find(({ process }) => process.pid === first)!.process.kill("SIGKILL");
  const pids = await gate.started(2);
  gate.open();
  expect([await client.exit, client.output().toString()]).toEqual([0, String(pids[1])]);
  expect(pids[1]).not.toBe(first);
});

test("the death is noticed when the connection breaks, not at the next heartbeat", async () => {
  const rare = { HEARTBEAT_INTERVAL: "600" };
  const broker = await startBroker(rare);
  const worker = await startWorker([broker], { ...gated, ...rare });
  const gate = createGate();
  const client = ask(broker, "gate", gate.body);
  await gate.started();
  worker.process.kill("SIGKILL");
  await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="waiting"', 1);
  client.process.kill("SIGTERM");
});

test("it waits for a worker that comes later", async () => {
  const broker = await startBroker();
  const worker = await startWorker([broker], gated);
  const gate = createGate();
  const client = ask(broker, "gate", gate.body);
  await gate.started();
  worker.process.kill("SIGKILL");
  await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="waiting"', 1);
  gate.open();
  await startWorker([broker], gated);
  expect(await client.exit).toBe(0);
});

test("a request that kills every worker is given up after MAX_DELIVERIES", async () => {
  const broker = await startBroker({ MAX_DELIVERIES: "2" });
  const gate = createGate();
  const client = ask(broker, "gate", gate.body);
  for (const delivery of [1, 2]) {
    const worker = await startWorker([broker], gated);
    await gate.started(delivery);
    worker.process.kill("SIGKILL");
  }
  await metricIs(broker.ports.metrics, ended("worker_lost"), 1);
  await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="waiting"', 0);
  client.process.kill("SIGTERM");
});

test("a worker finishes on SIGTERM what it holds, and exits 0", async () => {
  const broker = await startBroker();
  const worker = await startWorker([broker], gated);
  const gate = createGate();
  const client = ask(broker, "gate", gate.body);
  await gate.started();
  worker.process.kill("SIGTERM");
  await worker.said("terminating: finishing what it holds");
  gate.open(8_000_000);
  expect(await client.exit).toBe(0);
  expect(Number(client.output().toString())).toBe(worker.process.pid);
  expect(client.output()).toHaveLength(8_000_000);
  expect(await worker.exit).toBe(0);
});

test("workers that leave one by one under load lose nothing", async () => {
  const broker = await startBroker();
  const workers = [await startWorker([broker], gated), await startWorker([broker], gated), await startWorker([broker], gated)];
  const gates = Array.from({ length: 12 }, createGate);
  const clients = gates.map(({ body }) => ask(broker, "gate", body));
  await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="waiting"', gates.length - workers.length);
  workers[0]!.process.kill("SIGTERM");
  workers[1]!.process.kill("SIGTERM");
  for (const gate of gates) gate.open();
  expect(await Promise.all(clients.map(({ exit }) => exit))).toEqual(gates.map(() => 0));
  expect([await workers[0]!.exit, await workers[1]!.exit]).toEqual([0, 0]);
});

test("a worker ends within its grace period though its handler does not", async () => {
  const broker = await startBroker();
  const worker = await startWorker([broker], { ...gated, SHUTDOWN_GRACE: "0.5" });
  const gate = createGate();
  const client = ask(broker, "gate", gate.body);
  await gate.started();
  worker.process.kill("SIGTERM");
  expect(await worker.exit).toBe(0);
  gate.open();
  await startWorker([broker], gated);
  expect(await client.exit).toBe(0);
});

test("a handler's failure is logged with its stack, counted, and not tried elsewhere; the worker comes back", async () => {
  const broker = await startBroker();
  const worker = await startWorker([broker], { SERVICE: "failing", HANDLER: new URL("handlers/failing.ts", import.meta.url).pathname });
  const client = start("client", {}, ["request", "--service", "failing", "--body", "bad", "--address", broker.frontend, "--timeout-ms", "20000"]);
  const line = await worker.said("handler failed");
  expect(line).toMatchObject({
    level: "ERROR",
    logger: "zeromq.worker",
    module: "worker",
    err: { type: "Error", stack: expect.stringContaining("failing.ts") },
  });
  await metricIs(broker.ports.metrics, ended("failed"), 1);
  await metricIs(worker.metricsPort, 'zeromq_worker_requests_total{outcome="failed"', 1);
  expect(await client.exit).toBe(1);
  const good = ask(broker, "failing", "good");
  expect([await good.exit, good.output().toString()]).toEqual([0, "fine"]);
});

test("a handler that takes too long is a failure", async () => {
  const broker = await startBroker();
  const worker = await startWorker([broker], { ...gated, WORKER_TIMEOUT: "0.2" });
  const client = ask(broker, "gate", createGate().body);
  expect(await worker.said("handler timed out")).toMatchObject({ level: "ERROR" });
  await metricIs(worker.metricsPort, 'zeromq_worker_requests_total{outcome="timed_out"', 1);
  await metricIs(broker.ports.metrics, ended("expired"), 1);
  client.process.kill("SIGTERM");
});

test("a large reply that was handed over leaves before its worker does", async () => {
  const broker = await startBroker();
  for (let round = 0; round < 3; round += 1) {
    const worker = await startWorker([broker], gated);
    const gate = createGate();
    const client = ask(broker, "gate", gate.body);
    await gate.started();
    worker.process.kill("SIGTERM");
    await worker.said("terminating: finishing what it holds");
    gate.open(15_000_000);
    expect(await worker.exit).toBe(0);
    expect([await client.exit, client.output().length]).toEqual([0, 15_000_000]);
  }
});

test("a reply over MAX_MESSAGE_SIZE is its handler's failure, named in the log, and costs no worker", async () => {
  const broker = await startBroker();
  const worker = await startWorker([broker], { ...gated, MAX_MESSAGE_SIZE: "1000" });
  const gate = createGate();
  const client = ask(broker, "gate", gate.body);
  await gate.started();
  gate.open(1001);
  await worker.said("the reply has 1001 bytes, at most 1000 are allowed (MAX_MESSAGE_SIZE)");
  await metricIs(broker.ports.metrics, ended("too_large"), 1);
  client.process.kill("SIGTERM");
});
