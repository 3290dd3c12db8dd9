import type { BrokerNode } from "./broker-node.ts";
import { createClientNode } from "./client-node.ts";
import { otherColor } from "./colors.ts";
import type { Color, Colors, Pod } from "./colors.ts";
import type { Ledger } from "./ledger.ts";
import type { World } from "./world.ts";

/** What somebody does one thing after the other; each yields what it waits for before the next. */
export type Steps<Result = void> = Generator<() => boolean, Result>;

export class UpdateFailed extends Error {}

export interface Running {
  readonly state: "goes on" | "done" | "failed" | "killed";
  kill(): void;
}

const lookEveryMs = 50;

/** Does them. `UpdateFailed` ends them, and so does `kill`, between any two. */
export function begin(world: World, steps: Steps): Running {
  let state: Running["state"] = "goes on";
  let ready = (): boolean => true;
  const look = (): void => {
    if (state !== "goes on") return;
    try {
      if (ready()) {
        const { done, value } = steps.next();
        if (done === true) state = "done";
        else ready = value;
      }
    } catch (error) {
      if (!(error instanceof UpdateFailed)) throw error;
      world.note(`the update fails: ${error.message}`);
      state = "failed";
    }
    if (state === "goes on") world.later(lookEveryMs, undefined, look);
  };
  world.later(0, undefined, look);
  return {
    get state() {
      return state;
    },
    kill() {
      if (state !== "goes on") return;
      world.note("the update is killed");
      state = "killed";
    },
  };
}

export function pause(world: World, milliseconds: number): () => boolean {
  const endsAtMs = world.nowMs + milliseconds;
  return () => world.nowMs >= endsAtMs;
}

export interface Plan {
  readonly world: World;
  readonly ledger: Ledger;
  readonly colors: Colors;
  readonly smokeService: string;
  readonly replicas: number;
  readonly standbyReplicas: number;
  /** How long brokers may take to be ready, and to give an answer. */
  readonly readyMs: number;
  readonly answerMs: number;
  /** How long the old colour stays at full size: so long in any case, and so long at most where clients do not leave it. */
  readonly stayMs: { readonly atLeast: number; readonly atMost: number };
  /** Probes that are under way at a colour that is not active. */
  probing: number;
}

/** What the Pulumi program does with `activeColor` set, whatever an update before it left. @throws UpdateFailed */
export function* switchTo(plan: Plan, color: Color): Steps {
  const { world, colors, replicas, standbyReplicas, stayMs } = plan;
  const old = otherColor(color);
  world.note(`an update to ${color} begins`);
  colors.scale(color, replicas);
  yield* within(plan, plan.readyMs, "its brokers are not ready", () => isWhole(colors.of(color), replicas));
  for (const pod of colors.of(color)) yield* answered(plan, `${pod.name} gives no answer`, () => (pod.node.alive ? pod.node : undefined));
  colors.select(color);
  yield pause(world, world.random.next() * 200);
  colors.declare(color);
  yield* answered(plan, "the Service leads to no answer", colors.host());
  const startedAtMs = world.nowMs;
  const leftAlone = (): boolean =>
    colors.of(old).every(({ node: { core } }) => core.waiting + core.held + core.clients.connected.ours + core.clients.connected.plain === 0);
  yield () => {
    const tookMs = world.nowMs - startedAtMs;
    return colors.of(old).length <= standbyReplicas || (tookMs >= stayMs.atLeast && leftAlone()) || tookMs >= stayMs.atMost;
  };
  colors.scale(old, standbyReplicas);
  world.note(`the update to ${color} is done`);
}

/** An ordinary update of one colour: one more, which is ready, before an old one goes. */
export function* roll({ world, colors, readyMs }: Plan, color: Color): Steps {
  for (const old of colors.of(color)) {
    const next = colors.surge(color);
    const endsAtMs = world.nowMs + readyMs;
    yield () => next.ready || next.leaving || world.nowMs >= endsAtMs;
    colors.settle(color, old);
  }
}

const isWhole = (pods: readonly Pod[], size: number): boolean => pods.length === size && pods.every(({ ready }) => ready);

function* within({ world }: Plan, milliseconds: number, otherwise: string, done: () => boolean): Steps {
  const endsAtMs = world.nowMs + milliseconds;
  yield () => done() || world.nowMs >= endsAtMs;
  if (!done()) throw new UpdateFailed(otherwise);
}

/** Asks until there is an answer, as the Jobs do. */
function* answered(plan: Plan, otherwise: string, route: () => BrokerNode | undefined): Steps {
  const { world, ledger, smokeService, answerMs } = plan;
  const endsAtMs = world.nowMs + answerMs;
  const client = createClientNode(world, "probe", ledger, { refused: 0, cancelled: 0 }, route);
  plan.probing += 1;
  try {
    for (;;) {
      const probe = client.request(smokeService, "answer", Math.max(1, endsAtMs - world.nowMs), 0, "probe");
      yield () => probe.outcome !== undefined;
      if (probe.outcome?.kind === "reply") return;
      if (world.nowMs >= endsAtMs) throw new UpdateFailed(otherwise);
      yield pause(world, 100);
    }
  } finally {
    client.close();
    plan.probing -= 1;
  }
}
