import { setTimeout as sleep } from "node:timers/promises";
import type { Broker } from "./core.ts";

/** Milliseconds between looks, and for how long nothing may be held before it counts: a message may still lie unread. */
export const lookEveryMs = 25;
const quietMs = 250;

export interface DrainOptions {
  readonly graceMs: number;
  /** Connections of clients that are there now. */
  clients(): number;
}

/**
 * Makes a broker end well. It stays bound; peers of ours are told to move and have what they sent answered; plain ones, who
 * cannot be told, are served until they leave, and made to come back elsewhere after a delay.
 * @returns false if `graceMs` ended before nothing was held.
 */
export async function drain(core: Broker, options: DrainOptions): Promise<boolean> {
  const look = beginDrain(core, options, performance.now());
  for (;;) {
    const finished = look(performance.now());
    if (finished !== undefined) return finished;
    await sleep(lookEveryMs);
  }
}

/** @returns what is to be called every `lookEveryMs`: it says nothing as long as the drain goes on. */
export function beginDrain(core: Broker, { graceMs, clients }: DrainOptions, startedAtMs: number): (nowMs: number) => boolean | undefined {
  core.setRole("terminating");
  let emptySinceMs: number | undefined;
  return (nowMs) => {
    const holdsNothing = core.waiting + core.held === 0;
    emptySinceMs = holdsNothing && clients() - core.clients.idleOurs === 0 ? (emptySinceMs ?? nowMs) : undefined;
    if (emptySinceMs !== undefined && nowMs - emptySinceMs >= quietMs) return true;
    return nowMs - startedAtMs >= graceMs ? holdsNothing : undefined;
  };
}
