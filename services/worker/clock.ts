/** Milliseconds of a clock that never goes back and is the same in all threads of the process (`performance.now` begins anew in each). */
export function createClock(): () => number {
  const [seconds, nanoseconds] = process.hrtime();
  const offsetMs = seconds * 1_000 + nanoseconds / 1e6 - performance.now();
  return () => performance.now() + offsetMs;
}
