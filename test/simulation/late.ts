import type { World } from "./world.ts";

/** What somebody sees of a thing only after a delay of their own; the newest change that has come counts. */
export interface Late<T> {
  readonly seen: T;
  /** Nothing is on its way. */
  readonly upToDate: boolean;
  tell(next: T): void;
}

export function createLate<T>(world: World, mostMs: number, first: T, onSeen: (value: T) => void = () => {}): Late<T> {
  let seen = first;
  let told = 0;
  let arrived = 0;
  return {
    get seen() {
      return seen;
    },
    get upToDate() {
      return arrived === told;
    },
    tell(next) {
      told += 1;
      const number = told;
      world.later(world.random.next() * mostMs, undefined, () => {
        if (number < arrived) return;
        arrived = number;
        seen = next;
        onSeen(next);
      });
    },
  };
}
