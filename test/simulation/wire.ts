import type { Actor, World } from "./world.ts";

/** A TCP connection: what one side sends comes in its order, late, or not at all once the connection is lost. */
export interface Wire {
  readonly open: boolean;
  /** Nothing comes through any more, and nobody is told: a cable that was pulled. */
  blackHole: boolean;
  send(from: Actor, happen: () => void): void;
  /** One side closes, or its process is gone (`violently`): what is on its way is lost or not, the other side is told. */
  close(from: Actor, violently?: boolean): void;
}

export function createWire(world: World, one: Actor, other: Actor, onClosed: (side: Actor, cleanly: boolean) => void): Wire {
  const { random } = world;
  const lastMs = new Map<Actor, number>([
    [one, 0],
    [other, 0],
  ]);
  const slowness = random.chance(0.1) ? 30 : 2;
  let open = true;
  let lost = false;
  let closing = false;

  const wire: Wire = {
    blackHole: false,
    get open() {
      return open && !closing;
    },
    send(from, happen) {
      if (!open || closing) return;
      const to = from === one ? other : one;
      const at = Math.max(lastMs.get(to)!, world.nowMs + random.next() * slowness);
      lastMs.set(to, at);
      world.later(at - world.nowMs, to, () => {
        if (open && !lost && !wire.blackHole) happen();
      });
    },
    close(from, violently = world.lossy) {
      if (!open || closing) return;
      closing = true;
      const to = from === one ? other : one;
      // What was sent before comes, unless the process was killed with it unsent.
      const cleanly = !violently || random.chance(0.5);
      const at = cleanly ? Math.max(lastMs.get(to)!, world.nowMs) : world.nowMs;
      if (wire.blackHole) {
        open = false;
        return;
      }
      world.later(at - world.nowMs, to, () => {
        if (!open) return;
        open = false;
        onClosed(to, cleanly);
      });
      if (!cleanly) lost = true;
    },
  };
  return wire;
}
