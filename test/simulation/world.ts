import type { Random } from "./random.ts";

/** A process of the simulation: it can be killed, and it can stand still. */
export interface Actor {
  readonly name: string;
  alive: boolean;
  /** Until when nothing happens in it, as after SIGSTOP; what came in meanwhile happens then, in its order. */
  pausedUntilMs: number;
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly actor: Actor | undefined;
  readonly happen: () => void;
}

/** Time, and what is to happen in it. One seed makes one history. */
export interface World {
  readonly random: Random;
  readonly nowMs: number;
  /** Whether a connection that is closed may lose what is on its way. */
  readonly lossy: boolean;
  /** Lets something happen in an actor later; never, where that is dead by then. */
  later(delayMs: number, actor: Actor | undefined, happen: () => void): void;
  every(intervalMs: number, actor: Actor, happen: () => void): void;
  /** Runs until a time; `check` is called after each step, with the actor in which it happened, where it was in one. */
  run(untilMs: number, check: (actor: Actor | undefined) => void): void;
  note(text: string): void;
  readonly notes: readonly string[];
}

export function createWorld(random: Random, startMs: number, lossy: boolean): World {
  const heap: Event[] = [];
  const notes: string[] = [];
  let nowMs = startMs;
  let order = 0;

  const before = (one: Event, other: Event): boolean => one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

  const push = (event: Event): void => {
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  };

  const pop = (): Event => {
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  };

  const world: World = {
    random,
    notes,
    lossy,
    get nowMs() {
      return nowMs;
    },
    later(delayMs, actor, happen) {
      order += 1;
      push({ atMs: nowMs + delayMs, order, actor, happen });
    },
    every(intervalMs, actor, happen) {
      const again = (): void => {
        happen();
        world.later(intervalMs, actor, again);
      };
      world.later(intervalMs, actor, again);
    },
    run(untilMs, check) {
      while (heap.length > 0 && heap[0]!.atMs <= untilMs) {
        const event = pop();
        nowMs = event.atMs;
        const { actor } = event;
        if (actor?.alive === false) continue;
        if (actor !== undefined && actor.pausedUntilMs > nowMs) {
          order += 1;
          push({ ...event, atMs: actor.pausedUntilMs, order });
          continue;
        }
        event.happen();
        check(actor);
      }
      nowMs = untilMs;
    },
    note(text) {
      notes.push(`${nowMs.toFixed(1)} ${text}`);
    },
  };
  return world;
}
