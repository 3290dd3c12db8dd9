import { randomBytes } from "node:crypto";
import { loadIdLength, workReply } from "../contract/load.ts";
import type { Work } from "../contract/load.ts";
import { createClient } from "./client.ts";
import type { Client, ClientOptions } from "./client.ts";
import { createLedger } from "./ledger.ts";
import type { Report } from "./ledger.ts";

export interface LoadOptions extends ClientOptions {
  readonly service: string;
  /** Clients, each with a connection of its own. */
  readonly connections: number;
  /** Requests outstanding at each of them. */
  readonly concurrency: number;
  /** Ends after so many requests, or after so long, whichever comes first. */
  readonly count: number | undefined;
  readonly durationSeconds: number | undefined;
  /** Requests a second that are begun whatever comes back (open loop); without it a new one begins when one ends. */
  readonly rate: number | undefined;
  readonly size: number;
  readonly body: Buffer | undefined;
  /** Asks the handler `work` for so many milliseconds, from the first to the second; short ones are as many as long ones by magnitude. */
  readonly workMs?: readonly [number, number] | undefined;
  /** The share of these that is answered in parts, from 0 to 1. */
  readonly partsShare?: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly checksReplies: boolean;
  /** Whether the report shows each second. */
  readonly perSecond?: boolean;
  /** Files of the handler `ledger`. */
  readonly executions: readonly string[];
  readonly signal: AbortSignal;
  /** Told each second. */
  onProgress(sent: number, ended: number, perSecond: number): void;
}

/** Sends requests and keeps a ledger of what became of each. */
export async function load(options: LoadOptions): Promise<Report> {
  const {
    service,
    connections,
    concurrency,
    count = Infinity,
    durationSeconds = Infinity,
    rate,
    size,
    body,
    workMs,
    partsShare = 0,
    timeoutMs,
    retries,
    checksReplies,
    signal,
  } = options;
  const clients = Array.from({ length: connections }, () => createClient(options));
  const ledger = createLedger(randomBytes(8).toString("hex"), options.perSecond);
  const endsAtMs = performance.now() + durationSeconds * 1000;
  let endedBefore = 0;
  const telling = setInterval(() => {
    options.onProgress(ledger.sent, ledger.ended, ledger.ended - endedBefore);
    endedBefore = ledger.ended;
  }, 1000);

  const more = (): boolean => !signal.aborted && ledger.sent < count && performance.now() < endsAtMs;
  const one = async (client: Client): Promise<void> => {
    const work = workMs && someWork(workMs, partsShare);
    const request = ledger.next(size, work === undefined ? body : Buffer.from(JSON.stringify(work)));
    const startedAtMs = performance.now();
    try {
      const parts: Buffer[] = [];
      if (work !== undefined && work.parts > 0) for await (const part of client.stream(service, request.body, { timeoutMs, retries })) parts.push(part);
      else parts.push(await client.request(service, request.body, { timeoutMs, retries }));
      const isRight =
        work === undefined ? parts[0]!.toString("latin1", 0, loadIdLength) === request.id : parts.join("|") === workReply(request.id, work.parts).join("|");
      ledger.replied(request.number, isRight || !checksReplies, Math.max(0, performance.now() - startedAtMs - (work?.milliseconds ?? 0)));
    } catch (error) {
      ledger.failed(request.number, error);
    }
  };
  const closedLoop = async (client: Client): Promise<void> => {
    while (more()) await one(client);
  };
  const openLoop = async (perSecond: number): Promise<void> => {
    const startedAtMs = performance.now();
    const begun: Promise<void>[] = [];
    for (let next = 0; more(); ) {
      const due = Math.floor(((performance.now() - startedAtMs) * perSecond) / 1000);
      for (; next <= due && more(); next += 1) begun.push(one(clients[next % clients.length]!));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(begun);
  };

  await (rate === undefined ? Promise.all(clients.flatMap((client) => Array.from({ length: concurrency }, () => closedLoop(client)))) : openLoop(rate));
  clearInterval(telling);
  for (const client of clients) client.close();
  return ledger.report(options.executions);
}

function someWork([from, to]: readonly [number, number], partsShare: number): Work {
  return { milliseconds: Math.round(from * (to / from) ** Math.random()), parts: Math.random() < partsShare ? 1 + Math.floor(Math.random() * 5) : 0 };
}
