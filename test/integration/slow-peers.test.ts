import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { honest, ledgers, served, steady } from "./ledgers.ts";
import { atEnd, metric, metricIs, startBroker, startWorker, waiting, zmq } from "./processes.ts";

test("a client that does not read is disconnected before it fills the broker's memory, and costs nobody else a request", async () => {
  const broker = await startBroker({ MAX_MESSAGE_SIZE: "2000000" });
  const worker = ledgers();
  await startWorker([broker], worker(0));
  await startWorker([broker], { SERVICE: "echo" });
  const traffic = steady([broker.frontend], worker.files);
  await served(broker, 50);
  const slow = new zmq.Dealer({ linger: 0, receiveHighWaterMark: 1, sendHighWaterMark: 0, reconnectInterval: -1 });
  atEnd(() => slow.close());
  slow.connect(broker.frontend);
  const body = Buffer.alloc(1_000_000, 1);
  const sendAll = async (): Promise<void> => {
    for (let count = 0; count < 60; count += 1) await slow.send(["MDPC02", "\x01", "echo", body]);
  };
  // It never ends where the connection is lost meanwhile.
  void sendAll().catch(() => {});
  await vi.waitFor(async () => expect(await metric(broker.ports.metrics, 'zeromq_messages_dropped_total{reason="client_slow"')).toBeGreaterThan(0), waiting);
  await metricIs(broker.ports.metrics, 'zeromq_active_connections{side="frontend"', 3);
  await broker.said("a client does not read: its connection is closed");
  await served(broker, 200);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
});

test("a slow worker gets less to do, and none of its requests is lost", async () => {
  const broker = await startBroker();
  const worker = ledgers();
  const slow = worker(0);
  await startWorker([broker], { ...slow, HANDLER: join(import.meta.dirname, "handlers/slow.ts") });
  const quick = worker(1);
  await startWorker([broker], quick);
  const traffic = steady([broker.frontend], worker.files);
  await served(broker, 500);
  const report = await traffic.stop();
  honest(report);
  expect(report.failed).toEqual({});
  const runs = (file: string): number => readFileSync(file, "utf8").split("\n").length;
  expect(runs(slow["LEDGER_FILE"]!)).toBeGreaterThan(1);
  expect(runs(quick["LEDGER_FILE"]!)).toBeGreaterThan(3 * runs(slow["LEDGER_FILE"]!));
});
