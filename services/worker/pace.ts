/** Milliseconds of work that the handlers are given at once, and the most requests that this may be. */
const handedMs = 2;
const mostHanded = 512;
/** Slower handlers than this get nothing ahead of time: another worker may be free. */
const aheadBelowMs = 20;
/** How much one more request weighs in the mean. */
const weight = 0.05;

/** How fast the handlers are, and so how many requests a worker should have on its hands. */
export interface Pace {
  /** Requests that may be with the handlers. */
  readonly handed: number;
  /** Requests that may be on the worker's hands in all. */
  readonly window: number;
  /** So many requests took so many milliseconds of a handler, together. */
  took(count: number, milliseconds: number): void;
  /** Nothing has ended for so long. */
  stuck(milliseconds: number): void;
}

export function createPace(concurrency: number): Pace {
  let meanMs = aheadBelowMs;
  return {
    get handed() {
      return Math.min(Math.max(mostHanded, concurrency), concurrency * Math.max(1, Math.floor(handedMs / meanMs)));
    },
    get window() {
      return meanMs >= aheadBelowMs ? concurrency : 2 * this.handed;
    },
    took(count, milliseconds) {
      if (count === 0) return;
      const share = 1 - (1 - weight) ** count;
      meanMs += (Math.max(0.001, milliseconds / count) - meanMs) * share;
    },
    stuck(milliseconds) {
      meanMs = Math.max(meanMs, milliseconds);
    },
  };
}
