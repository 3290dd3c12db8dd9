import { join } from "node:path";
import { expect, vi } from "vitest";
import type { Report } from "../../services/client/ledger.ts";
import { load } from "../../services/client/load.ts";
import { folder, metric, waiting } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

const faulty = join(import.meta.dirname, "handlers/faulty.ts");

export interface Traffic {
  stop(): Promise<Report>;
  /** Requests that have had their outcome. */
  ended(): number;
}

/** A load that goes on until it is told to stop; what became of each request is the oracle. `files`: the workers' ledgers. */
export function steady(endpoints: readonly string[], files: readonly string[], rest: { retries?: number; body?: Buffer } = {}): Traffic {
  const abort = new AbortController();
  let ended = 0;
  const report = load({
    endpoints,
    service: "faulty",
    connections: 3,
    concurrency: 8,
    count: undefined,
    durationSeconds: 50,
    rate: undefined,
    size: 64,
    body: rest.body,
    timeoutMs: 20_000,
    retries: rest.retries ?? 0,
    checksReplies: true,
    executions: files,
    signal: abort.signal,
    onProgress: (_sent, now) => (ended = now),
  });
  return {
    stop() {
      abort.abort();
      return report;
    },
    ended: () => ended,
  };
}

/** Environments of workers that write down what they run, each to a file of its own. */
export const ledgers = (): ((index: number) => Record<string, string>) & { files: string[] } => {
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
export function honest(report: Report): void {
  expect(report).toMatchObject({ duplicated: 0, wrong: 0, wronglyNo: 0 });
  expect(report.replied + Object.values(report.failed).reduce((sum, count) => sum + count, 0)).toBe(report.sent);
}

/** Waits until a broker has passed on so many replies more. */
export async function served(broker: RunningBroker, more: number): Promise<void> {
  const series = 'zeromq_requests_ended_total{outcome="replied"';
  const before = (await metric(broker.ports.metrics, series)) ?? 0;
  await vi.waitFor(async () => expect((await metric(broker.ports.metrics, series)) ?? 0).toBeGreaterThan(before + more), waiting);
}
