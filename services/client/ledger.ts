import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createHistogram } from "node:perf_hooks";
import { loadIdLength as idLength } from "../contract/load.ts";
import { RequestError } from "./errors.ts";

/** What became of every request of a load. */
export interface Report {
  readonly sent: number;
  readonly replied: number;
  /** By the error's name and whether it may have run: `BrokerBusy (no)`. */
  readonly failed: Readonly<Record<string, number>>;
  /** Outcomes beyond the one that each request should have. */
  readonly duplicated: number;
  /** Replies that belong to another request. */
  readonly wrong: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly latencyMs: Readonly<Record<"p50" | "p90" | "p99" | "max", number>>;
  /** What ended in each second, where that was asked for. */
  readonly perSecond?: readonly Second[];
  /** From the workers' ledgers: requests by how often they were run. */
  readonly executions?: Readonly<Record<string, number>>;
  /** Requests that ended as `executed: no` and were run all the same. */
  readonly wronglyNo?: number;
}

export interface Second {
  /** Since the epoch. */
  readonly second: number;
  readonly replied: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Ledger {
  /** A new request's body of so many bytes or more. */
  next(size: number, rest?: Buffer): { readonly number: number; readonly id: string; readonly body: Buffer };
  /** `isRight`: whether the reply is this request's. */
  replied(number: number, isRight: boolean, milliseconds: number): void;
  failed(number: number, error: unknown): void;
  readonly ended: number;
  readonly sent: number;
  /** `files`: what the example handler `ledger` wrote, one id a line. */
  report(files?: readonly string[]): Promise<Report>;
}

function describeSecond([second, { milliseconds, failed }]: [number, { milliseconds: number[]; failed: number }]): Second {
  const sorted = milliseconds.sort((one, other) => one - other);
  const at = (share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 1000) / 1000;
  return { second, replied: sorted.length, failed, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

const unended = 0;
const replyCode = 1;
const failedNo = 2;
const failedMaybe = 3;

/** `perSecond`: whether each second is reported, too. */
export function createLedger(run: string, perSecond = false): Ledger {
  const seconds = new Map<number, { milliseconds: number[]; failed: number }>();
  const secondNow = (): { milliseconds: number[]; failed: number } => {
    const now = Math.floor(Date.now() / 1000);
    let found = seconds.get(now);
    if (found === undefined) seconds.set(now, (found = { milliseconds: [], failed: 0 }));
    return found;
  };
  const startedAtMs = performance.now();
  const latencyMicroseconds = createHistogram();
  const failed = new Map<string, number>();
  let outcomes = new Uint8Array(1024);
  let sent = 0;
  let ended = 0;
  let replied = 0;
  let duplicated = 0;
  let wrong = 0;

  const end = (number: number, outcome: number): void => {
    if (outcomes[number] !== unended) duplicated += 1;
    outcomes[number] = outcome;
    ended += 1;
  };
  const idOf = (number: number): string => `${run}-${String(number).padStart(12, "0")} `;

  return {
    get ended() {
      return ended;
    },
    get sent() {
      return sent;
    },
    next(size, rest) {
      const number = sent;
      sent += 1;
      if (number === outcomes.length) {
        const larger = new Uint8Array(outcomes.length * 2);
        larger.set(outcomes);
        outcomes = larger;
      }
      const body = Buffer.alloc(Math.max(size, idLength + (rest?.length ?? 0)), ".");
      body.write(idOf(number), "latin1");
      rest?.copy(body, idLength);
      return { number, id: idOf(number), body };
    },
    replied(number, isRight, milliseconds) {
      end(number, replyCode);
      replied += 1;
      latencyMicroseconds.record(Math.max(1, Math.round(milliseconds * 1000)));
      if (!isRight) wrong += 1;
      if (perSecond) secondNow().milliseconds.push(milliseconds);
    },
    failed(number, error) {
      const executed = error instanceof RequestError ? error.executed : "maybe";
      end(number, executed === "no" ? failedNo : failedMaybe);
      const name = `${(error as Error).name} (${executed})`;
      failed.set(name, (failed.get(name) ?? 0) + 1);
      if (perSecond) secondNow().failed += 1;
    },
    async report(files = []) {
      const tookSeconds = (performance.now() - startedAtMs) / 1000;
      const percentile = (share: number): number => (replied === 0 ? 0 : latencyMicroseconds.percentile(share) / 1000);
      const runs = new Map<string, number>();
      for (const file of files) {
        for await (const line of createInterface({ input: createReadStream(file) })) if (line.startsWith(run)) runs.set(line, (runs.get(line) ?? 0) + 1);
      }
      const executions: Record<string, number> = {};
      let wronglyNo = 0;
      if (files.length > 0) {
        for (let number = 0; number < sent; number += 1) {
          const times = runs.get(idOf(number).trim()) ?? 0;
          executions[times] = (executions[times] ?? 0) + 1;
          if (times > 0 && outcomes[number] === failedNo) wronglyNo += 1;
        }
      }
      return {
        sent,
        replied,
        failed: Object.fromEntries(failed),
        duplicated,
        wrong,
        seconds: tookSeconds,
        requestsPerSecond: replied / tookSeconds,
        latencyMs: { p50: percentile(50), p90: percentile(90), p99: percentile(99), max: percentile(100) },
        ...(perSecond ? { perSecond: [...seconds].map(describeSecond) } : {}),
        ...(files.length === 0 ? {} : { executions, wronglyNo }),
      };
    },
  };
}
