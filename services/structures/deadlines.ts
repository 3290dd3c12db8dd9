/** An item with a deadline, which stands at most once in `Deadlines`. */
export interface Timed<T> {
  readonly deadlineMs: number;
  earlier: T | undefined;
  later: T | undefined;
  /** The wheel's slot in which it stands; `untimed` where it stands in none. */
  slot: number;
}

export const untimed = -1;

/** Deadlines in a hashed wheel: O(1) to add and to remove, whatever their number. */
export interface Deadlines<T> {
  /** One whose time is over already expires at the next look. */
  add(item: T): void;
  remove(item: T): void;
  /** Removes every item whose deadline is not after `nowMs`, and tells. */
  expire(nowMs: number, onExpired: (item: T) => void): void;
}

const slotMs = 64;
const slots = 1024;

export function createDeadlines<T extends Timed<T>>(): Deadlines<T> {
  const heads = new Array<T | undefined>(slots).fill(undefined);
  let doneTick: number | undefined;
  let count = 0;

  const remove = (item: T): void => {
    if (item.slot === untimed) return;
    if (item.earlier === undefined) heads[item.slot] = item.later;
    else item.earlier.later = item.later;
    if (item.later !== undefined) item.later.earlier = item.earlier;
    item.earlier = undefined;
    item.later = undefined;
    item.slot = untimed;
    count -= 1;
  };

  return {
    remove,
    add(item) {
      const slot = Math.max(Math.floor(item.deadlineMs / slotMs), doneTick ?? 0) % slots;
      const head = heads[slot];
      item.earlier = undefined;
      item.later = head;
      item.slot = slot;
      if (head !== undefined) head.earlier = item;
      heads[slot] = item;
      count += 1;
    },
    expire(nowMs, onExpired) {
      const tick = Math.floor(nowMs / slotMs);
      const from = Math.max(doneTick ?? tick - slots + 1, tick - slots + 1);
      doneTick = tick;
      if (count === 0) return;
      const expired: T[] = [];
      for (let at = from; at <= tick; at += 1) {
        for (let item = heads[((at % slots) + slots) % slots]; item !== undefined; item = item.later) if (item.deadlineMs <= nowMs) expired.push(item);
      }
      for (const item of expired) {
        if (item.slot === untimed) continue; // what an earlier one of this round removed
        remove(item);
        onExpired(item);
      }
    },
  };
}
