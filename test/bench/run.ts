/** `npm run bench`: what a broker does beside its peers, on the same machine in the same run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Load, Measurement } from "./client.ts";
import { systems } from "./peers.ts";
import type { Endpoints, System } from "./peers.ts";
import { rowText, verdicts, write } from "./report.ts";
import { cpuSeconds, endAll, launch, residentBytes, startServer, stop } from "./servers.ts";
import type { Row } from "./targets.ts";

const usage = `npm run bench [-- --only SYSTEM,…] [--case TEXT] [--seconds N] [--rounds N] [--skip-deep]

  --only       systems, by the beginning of their names: ${systems.join("; ")}
  --case       cases whose name holds the text
  --seconds    how long each is measured (default 3)
  --rounds     how often, one system after the other each time; medians are reported (default 3)
  --skip-deep  leave out the queue of a million requests`;

interface Case {
  readonly name: string;
  readonly load: Omit<Load, "seconds" | "warmUpSeconds">;
  readonly systems: readonly System[];
  readonly workers?: number;
  /** The system's name in the table, where it differs. */
  readonly label?: string;
}

const everybody = systems;
const notPlain = systems.filter((system) => !system.includes("plain"));
const ours = "zeromq-stack";
const cases: readonly Case[] = [
  { name: "synchronous, 64 B", load: { connections: 1, outstanding: 1, bytes: 64 }, systems: everybody },
  { name: "64 outstanding, 64 B", load: { connections: 1, outstanding: 64, bytes: 64 }, systems: everybody },
  { name: "1024 outstanding, 64 B", load: { connections: 1, outstanding: 1024, bytes: 64 }, systems: everybody },
  { name: "64 outstanding, 1 KiB", load: { connections: 1, outstanding: 64, bytes: 1024 }, systems: everybody },
  { name: "64 outstanding, 64 KiB", load: { connections: 1, outstanding: 64, bytes: 65_536 }, systems: everybody },
  { name: "1024 clients, 64 B", load: { connections: 1024, outstanding: 1, bytes: 64 }, systems: notPlain },
  { name: "4 workers, 1024 outstanding, 64 B", load: { connections: 1, outstanding: 1024, bytes: 64 }, workers: 4, systems: [ours, "NATS"] },
  { name: "16 workers, 1024 outstanding, 64 B", load: { connections: 1, outstanding: 1024, bytes: 64 }, workers: 16, systems: [ours, "NATS"] },
  { name: "200 a second, 64 B", load: { connections: 1, outstanding: 1, bytes: 64, rate: 200 }, systems: [ours] },
  { name: "200 a second, 64 B", load: { connections: 1, outstanding: 1, bytes: 64, rate: 200, packing: false }, systems: [ours], label: "zeromq-stack, one request a message" },
];

const { values } = parseArgs({
  options: {
    only: { type: "string" }, case: { type: "string" }, seconds: { type: "string", default: "3" }, rounds: { type: "string", default: "3" }, "skip-deep": { type: "boolean", default: false }, help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const seconds = Number(values.seconds);
const folder = mkdtempSync(join(tmpdir(), "zeromq-stack-bench-"));
const end = (): void => {
  endAll();
  rmSync(folder, { recursive: true, force: true });
};
process.once("exit", end);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const script = (name: string): string => join(import.meta.dirname, name);

/** Waits for a child's line that is JSON, or its end. */
async function output(child: ReturnType<typeof launch>, what: RegExp, withinMs: number): Promise<string> {
  const startedAtMs = performance.now();
  for (;;) {
    const found = what.exec(child.words());
    if (found !== null) return found[0];
    if (child.exitCode !== null && what.exec(child.words()) === null) throw new Error(`it ended with ${child.exitCode}: ${child.words()}`);
    if (performance.now() - startedAtMs > withinMs) throw new Error(`nothing within ${withinMs / 1000} s: ${child.words()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function startWorkers(system: System, endpoints: Endpoints, count: number) {
  const workers = Array.from({ length: count }, () => launch(process.execPath, [script("worker.ts"), system, JSON.stringify(endpoints)]));
  for (const worker of workers) await output(worker, /ready/, 20_000);
  return workers;
}

async function measure(one: Case, system: System): Promise<Row> {
  const server = await startServer(system, join(folder, system.replaceAll(/\W+/g, "-")));
  const workers = await startWorkers(system, server.endpoints, one.workers ?? 1);
  const load: Load = { ...one.load, seconds, warmUpSeconds: 1 };
  const client = launch(process.execPath, [script("client.ts"), system, JSON.stringify(server.endpoints), JSON.stringify(load)]);
  const processes = { server: [server.process], client: [client], ...(workers.length > 1 ? { workers } : { worker: workers }) };
  try {
    await output(client, /measuring/, 60_000);
    const used = (): Record<string, number> => Object.fromEntries(Object.entries(processes).map(([name, list]) => [name, list.reduce((sum, { pid }) => sum + cpuSeconds(pid!), 0)]));
    const before = used();
    const startedAtMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 950));
    const after = used();
    const took = (performance.now() - startedAtMs) / 1000;
    const measured = JSON.parse(await output(client, /\{.*\}/, 30_000)) as Measurement;
    const cores = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, (value - before[name]!) / took]));
    return { case: one.name, system: one.label ?? system, ...measured, cores };
  } finally {
    for (const child of [client, ...workers, server.process]) await stop(child);
  }
}

function median(rows: readonly Row[]): Row {
  const sorted = [...rows].sort((a, b) => a.requestsPerSecond - b.requestsPerSecond);
  const middle = (figure: "p50Ms" | "p99Ms"): number => rows.map((row) => row[figure]).sort((a, b) => a - b)[Math.floor(rows.length / 2)]!;
  const row = sorted[Math.floor(sorted.length / 2)]!;
  return { ...row, p50Ms: middle("p50Ms"), p99Ms: middle("p99Ms"), spread: [sorted[0]!.requestsPerSecond, sorted.at(-1)!.requestsPerSecond] };
}

/** Our broker with a queue of so many requests, and the same load on an empty queue. */
async function deep(count: number): Promise<Row[]> {
  const env = {
    MAX_QUEUED_REQUESTS: String(count * 2), MAX_QUEUED_BYTES: String(8 * 2 ** 30), MAX_REQUESTS_PER_SERVICE: String(count * 2), MAX_BYTES_PER_SERVICE: String(8 * 2 ** 30), MAX_BYTES_PER_CLIENT: String(2 ** 30),
    MAX_REQUESTS_PER_CLIENT: String(count), LONGEST_REQUEST: "600",
  };
  const rows: Row[] = [];
  for (const [name, size] of [["an empty queue, 100 B", 20_000], ["a million queued, 100 B", count]] as const) {
    const server = await startServer(ours, join(folder, "deep"), { env });
    const client = launch(process.execPath, ["--max-old-space-size=6000", script("deep.ts"), server.endpoints.frontend, String(size === count ? count : count)]);
    const children = [client, server.process];
    try {
      if (size !== count) {
        children.push(...(await startWorkers(ours, server.endpoints, 1)));
        await stop(client);
        const row = await measure({ name, load: { connections: 5, outstanding: 1024, bytes: 100 }, systems: [ours] }, ours);
        rows.push(row);
        continue;
      }
      await output(client, /filled/, 180_000);
      const memory = residentBytes(server.process.pid!);
      children.push(...(await startWorkers(ours, server.endpoints, 1)));
      const { requestsPerSecond } = JSON.parse(await output(client, /\{.*\}/, 180_000)) as { requestsPerSecond: number };
      rows.push({ case: name, system: ours, requestsPerSecond, p50Ms: 0, p99Ms: 0, cores: {}, note: `broker resident ${Math.round(memory.now / 2 ** 20)} MiB with the queue full` });
    } finally {
      for (const child of children) await stop(child);
    }
  }
  return rows;
}

const rows: Row[] = [];
const only = values.only?.split(",");
for (const one of cases.filter(({ name }) => name.includes(values.case ?? ""))) {
  const chosen = one.systems.filter((system) => only === undefined || only.some((start) => system.startsWith(start)));
  const rounds = new Map<System, Row[]>();
  const failed = new Map<System, string>();
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const system of chosen) {
      if (failed.has(system)) continue;
      try {
        rounds.set(system, [...(rounds.get(system) ?? []), await measure(one, system)]);
      } catch (error) {
        failed.set(system, (error as Error).message);
        console.log(`${one.name}: ${system}: failed: ${(error as Error).message.split("\n")[0]}`);
      }
    }
  }
  for (const measured of rounds.values()) {
    const row = median(measured);
    rows.push(row);
    console.log(rowText(row));
  }
}
if (!values["skip-deep"] && (values.case === undefined || "a million queued".includes(values.case))) {
  try {
    for (const row of await deep(1_000_000)) {
      rows.push(row);
      console.log(rowText(row));
    }
  } catch (error) {
    console.log(`a million queued: failed: ${(error as Error).message}`);
  }
}
console.log(`\n${verdicts(rows)}\n\n${await write(rows)}`);
process.exit(0);
