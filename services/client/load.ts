import { randomBytes } from "node:crypto";
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
  readonly timeoutMs: number;
  readonly retries: number;
  readonly checksReplies: boolean;
  /** Files of the handler `ledger`. */
  readonly executions: readonly string[];
  readonly signal: AbortSignal;
  /** Told each second. */
  onProgress(sent: number, ended: number, perSecond: number): void;
}

/** Sends requests and keeps a ledger of what became of each. */
export async function load(options: LoadOptions): Promise<Report> {
  const { service, connections, concurrency, count = Infinity, durationSeconds = Infinity, rate, size, body, timeoutMs, retries, signal } = options;
  const clients = Array.from({ length: connections }, () => createClient(options));
  const ledger = createLedger(randomBytes(8).toString("hex"), options.checksReplies);
  const endsAtMs = performance.now() + durationSeconds * 1000;
  let endedBefore = 0;
  const telling = setInterval(() => {
    options.onProgress(ledger.sent, ledger.ended, ledger.ended - endedBefore);
    endedBefore = ledger.ended;
  }, 1000);

  const more = (): boolean => !signal.aborted && ledger.sent < count && performance.now() < endsAtMs;
  const one = async (client: Client): Promise<void> => {
    const request = ledger.next(size, body);
    const startedAtMs = performance.now();
    try {
      const reply = await client.request(service, request.body, { timeoutMs, retries });
      ledger.replied(request.number, reply, performance.now() - startedAtMs);
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
