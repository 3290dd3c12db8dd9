/**
 * `node test/bench/scrape.ts [SERVICES] [SCRAPES]`: what a scrape costs the event loop of a broker that has so many services, with
 * ten workers and a hundred waiting requests each, HTTP included. The scraper is a thread of its own. The processor time of the
 * broker's thread is shown beside the loop's active time, in which others that want the processor show, too.
 */
import { performance } from "node:perf_hooks";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createBroker } from "../../services/broker/core.ts";
import { createMeasures } from "../../services/broker/measures.ts";
import type { Outbox } from "../../services/broker/outbox.ts";
import { readBrokerSettings } from "../../services/broker/settings.ts";
import type { ClientPeer, WorkerPeer } from "../../services/broker/state.ts";
import { serveHttp } from "../../services/process/http.ts";

const services = Number(process.argv[2] ?? 100);
const scrapes = Number(process.argv[3] ?? 300);
const warmUp = 50;
const [workersEach, waitingEach] = [10, 100];

if (isMainThread) await measure();
else await scrape((workerData as { port: number }).port);

/** Scrapes one by one; in between the broker's thread looks at what its event loop did. */
async function scrape(port: number): Promise<void> {
  for (let count = 0; count < warmUp + scrapes; count += 1) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await new Promise((resolve) => {
      parentPort!.once("message", resolve);
      parentPort!.postMessage(text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length);
    });
  }
  parentPort!.postMessage("done");
}

async function measure(): Promise<void> {
  const core = load();
  const held: number[] = [];
  const active: number[] = [];
  const used: number[] = [];
  const { exposition } = core.measures;
  const timed = {
    contentType: exposition.contentType,
    async metrics() {
      const startedAtMs = performance.now();
      const text = await exposition.metrics();
      held.push(performance.now() - startedAtMs);
      return text;
    },
  };
  const http = await serveHttp({ port: 0, exposition: timed, notReady: () => undefined });
  let series = 0;
  let before = performance.eventLoopUtilization();
  let usedBefore = process.threadCpuUsage();
  const scraper = new Worker(new URL(import.meta.url), { argv: process.argv.slice(2), workerData: { port: http.port } });
  await new Promise<void>((resolve) => {
    scraper.on("message", (said: number | "done") => {
      if (said === "done") return resolve();
      series = said;
      active.push(performance.eventLoopUtilization(before).active);
      const { user, system } = process.threadCpuUsage(usedBefore);
      used.push((user + system) / 1000);
      // A moment of its own, so that this message's cost is not the next scrape's.
      setImmediate(() => {
        before = performance.eventLoopUtilization();
        usedBefore = process.threadCpuUsage();
        scraper.postMessage("next");
      });
    });
  });
  await scraper.terminate();
  await http.close();
  const shown = (all: number[]) => {
    const sorted = all.slice(warmUp).sort((one, other) => one - other);
    const at = (part: number): number => Math.round(sorted[Math.floor(part * (sorted.length - 1))]! * 100) / 100;
    return { median: at(0.5), p95: at(0.95), max: at(1) };
  };
  console.log(JSON.stringify({ services, series, scrapes, eventLoopActiveMs: shown(active), processorMs: shown(used), renderingMs: shown(held) }));
}

function load() {
  const settings = readBrokerSettings({ env: { MAX_SERVICE_LABELS: String(services) } });
  const measures = createMeasures(
    settings,
    () => core,
    () => 0,
  );
  const own: Partial<Outbox> = { ended: measures.ended, redelivered: measures.redelivered, workerJoined: (_, service) => measures.served(service) };
  const outbox = new Proxy(own as Outbox, { get: (given, name) => given[name as keyof Outbox] ?? (() => true) });
  const core = createBroker({ ...settings, roleDelayMs: 120_000, instance: Buffer.alloc(8) }, outbox);
  const client: ClientPeer = { client: undefined, identity: undefined };
  core.clients.hello(client, 1, 1, "0011223344556677", 0);
  let id = 0;
  for (let number = 0; number < services; number += 1) {
    const service = `service-${number}.example`;
    for (let count = 0; count < workersEach; count += 1) {
      const worker: WorkerPeer = { worker: undefined, greeted: false, identity: undefined };
      core.workers.hello(worker, 1, 1, 0);
      core.workers.ready(worker, service, 0);
    }
    for (let count = 0; count < waitingEach; count += 1) core.clients.request(client, ++id, 0, service, undefined, 0, Buffer.from("body"), 0);
  }
  return { core, measures };
}
