import { beforeEach, describe, expect, test } from "vitest";
import { createBroker } from "../../services/broker/core.ts";
import type { Broker } from "../../services/broker/core.ts";
import { createMeasures } from "../../services/broker/measures.ts";
import type { Measures } from "../../services/broker/measures.ts";
import type { Outbox } from "../../services/broker/outbox.ts";
import { readBrokerSettings } from "../../services/broker/settings.ts";
import type { ClientPeer, WorkerPeer } from "../../services/broker/state.ts";
import { metrics, outcomes, queueStates, serviceMetrics } from "../../services/contract/metrics.ts";
import type { Metric } from "../../services/contract/metrics.ts";

let core: Broker;
let measures: Measures;
let client: ClientPeer;
let id: number;
let keysCreated = 0;

beforeEach(() => start());

function start(env: Record<string, string> = {}): void {
  const settings = readBrokerSettings({ env: { COLOR: "green", MAX_SERVICE_LABELS: "2", ...env } });
  measures = createMeasures(
    settings,
    () => core,
    () => keysCreated,
  );
  const told: Partial<Outbox> = { ended: measures.ended, redelivered: measures.redelivered, workerJoined: (_, service) => measures.served(service) };
  const outbox = new Proxy(told as Outbox, { get: (given, name) => given[name as keyof Outbox] ?? (() => true) });
  core = createBroker({ ...settings, roleDelayMs: 120_000, instance: Buffer.alloc(8) }, outbox);
  client = { client: undefined, identity: undefined };
  id = 0;
  core.clients.hello(client, 1, 1, "0011223344556677", performance.now());
}

function join(service: string, credit = 0): WorkerPeer {
  const peer: WorkerPeer = { worker: undefined, greeted: false, identity: undefined };
  core.workers.hello(peer, 1, 1, performance.now());
  core.workers.ready(peer, service, performance.now());
  if (credit > 0) core.workers.credit(peer, credit, performance.now());
  return peer;
}
const ask = (service: string, atMs = performance.now()): void => core.clients.request(client, ++id, 0, service, undefined, 0, Buffer.from("body"), atMs);
const leave = (peer: WorkerPeer): void => core.workers.disconnect(peer, performance.now());

interface Series {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

async function scraped(): Promise<Series[]> {
  const text = await measures.exposition.metrics();
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line)!;
      return {
        name: name!,
        labels: Object.fromEntries([...labels!.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text]) => [label!, text!])),
        value: Number(value),
      };
    });
}

/** A metric's values by service, its other labels summed up or as given. */
async function values({ name }: Metric, wanted: Record<string, string> = {}): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { name: of, labels, value } of await scraped()) {
    if (of !== name || Object.entries(wanted).some(([label, text]) => labels[label] !== text)) continue;
    found[labels["service"]!] = (found[labels["service"]!] ?? 0) + value;
  }
  return found;
}

describe("what a broker shows", () => {
  test("is what the contract says, from the first scrape on: every metric, with these labels and the colour", async () => {
    const all = await scraped();
    for (const metric of [...Object.values(metrics), ...Object.values(serviceMetrics)]) {
      const name = metric.type === "histogram" ? `${metric.name}_count` : metric.name;
      const series = all.filter((one) => one.name === name);
      expect(series, metric.name).not.toEqual([]);
      for (const { labels } of series) expect(Object.keys(labels).sort()).toEqual([...metric.labels, "color"].sort());
    }
    expect(all.filter(({ name }) => name === "zeromq_requests_ended_total").map(({ labels }) => labels["outcome"])).toEqual([...outcomes]);
    expect(all.filter(({ name }) => name === "zeromq_queue_length").map(({ labels }) => labels["state"])).toEqual([...queueStates]);
  });

  test("has help and a type for each metric, once", async () => {
    const text = await measures.exposition.metrics();
    for (const { name, type } of Object.values(serviceMetrics)) {
      expect(text.match(new RegExp(`^# TYPE ${name} ${type}$`, "gm"))).toHaveLength(1);
      expect(text.match(new RegExp(`^# HELP ${name} .+$`, "gm"))).toHaveLength(1);
    }
  });

  test("knows when the keys were made, and how late its event loop is", async () => {
    for (const seconds of [1_700_000_000, 1_800_000_000]) {
      keysCreated = seconds; // a rotation changes it while the broker runs
      expect((await scraped()).find(({ name }) => name === "zeromq_curve_keys_created_timestamp_seconds")?.value).toBe(seconds);
    }
    const all = await scraped();
    expect(all.map(({ name }) => name)).toContain("nodejs_eventloop_lag_p99_seconds");
  });
});

describe("a service", () => {
  test("shows what it has: queue, bytes, age, workers, credit", async () => {
    const worker = join("gzip", 2);
    for (let count = 0; count < 5; count += 1) ask("gzip");
    expect(await values(serviceMetrics.queueLength, { state: "waiting" })).toEqual({ gzip: 3, other: 0 });
    expect(await values(serviceMetrics.queueLength, { state: "held" })).toEqual({ gzip: 2, other: 0 });
    expect((await values(serviceMetrics.queueBytes))["gzip"]).toBe(core.bytes);
    expect(await values(serviceMetrics.workers)).toEqual({ gzip: 1, other: 0 });
    expect(await values(serviceMetrics.credit)).toEqual({ gzip: 0, other: 0 });
    expect(await values(serviceMetrics.unserved)).toEqual({ gzip: 0, other: 0 });
    core.workers.credit(worker, 10, performance.now());
    expect(await values(serviceMetrics.credit)).toEqual({ gzip: 7, other: 0 });
    expect(await values(serviceMetrics.queueLength, { state: "waiting" })).toEqual({ gzip: 0, other: 0 });
  });

  test("is as old as the request that waits longest, and 0 where none waits", async () => {
    join("gzip");
    expect(await values(serviceMetrics.oldestRequest)).toEqual({ gzip: 0, other: 0 });
    ask("gzip", performance.now() - 5_000);
    ask("gzip");
    expect((await values(serviceMetrics.oldestRequest))["gzip"]).toBeGreaterThanOrEqual(5);
  });

  test("counts how its requests end, and what replies took", async () => {
    const worker = join("gzip", 2);
    ask("gzip", performance.now() - 2_000);
    ask("gzip");
    core.workers.reply(worker, 1, Buffer.from("done"), performance.now());
    core.workers.error(worker, 2, "failed", "no", performance.now());
    expect(await values(serviceMetrics.requestsEnded, { outcome: "replied" })).toEqual({ gzip: 1, other: 0 });
    expect(await values(serviceMetrics.requestsEnded, { outcome: "failed" })).toEqual({ gzip: 1, other: 0 });
    expect((await values(serviceMetrics.replySeconds))["gzip"]).toBeGreaterThanOrEqual(2);
  });

  test("counts a redelivery, and what waits without a worker", async () => {
    const worker = join("gzip", 1);
    ask("gzip");
    core.workers.started(worker, 1, performance.now());
    core.workers.closed(worker, false, performance.now());
    expect(await values(serviceMetrics.redeliveries)).toEqual({ gzip: 1, other: 0 });
    expect(await values(serviceMetrics.unserved)).toEqual({ gzip: 1, other: 0 });
  });
});

describe("label values", () => {
  test("are not made by clients, whatever they ask for, and nothing that they ask for is missing", async () => {
    for (let count = 0; count < 50; count += 1) ask(`invented-${count}`);
    expect(await values(serviceMetrics.queueLength)).toEqual({ other: 50 });
    expect(await values(serviceMetrics.unserved)).toEqual({ other: 50 });
  });

  test("are at most MAX_SERVICE_LABELS; further services are counted together", async () => {
    for (const service of ["a", "b", "c", "d"]) {
      join(service);
      ask(service);
    }
    expect(await values(serviceMetrics.queueLength)).toEqual({ a: 1, b: 1, other: 2 });
    expect(await values(serviceMetrics.workers)).toEqual({ a: 1, b: 1, other: 2 });
  });

  test("outlive their workers, so that a queue without workers is not a queue without a name", async () => {
    leave(join("a"));
    expect(await values(serviceMetrics.workers)).toEqual({ a: 0, other: 0 });
    ask("a");
    expect(await values(serviceMetrics.unserved)).toEqual({ a: 1, other: 0 });
  });

  test("of a service that is forgotten go when another needs the place, the one without a worker for longest first", async () => {
    for (const service of ["a", "b"]) leave(join(service));
    leave(join("a"));
    join("c");
    expect(Object.keys(await values(serviceMetrics.workers))).toEqual(["a", "c", "other"]);
  });

  test("are what Prometheus can read: quotes, backslashes and line ends are escaped", async () => {
    join('say "hi"\\\n');
    expect(Object.keys(await values(serviceMetrics.workers))).toEqual(['say \\"hi\\"\\\\\\n', "other"]);
  });

  test("are neither long nor twice the same", async () => {
    join("x".repeat(129));
    join("other");
    expect((await scraped()).filter(({ name }) => name === "zeromq_workers")).toEqual([
      { name: "zeromq_workers", labels: { service: "other", color: "green" }, value: 2 },
    ]);
    join("x".repeat(128));
    expect(Object.keys(await values(serviceMetrics.workers))).toHaveLength(2);
  });

  test("can be turned off", async () => {
    start({ MAX_SERVICE_LABELS: "0" });
    join("a");
    expect(Object.keys(await values(serviceMetrics.workers))).toEqual(["other"]);
  });
});
