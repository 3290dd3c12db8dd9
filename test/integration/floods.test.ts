import type { Socket } from "node:net";
import { expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { halfOpen } from "./attacks.ts";
import { honest, ledgers, served, steady } from "./ledgers.ts";
import { atEnd, metric, metricIs, startBroker, startWorker, waiting, zmq } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

/** Connections that never say a word. */
async function silent(port: number, count: number): Promise<Socket[]> {
  const sockets = await halfOpen({ host: "127.0.0.1", port }, count, Buffer.alloc(0));
  atEnd(() => {
    for (const socket of sockets) socket.destroy();
  });
  return sockets;
}

async function newClientIsServed(broker: RunningBroker): Promise<void> {
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  expect((await client.request("faulty", "new here", { timeoutMs: 20_000 })).toString()).toBe("new here");
  client.close();
}

test("a flood of silent connections keeps neither those who are there nor those who come from being served", async () => {
  // Nobody is thrown out for being slow while this test lasts.
  const broker = await startBroker({ RCVTIMEO: "600000" });
  const worker = ledgers();
  await startWorker([broker], worker(0));
  const traffic = steady([broker.frontend], worker.files);
  await served(broker, 50);
  for (const port of [broker.ports.frontend, broker.ports.backend]) {
    for (let round = 0; round < 4; round += 1) await silent(port, 500);
  }
  await newClientIsServed(broker);
  await startWorker([broker], worker(1));
  await served(broker, 200);
  for (const side of ["frontend", "backend"]) expect(await metric(broker.ports.metrics, `zeromq_handshake_failures_total{side="${side}"`)).toBeGreaterThan(500);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
});

test("a broker that has run out of descriptors serves those who are there, and everybody again when there are some", async () => {
  const broker = await startBroker({ RCVTIMEO: "600000" }, "ulimit -n 128");
  const worker = ledgers();
  await startWorker([broker], worker(0));
  const traffic = steady([broker.frontend], worker.files);
  await served(broker, 50);
  const held = [...(await silent(broker.ports.frontend, 150)), ...(await silent(broker.ports.metrics, 20))];
  // The system turns away whom the broker can't take.
  await vi.waitFor(() => expect(held.filter(({ closed }) => closed).length).toBeGreaterThan(0), waiting);
  const before = traffic.ended();
  await vi.waitFor(() => expect(traffic.ended()).toBeGreaterThan(before + 200), waiting);
  for (const socket of held) socket.destroy();
  await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${broker.ports.metrics}/livez`)).status).toBe(200), waiting);
  await newClientIsServed(broker);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
});

test("a client that asks for all it can leaves the others their share", async () => {
  const broker = await startBroker({ MAX_QUEUED_REQUESTS: "1000", MAX_REQUESTS_PER_CLIENT: "400" });
  const worker = ledgers();
  await startWorker([broker], worker(0));
  const greedy = new zmq.Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 });
  atEnd(() => greedy.close());
  greedy.connect(broker.frontend);
  for (let count = 0; count < 5_000; count += 1) await greedy.send(["MDPC02", "\x01", "faulty", "mine"]);
  await vi.waitFor(
    async () => expect(await metric(broker.ports.metrics, 'zeromq_requests_rejected_total{bound="MAX_REQUESTS_PER_CLIENT"')).toBeGreaterThan(0),
    waiting,
  );
  const traffic = steady([broker.frontend], worker.files);
  await served(broker, 600);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
  expect(await metric(broker.ports.metrics, 'zeromq_requests_rejected_total{bound="MAX_QUEUED_REQUESTS"')).toBe(0);
});

test("a flood of services that nobody serves leaves room for one that is served", async () => {
  const broker = await startBroker({ MAX_SERVICES: "50", LONGEST_REQUEST: "10" });
  const worker = ledgers();
  await startWorker([broker], worker(0));
  const traffic = steady([broker.frontend], worker.files);
  const peer = new zmq.Dealer({ linger: 0, sendHighWaterMark: 0 });
  atEnd(() => peer.close());
  peer.connect(broker.frontend);
  for (let index = 0; index < 10_000; index += 1) await peer.send(["MDPC02", "\x01", `nobody serves ${index}`, "x"]);
  await vi.waitFor(
    async () => expect(await metric(broker.ports.metrics, 'zeromq_requests_rejected_total{bound="MAX_SERVICES"')).toBeGreaterThan(1_000),
    waiting,
  );
  expect(await metric(broker.ports.metrics, 'zeromq_known{kind="services"')).toBeLessThanOrEqual(50);
  await served(broker, 100);
  // Names are forgotten with their last request.
  await metricIs(broker.ports.metrics, 'zeromq_known{kind="services"', 1);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
});
