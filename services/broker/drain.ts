import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds between looks, and for how long nothing may be held before it counts: a message may still lie unread. */
const lookEveryMs = 25;
const quietMs = 250;

/** Waits until nothing has been held for a moment. @returns false if `graceMs` ended before. */
export async function drained(held: () => number, graceMs: number): Promise<boolean> {
  const startedAtMs = performance.now();
  let emptySinceMs: number | undefined;
  for (;;) {
    const nowMs = performance.now();
    emptySinceMs = held() === 0 ? (emptySinceMs ?? nowMs) : undefined;
    if (emptySinceMs !== undefined && nowMs - emptySinceMs >= quietMs) return true;
    if (nowMs - startedAtMs >= graceMs) return held() === 0;
    await sleep(lookEveryMs);
  }
}
