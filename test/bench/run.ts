/** `npm run bench`: what a broker does beside its peers, on the same machine in the same run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Load, Measurement } from "./client.ts";
import { systems } from "./peers.ts";
import type { Endpoints, System } from "./peers.ts";
import { createPod } from "./pod.ts";
import type { Pod } from "./pod.ts";
import { rowText, verdicts, write } from "./report.ts";
import { cpuSeconds, endAll, launch, residentBytes, startServer, stop } from "./servers.ts";
import type { Row } from "./targets.ts";

const usage = `npm run bench [-- --only SYSTEM,…] [--case TEXT] [--seconds N] [--rounds N] [--skip-deep]

  --only       systems, by the beginning of their names: ${systems.join("; ")}
  --case       cases whose name holds the text
  --seconds    how long each is measured (default 3)
  --rounds     how often, one system after the other each time; medians are reported (default 3)
  --skip-deep  leave out the queue of a million requests`;

interface Contender {
  readonly system: System;
  /** The system's name in the table, where it differs. */
  readonly label?: string;
  readonly packing?: boolean;
}

interface Case {
  readonly name: string;
  readonly load: Omit<Load, "seconds" | "warmUpSeconds">;
  readonly contenders: readonly Contender[];
  readonly workers?: number;
  /** The server has what the broker's pod has: 500m and 512Mi. */
  readonly pod?: boolean;
}

const ours = "zeromq-stack";
const of = (...names: readonly System[]): Contender[] => names.map((system) => ({ system }));
const everybody = of(...systems);
const notPlain = everybody.filter(({ system }) => !system.includes("plain"));
const few = of(ours, "zeromq-stack, curve", "NATS");
const cases: readonly Case[] = [
  { name: "synchronous, 64 B", load: { connections: 1, outstanding: 1, bytes: 64 }, contenders: everybody },
  { name: "64 outstanding, 64 B", load: { connections: 1, outstanding: 64, bytes: 64 }, contenders: everybody },
  { name: "1024 outstanding, 64 B", load: { connections: 1, outstanding: 1024, bytes: 64 }, contenders: everybody },
  { name: "64 outstanding, 1 KiB", load: { connections: 1, outstanding: 64, bytes: 1024 }, contenders: everybody },
  { name: "64 outstanding, 64 KiB", load: { connections: 1, outstanding: 64, bytes: 65_536 }, contenders: everybody },
  { name: "1024 clients, 64 B", load: { connections: 1024, outstanding: 1, bytes: 64 }, contenders: notPlain },
  { name: "4 workers, 1024 outstanding, 64 B", load: { connections: 1, outstanding: 1024, bytes: 64 }, workers: 4, contenders: few },
  { name: "16 workers, 1024 outstanding, 64 B", load: { connections: 1, outstanding: 1024, bytes: 64 }, workers: 16, contenders: few },
  {
    name: "500m and 512Mi, 1024 outstanding, 64 B",
    load: { connections: 1, outstanding: 1024, bytes: 64 },
    pod: true,
    contenders: [...few, ...of("libzmq's native proxy")],
  },
  {
    name: "200 a second, 64 B",
    load: { connections: 1, outstanding: 1, bytes: 64, rate: 200 },
    contenders: [{ system: ours }, { system: ours, label: "zeromq-stack, one request a message", packing: false }],
  },
];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    case: { type: "string" },
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    "skip-deep": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
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

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
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

async function measure(one: Case, { system, label = system, packing = true }: Contender, options: { env?: Record<string, string> } = {}): Promise<Row> {
  const pod = one.pod === true ? createPod() : undefined;
  const children: ReturnType<typeof launch>[] = [];
  try {
    const server = await startServer(system, join(folder, system.replaceAll(/\W+/g, "-")), { ...options, ...(pod === undefined ? {} : { pod }) });
    children.unshift(server.process);
    const workers = await startWorkers(system, server.endpoints, one.workers ?? 1);
    children.unshift(...workers);
    const load: Load = { ...one.load, packing, seconds, warmUpSeconds: 1 };
    const client = launch(process.execPath, [script("client.ts"), system, JSON.stringify(server.endpoints), JSON.stringify(load)]);
    children.unshift(client);
    const processes = { server: [server.process], client: [client], ...(workers.length > 1 ? { workers } : { worker: workers }) };
    await output(client, /measuring/, 60_000);
    const used = (): Record<string, number> =>
      Object.fromEntries(Object.entries(processes).map(([name, list]) => [name, list.reduce((sum, { pid }) => sum + cpuSeconds(pid!), 0)]));
    const before = used();
    const startedAtMs = performance.now();
    // Well before the client ends, whose processor time would be gone with it.
    await new Promise((resolve) => setTimeout(resolve, seconds * 850));
    const after = used();
    const took = (performance.now() - startedAtMs) / 1000;
    const measured = JSON.parse(await output(client, /\{.*\}/, 30_000)) as Measurement;
    const cores = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, (value - before[name]!) / took]));
    const note = pod === undefined ? {} : { note: `the group's most memory ${mebibytes(pod.mostBytes())} MiB` };
    return { case: one.name, system: label, ...measured, cores, ...note };
  } finally {
    for (const child of children) await stop(child);
    pod?.remove();
  }
}

function median(rows: readonly Row[]): Row {
  const sorted = [...rows].sort((a, b) => a.requestsPerSecond - b.requestsPerSecond);
  const middle = (figure: "p50Ms" | "p99Ms"): number => rows.map((row) => row[figure]).sort((a, b) => a - b)[Math.floor(rows.length / 2)]!;
  const row = sorted[Math.floor(sorted.length / 2)]!;
  return { ...row, p50Ms: middle("p50Ms"), p99Ms: middle("p99Ms"), spread: [sorted[0]!.requestsPerSecond, sorted.at(-1)!.requestsPerSecond] };
}

const deepCases = { empty: "an empty queue, 100 B", million: "a million queued, 100 B", bound: "500m and 512Mi, queued up to the bound, 100 B" } as const;

/** Our broker with a queue that is filled before a worker comes. `env`: bounds. */
async function deep(name: string, count: number, env: Record<string, string>, pod: Pod | undefined): Promise<Row> {
  const server = await startServer(ours, join(folder, "deep"), { env: { LONGEST_REQUEST: "600", ...env }, ...(pod === undefined ? {} : { pod }) });
  const client = launch(process.execPath, ["--max-old-space-size=6000", script("deep.ts"), server.endpoints.frontend, String(count)]);
  const children = [client, server.process];
  try {
    const filled = await output(client, /filled \d+/, 300_000);
    const memory = residentBytes(server.process.pid!);
    children.unshift(...(await startWorkers(ours, server.endpoints, 1)));
    const { requestsPerSecond } = JSON.parse(await output(client, /\{.*\}/, 300_000)) as { requestsPerSecond: number };
    const most = pod === undefined ? "" : `, the group's most memory ${mebibytes(pod.mostBytes())} MiB`;
    const note = `${filled.split(" ")[1]} requests queued, broker resident ${mebibytes(memory.now)} MiB then${most}`;
    return { case: name, system: ours, requestsPerSecond, p50Ms: 0, p99Ms: 0, cores: {}, note };
  } finally {
    for (const child of children) await stop(child);
    pod?.remove();
  }
}

/** Throughput with a deep queue beside that with an empty one, and what the default bounds let in where the memory is the pod's. */
async function* deepRows(count: number): AsyncGenerator<Row> {
  const wide = {
    MAX_QUEUED_REQUESTS: String(count * 2),
    MAX_QUEUED_BYTES: String(8 * 2 ** 30),
    MAX_REQUESTS_PER_SERVICE: String(count * 2),
    MAX_BYTES_PER_SERVICE: String(8 * 2 ** 30),
    MAX_BYTES_PER_CLIENT: String(2 ** 30),
    MAX_REQUESTS_PER_CLIENT: String(count),
  };
  yield await measure({ name: deepCases.empty, load: { connections: 5, outstanding: 1024, bytes: 100 }, contenders: [] }, { system: ours }, { env: wide });
  yield await deep(deepCases.million, count, wide, undefined);
  yield await deep(deepCases.bound, count, { MAX_BYTES_PER_SERVICE: String(256 * 2 ** 20) }, createPod());
}

const rows: Row[] = [];
const only = values.only?.split(",");
for (const one of cases.filter(({ name }) => name.includes(values.case ?? ""))) {
  const chosen = one.contenders.filter(({ system }) => only === undefined || only.some((start) => system.startsWith(start)));
  const rounds = new Map<Contender, Row[]>();
  const failed = new Set<Contender>();
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const contender of chosen) {
      if (failed.has(contender)) continue;
      try {
        rounds.set(contender, [...(rounds.get(contender) ?? []), await measure(one, contender)]);
      } catch (error) {
        failed.add(contender);
        console.log(`${one.name}: ${contender.label ?? contender.system}: failed: ${(error as Error).message.split("\n")[0]}`);
      }
    }
  }
  for (const measured of rounds.values()) {
    const row = median(measured);
    rows.push(row);
    console.log(rowText(row));
  }
  await write(rows);
}
if (!values["skip-deep"] && (values.case === undefined || Object.values(deepCases).some((name) => name.includes(values.case!)))) {
  try {
    for await (const row of deepRows(1_000_000)) {
      rows.push(row);
      console.log(rowText(row));
    }
  } catch (error) {
    console.log(`a deep queue: failed: ${(error as Error).message}`);
  }
}
console.log(`\n${verdicts(rows)}\n\n${await write(rows)}`);
process.exit(0);
