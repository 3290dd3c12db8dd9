import { setTimeout as sleep } from "node:timers/promises";
import type { Broker } from "./core.ts";

/** Milliseconds between looks, and for how long nothing may be held before it counts: a message may still lie unread. */
const lookEveryMs = 25;
const quietMs = 250;

export interface DrainOptions {
  readonly graceMs: number;
  /** Connections of clients that are there now. */
  clients(): number;
}

/**
 * Makes a broker end well. It stays bound; peers of ours are told to move and have what they sent answered; plain ones, who
 * cannot be told, are served until they leave.
 * @returns false if `graceMs` ended before nothing was held.
 */
export async function drain(core: Broker, { graceMs, clients }: DrainOptions): Promise<boolean> {
  core.setRole("terminating");
  const startedAtMs = performance.now();
  let emptySinceMs: number | undefined;
  for (;;) {
    const nowMs = performance.now();
    const holdsNothing = core.waiting + core.held === 0;
    emptySinceMs = holdsNothing && clients() - core.clients.idleOurs === 0 ? (emptySinceMs ?? nowMs) : undefined;
    if (emptySinceMs !== undefined && nowMs - emptySinceMs >= quietMs) return true;
    if (nowMs - startedAtMs >= graceMs) return holdsNothing;
    await sleep(lookEveryMs);
  }
}
