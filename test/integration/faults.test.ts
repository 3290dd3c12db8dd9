import { createServer, connect } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { load } from "../../services/client/load.ts";
import type { Report } from "../../services/client/ledger.ts";
import { atEnd, folder, freePort, metric, startBroker, startWorker, waiting } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

const faulty = join(import.meta.dirname, "handlers/faulty.ts");

/** A load that goes on until it is told to stop; what became of each request is the oracle. */
function steady(endpoints: readonly string[], files: readonly string[], rest: { retries?: number; body?: Buffer } = {}): { stop(): Promise<Report>; ended(): number } {
  const abort = new AbortController();
  let ended = 0;
  const report = load({
    endpoints, service: "faulty", connections: 3, concurrency: 8, count: undefined, durationSeconds: 50, rate: undefined, size: 64, body: rest.body, timeoutMs: 20_000, retries: rest.retries ?? 0,
    checksReplies: true, executions: files, signal: abort.signal, onProgress: (_sent, now) => (ended = now),
  });
  return {
    stop() {
      abort.abort();
      return report;
    },
    ended: () => ended,
  };
}

const ledgers = (): ((index: number) => Record<string, string>) & { files: string[] } => {
  const path = folder();
  const files: string[] = [];
  return Object.assign(
    (index: number) => {
      const file = join(path, `ledger-${index}`);
      if (!files.includes(file)) files.push(file);
      return { SERVICE: "faulty", HANDLER: faulty, LEDGER_FILE: file, WORKER_CONCURRENCY: "4" };
    },
    { files },
  );
};

/** Whatever happens, each request has one outcome, the right reply, and `executed: no` is true. */
function honest(report: Report): void {
  expect(report).toMatchObject({ duplicated: 0, wrong: 0, wronglyNo: 0 });
  expect(report.replied + Object.values(report.failed).reduce((sum, count) => sum + count, 0)).toBe(report.sent);
}

async function served(broker: RunningBroker, more: number): Promise<void> {
  const series = 'zeromq_requests_ended_total{outcome="replied"';
  const before = (await metric(broker.ports.metrics, series)) ?? 0;
  await vi.waitFor(async () => expect((await metric(broker.ports.metrics, series)) ?? 0).toBeGreaterThan(before + more), waiting);
}

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
  const at = { FRONTEND_ADDRESS: `tcp://127.0.0.1:${ports.frontend}`, BACKEND_ADDRESS: `tcp://127.0.0.1:${ports.backend}`, METRICS_PORT: String(ports.metrics) };
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
  const keep = async (index: number): Promise<void> => {
    while (!stopping) await (await startWorker([broker], worker(index))).exit;
  };
  for (const index of [0, 1]) void keep(index).catch(() => {});
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

/** A way to a port that can be cut without a word: neither side is told, as when a cable is pulled. */
async function cable(to: number): Promise<{ port: number; cut(): void; mend(): void }> {
  const sockets = new Set<Socket>();
  let through = true;
  const server = createServer((near) => {
    if (!through) {
      sockets.add(near);
      return;
    }
    const far = connect(to, "127.0.0.1");
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.on("data", (chunk) => through && other.write(chunk)).on("error", () => {}).on("close", () => through && other.destroy());
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  atEnd(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port, cut: () => (through = false), mend: () => (through = true) };
}

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

test("descriptors and memory stay flat while peers come and go", async () => {
  const broker = await startBroker();
  const worker = ledgers();
  await startWorker([broker], worker(0));
  const round = async (): Promise<void> => {
    const clients = Array.from({ length: 50 }, () => createClient({ endpoints: [broker.frontend] }));
    await Promise.all(clients.map((client) => client.request("faulty", Buffer.alloc(1_000, 1), { timeoutMs: 20_000 })));
    for (const client of clients) client.close();
    await vi.waitFor(async () => expect(await metric(broker.ports.metrics, 'zeromq_active_connections{side="frontend"')).toBe(0), waiting);
  };
  await round();
  const before = (await metric(broker.ports.metrics, "process_open_fds"))!;
  for (let count = 0; count < 10; count += 1) await round();
  expect(await metric(broker.ports.metrics, "process_open_fds")).toBeLessThanOrEqual(before + 2);
  expect(await metric(broker.ports.metrics, 'zeromq_known{kind="clients"')).toBe(0);
  expect(await metric(broker.ports.metrics, "zeromq_queue_bytes")).toBe(0);
});
