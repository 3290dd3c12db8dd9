import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { load } from "../../services/client/load.ts";
import { metric, metricIs, startBroker, startWorker } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

/** `npm run soak` sends a million; every `npm test` a tenth of them. */
const requests = Number(process.env["SOAK_REQUESTS"] ?? 100_000);
const rounds = 20;
/** What garbage collection leaves lying about differs from look to look. */
const heapSlackBytes = 16 * 2 ** 20;
/** What the allocator keeps for later, up to the peak of the busiest round. */
const residentSlackBytes = 64 * 2 ** 20;

interface Look {
  readonly descriptors: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
}

/** What the broker holds when nobody asks it for anything. */
async function look(broker: RunningBroker): Promise<Look> {
  const { metrics } = broker.ports;
  await metricIs(metrics, 'zeromq_active_connections{side="frontend"', 0);
  const of = async (series: string): Promise<number> => (await metric(metrics, series))!;
  return {
    descriptors: readdirSync(`/proc/${broker.process.pid}/fd`).length,
    heapBytes: await of("nodejs_heap_size_used_bytes"),
    residentBytes: await of("process_resident_memory_bytes"),
  };
}

const least = (looks: readonly Look[], figure: keyof Look): number => Math.min(...looks.map((one) => one[figure]));

test(`descriptors and memory stay flat over ${requests} requests while clients and workers come, go and are killed, and no request is lost`, {
  timeout: 600_000,
}, async () => {
  // Full after the first rounds, so that what it remembers is no growth.
  const broker = await startBroker({ DEDUPE_MAX_REPLIES: String(requests / rounds) });
  const workers = [
    await startWorker([broker], { SERVICE: "echo", WORKER_CONCURRENCY: "8" }),
    await startWorker([broker], { SERVICE: "echo", WORKER_CONCURRENCY: "8" }),
  ];
  const looks: Look[] = [];
  let sent = 0;
  for (let round = 0; round < rounds; round += 1) {
    const traffic = load({
      endpoints: [broker.frontend],
      service: "echo",
      connections: 20,
      concurrency: 50,
      count: requests / rounds,
      durationSeconds: undefined,
      rate: undefined,
      size: 100,
      body: undefined,
      timeoutMs: 60_000,
      retries: 0,
      checksReplies: true,
      executions: [],
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    workers[round % 2]!.process.kill(round % 4 < 2 ? "SIGKILL" : "SIGTERM");
    workers[round % 2] = await startWorker([broker], { SERVICE: "echo", WORKER_CONCURRENCY: "8" });
    expect(await traffic).toMatchObject({ sent: requests / rounds, replied: requests / rounds, failed: {}, duplicated: 0, wrong: 0 });
    sent += requests / rounds;
    looks.push(await look(broker));
  }
  console.log(
    `${sent} requests; descriptors, heap and resident MiB after each round: ${looks.map(({ descriptors, heapBytes, residentBytes }) => `${descriptors}/${(heapBytes / 2 ** 20).toFixed(0)}/${(residentBytes / 2 ** 20).toFixed(0)}`).join(" ")}`,
  );
  // The first fifth warms up; then the last fifth is like the one after it.
  const [early, late] = [looks.slice(rounds / 5, (rounds * 2) / 5), looks.slice((-rounds * 1) / 5)];
  expect(least(late, "descriptors")).toBeLessThanOrEqual(least(early, "descriptors"));
  expect(least(late, "heapBytes")).toBeLessThan(least(early, "heapBytes") + heapSlackBytes);
  expect(least(late, "residentBytes")).toBeLessThan(least(early, "residentBytes") + residentSlackBytes);
  expect(await metric(broker.ports.metrics, "zeromq_queue_bytes")).toBe(0);
  expect(await metric(broker.ports.metrics, 'zeromq_known{kind="clients"')).toBe(0);
});
