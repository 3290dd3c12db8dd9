/** A first-in-first-out queue with O(1) `push` and `pop`; its ring doubles when full and never shrinks below 16. */
export interface Queue<T> {
  readonly length: number;
  /** The item that `pop` would give. */
  readonly first: T | undefined;
  push(item: T): void;
  pop(): T | undefined;
}

const smallestRing = 16;

export function createQueue<T>(): Queue<T> {
  let ring: (T | undefined)[] = new Array<T | undefined>(smallestRing).fill(undefined);
  let head = 0;
  let length = 0;

  const resize = (size: number): void => {
    const next = new Array<T | undefined>(size).fill(undefined);
    for (let index = 0; index < length; index += 1) next[index] = ring[(head + index) % ring.length];
    ring = next;
    head = 0;
  };

  return {
    get length() {
      return length;
    },
    get first() {
      return length === 0 ? undefined : ring[head];
    },
    push(item) {
      if (length === ring.length) resize(ring.length * 2);
      ring[(head + length) % ring.length] = item;
      length += 1;
    },
    pop() {
      if (length === 0) return undefined;
      const item = ring[head];
      ring[head] = undefined;
      head = (head + 1) % ring.length;
      length -= 1;
      if (ring.length > smallestRing && length < ring.length / 4) resize(ring.length / 2);
      return item;
    },
  };
}
