/** A client's process: `client.ts SYSTEM ENDPOINTS-AS-JSON LOAD-AS-JSON`; prints a measurement as JSON. */
import { createHistogram } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { openClient } from "./peers.ts";
import type { Endpoints, System } from "./peers.ts";

export interface Load {
  readonly connections: number;
  /** At each connection. */
  readonly outstanding: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Requests a second, whatever comes back; without it a request is sent when one is answered. */
  readonly rate?: number;
  readonly packing?: boolean;
}

export interface Measurement {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

if (process.argv[2] !== undefined && import.meta.main) {
  const [, , system, endpoints, given] = process.argv as [string, string, System, string, string];
  const load = JSON.parse(given) as Load;
  const at = JSON.parse(endpoints) as Endpoints;
  const clients = await Promise.all(Array.from({ length: load.connections }, () => openClient(system, at, { packing: load.packing ?? true })));
  const body = Buffer.alloc(load.bytes, "a");
  for (const client of clients) await client.request(body);

  let histogram = createHistogram();
  let count = 0;
  let over = false;
  const ask = async (client: (typeof clients)[number]): Promise<void> => {
    const startedAtMs = performance.now();
    await client.request(body);
    histogram.record(Math.max(1, Math.round((performance.now() - startedAtMs) * 1000)));
    count += 1;
  };
  const loops =
    load.rate === undefined
      ? clients.flatMap((client) =>
          Array.from({ length: load.outstanding }, async () => {
            while (!over) await ask(client);
          }),
        )
      : [
          (async () => {
            while (!over) {
              void ask(clients[0]!);
              await sleep(1000 / load.rate!);
            }
          })(),
        ];
  await sleep(load.warmUpSeconds * 1000);
  histogram = createHistogram();
  count = 0;
  process.stderr.write("measuring\n");
  const startedAtMs = performance.now();
  await sleep(load.seconds * 1000);
  const seconds = (performance.now() - startedAtMs) / 1000;
  const measured: Measurement = { requestsPerSecond: count / seconds, p50Ms: histogram.percentile(50) / 1000, p99Ms: histogram.percentile(99) / 1000 };
  over = true;
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  await Promise.race([Promise.all(loops), sleep(2_000)]);
  process.exit(0);
}
