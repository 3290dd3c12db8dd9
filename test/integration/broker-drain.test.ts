import { expect, test } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { createGate, gateHandler } from "./gate.ts";
import { atEnd, metricIs, start, startBroker, startWorker, zmq } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

const gated = { SERVICE: "gate", HANDLER: gateHandler };
const terminating = "terminating: finishing what was accepted";

function ask(broker: RunningBroker, body: string) {
  return start("client", {}, ["request", "--service", "gate", "--body", body, "--address", broker.frontend, "--timeout-ms", "60000"]);
}

async function readiness(broker: RunningBroker): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${broker.ports.metrics}/readyz`);
  return [response.status, await response.text()];
}

test("a terminating broker is not ready, answers PING, serves whoever is still there, finishes and exits 0", async () => {
  const broker = await startBroker();
  const worker = await startWorker([broker], gated);
  const [held, queued, late] = [createGate(), createGate(), createGate()];
  const clients = [ask(broker, held.body)];
  await held.started();
  clients.push(ask(broker, queued.body));
  await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="waiting"', 1);
  expect(await readiness(broker)).toEqual([200, "ready\n"]);

  broker.process.kill("SIGTERM");
  await broker.said(terminating);
  expect(await readiness(broker)).toEqual([503, "terminating\n"]);
  const healthcheck = start("healthcheck", {}, ["--address", broker.frontend]);
  expect(await healthcheck.exit).toBe(0);
  const plain = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });
  atEnd(() => plain.close());
  plain.connect(broker.frontend);
  await plain.send(["MDPC02", "\x01", "gate", late.body]);
  await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="waiting"', 2);

  for (const gate of [held, queued, late]) gate.open(4_000_000);
  expect(await Promise.all(clients.map(({ exit }) => exit))).toEqual([0, 0]);
  expect((await plain.receive()).at(-1)).toHaveLength(4_000_000);
  plain.close();
  for (const client of clients) expect(client.output()).toHaveLength(4_000_000);
  expect(await broker.exit).toBe(0);
  expect(await worker.said("connection closed")).toMatchObject({ why: "disconnected-by-broker" });
});

test("a terminating broker stays for a plain client that is connected until it leaves, and not for an idle one of ours", async () => {
  const broker = await startBroker();
  const plain = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000 });
  atEnd(() => plain.close());
  plain.connect(broker.frontend);
  const idle = createClient({ endpoints: [broker.frontend] });
  atEnd(() => idle.close());
  await idle.status();
  await metricIs(broker.ports.metrics, 'zeromq_active_connections{side="frontend"', 2);
  const response = await fetch(`http://127.0.0.1:${broker.ports.metrics}/drain`, { method: "POST" });
  expect(response.status).toBe(202);
  await broker.said(terminating);
  await plain.send(["MDPC02", "\x01", "mmi.service", "x"]);
  expect((await plain.receive()).at(-1)!.toString()).toBe("404");
  plain.close();
  expect(await broker.exit).toBe(0);
});

test("a terminating broker does not wait for a plain client that stays: it makes it come back elsewhere, and then ends", async () => {
  const broker = await startBroker({ PLAIN_CLIENT_DELAY: "1", SHUTDOWN_GRACE: "600" });
  const plain = new zmq.Dealer({ linger: 0, receiveTimeout: 20_000, reconnectInterval: -1 });
  atEnd(() => plain.close());
  plain.connect(broker.frontend);
  await plain.send(["MDPC02", "\x01", "mmi.service", "x"]);
  await plain.receive();
  broker.process.kill("SIGTERM");
  expect(await broker.exit).toBe(0);
});

test("one with nothing to do exits at once", async () => {
  const broker = await startBroker();
  broker.process.kill("SIGINT");
  expect(await broker.exit).toBe(0);
});

test("one that cannot finish says so when its grace period ends, and exits 0", async () => {
  const broker = await startBroker({ SHUTDOWN_GRACE: "0.5" });
  await startWorker([broker], gated);
  const gate = createGate();
  const client = ask(broker, gate.body);
  await gate.started();
  broker.process.kill("SIGTERM");
  expect(await broker.exit).toBe(0);
  expect(await broker.said("the grace period ended with requests unfinished: handed back as draining")).toMatchObject({
    level: "WARNING",
    held: 1,
    waiting: 0,
  });
  expect(await client.exit).toBe(1);
  expect(client.errors()).toMatch(/the broker ended before it was answered/);
});

test("a second signal ends it at once", async () => {
  const broker = await startBroker();
  await startWorker([broker], gated);
  const gate = createGate();
  ask(broker, gate.body);
  await gate.started();
  broker.process.kill("SIGTERM");
  await broker.said(terminating);
  broker.process.kill("SIGTERM");
  expect(await broker.exit).toBe(1);
});

test("workers come back to a broker that was restarted, and serve several at once", async () => {
  const [one, two] = [await startBroker(), await startBroker()];
  const worker = await startWorker([one, two], gated);
  one.process.kill("SIGKILL");
  await metricIs(worker.metricsPort, "zeromq_worker_brokers", 1);
  const again = await startBroker({ FRONTEND_ADDRESS: one.frontend, BACKEND_ADDRESS: one.backend });
  await metricIs(worker.metricsPort, "zeromq_worker_brokers", 2);
  for (const frontend of [one.frontend, two.frontend]) {
    const gate = createGate();
    gate.open();
    expect(await ask({ ...again, frontend }, gate.body).exit).toBe(0);
  }
});
