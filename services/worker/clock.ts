/** A thread may be stopped between two looks at a clock: of so many tries the quickest counts. */
const tries = 16;

/** Milliseconds of a clock that never goes back and is the same in all threads of the process (`performance.now` begins anew in each). */
export function createClock(): () => number {
  let offsetMs = 0;
  let leastMs = Infinity;
  for (let left = tries; left > 0; left -= 1) {
    const beforeMs = performance.now();
    const [seconds, nanoseconds] = process.hrtime();
    const tookMs = performance.now() - beforeMs;
    if (tookMs >= leastMs) continue;
    leastMs = tookMs;
    offsetMs = seconds * 1_000 + nanoseconds / 1e6 - beforeMs - tookMs / 2;
  }
  return () => performance.now() + offsetMs;
}
