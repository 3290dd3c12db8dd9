import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createHistogram } from "node:perf_hooks";
import { RequestError } from "./errors.ts";

/** Characters at the beginning of a load's request body that name it: 16 of the run, a dash, 12 of its number, a space. */
export const idLength = 30;

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
  /** From the workers' ledgers: requests by how often they were run. */
  readonly executions?: Readonly<Record<string, number>>;
  /** Requests that ended as `executed: no` and were run all the same. */
  readonly wronglyNo?: number;
}

export interface Ledger {
  /** A new request's body of so many bytes or more. */
  next(size: number, rest?: Buffer): { readonly number: number; readonly body: Buffer };
  replied(number: number, reply: Buffer, milliseconds: number): void;
  failed(number: number, error: unknown): void;
  readonly ended: number;
  readonly sent: number;
  /** `files`: what the example handler `ledger` wrote, one id a line. */
  report(files?: readonly string[]): Promise<Report>;
}

const unended = 0;
const replyCode = 1;
const failedNo = 2;
const failedMaybe = 3;

/** `checksReplies`: whether a reply must begin with its request's id, as an echoing worker's does. */
export function createLedger(run: string, checksReplies: boolean): Ledger {
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
      return { number, body };
    },
    replied(number, reply, milliseconds) {
      end(number, replyCode);
      replied += 1;
      latencyMicroseconds.record(Math.max(1, Math.round(milliseconds * 1000)));
      if (checksReplies && reply.toString("latin1", 0, idLength) !== idOf(number)) wrong += 1;
    },
    failed(number, error) {
      const executed = error instanceof RequestError ? error.executed : "maybe";
      end(number, executed === "no" ? failedNo : failedMaybe);
      const name = `${(error as Error).name} (${executed})`;
      failed.set(name, (failed.get(name) ?? 0) + 1);
    },
    async report(files = []) {
      const seconds = (performance.now() - startedAtMs) / 1000;
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
        sent, replied, failed: Object.fromEntries(failed), duplicated, wrong, seconds, requestsPerSecond: replied / seconds,
        latencyMs: { p50: percentile(50), p90: percentile(90), p99: percentile(99), max: percentile(100) },
        ...(files.length === 0 ? {} : { executions, wronglyNo }),
      };
    },
  };
}
