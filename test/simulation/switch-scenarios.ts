import { otherColor } from "./colors.ts";
import type { Color } from "./colors.ts";
import { begin, pause, roll } from "./update.ts";
import type { Plan, Running, Steps } from "./update.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** A switch that has begun, and what can be done to it. */
export interface Switching {
  readonly plan: Plan;
  readonly pool: WorkerPool;
  readonly target: Color;
  readonly update: Running;
  /** The update that follows where this one is killed or fails goes there. */
  next: Color;
}

/** Something that goes wrong in a switch, or comes at the same time. */
export interface Scenario {
  /** Before the update begins. */
  before?(plan: Plan, target: Color): void;
  /** While it goes on. */
  meanwhile?(switching: Switching): Steps;
  /** Between a failed or killed update and the next. */
  mend?(switching: Switching): Steps;
}

/** Some time from the update's begin to when the old colour has gone. */
const someTime = ({ world }: Plan): (() => boolean) => pause(world, world.random.next() * world.random.pick([1_000, 4_000, 12_000]));

const brokerKilled: Scenario = {
  *meanwhile({ plan }) {
    const { world, colors } = plan;
    for (let count = world.random.between(1, 2); count > 0; count -= 1) {
      yield someTime(plan);
      const living = [...colors.pods].filter(({ node }) => node.alive);
      if (living.length > 0) colors.crash(world.random.pick(living), world.random.chance(0.7) ? "container" : "machine");
    }
  },
};

const workerKilled: Scenario = {
  *meanwhile({ plan, pool }) {
    for (let count = plan.world.random.between(1, 3); count > 0; count -= 1) {
      yield someTime(plan);
      if (pool.working.length > 0) pool.kill(plan.world.random.pick(pool.working));
    }
  },
};

const updateKilled: Scenario = {
  *meanwhile({ plan, update }) {
    yield someTime(plan);
    update.kill();
  },
};

const rolledBack: Scenario = {
  *meanwhile(switching) {
    yield someTime(switching.plan);
    switching.next = otherColor(switching.target);
    switching.update.kill();
  },
};

/** Somebody goes back at once when the old colour has been told to end. */
const rolledBackWhileDraining: Scenario = {
  *meanwhile(switching) {
    const { plan, target, update } = switching;
    const old = otherColor(target);
    yield () => update.state !== "goes on" || [...plan.colors.pods].some(({ color, leaving }) => color === old && leaving);
    switching.next = old;
    update.kill();
  },
};

const badTarget: Scenario = {
  before({ world, colors }, target) {
    if (colors.of(target).length === 0 || world.random.chance(0.5)) colors.setImage(target, world.random.pick(["unready", "workerless"]));
  },
  *mend(switching) {
    const { plan, target } = switching;
    plan.colors.setImage(target, "good");
    yield* roll(plan, target);
    if (plan.world.random.chance(0.3)) switching.next = otherColor(target);
  },
};

/** One after the other, and only where all others of its kind are ready: a PodDisruptionBudget with one unavailable. */
const evictions: Scenario = {
  *meanwhile({ plan, pool }) {
    const { world, colors } = plan;
    for (let count = world.random.between(2, 6); count > 0; count -= 1) {
      yield pause(world, world.random.next() * 2_500);
      if (world.random.chance(0.4) && pool.working.length > 1) pool.evict(world.random.pick(pool.working));
      else {
        const pod = world.random.pick([...colors.pods]);
        if (colors.of(pod.color).every(({ ready }) => ready)) colors.terminate(pod);
      }
    }
  },
};

const rollingUpdate: Scenario = {
  *meanwhile({ plan, target }) {
    yield someTime(plan);
    yield* roll(plan, plan.world.random.chance(0.5) ? target : otherColor(target));
  },
};

const workersChange: Scenario = {
  *meanwhile({ plan, pool }) {
    const { random } = plan.world;
    for (let count = random.between(1, 4); count > 0; count -= 1) {
      yield pause(plan.world, random.next() * 3_000);
      if (random.chance(0.5)) pool.scale(random.pick(pool.services), random.between(2, 4));
      else for (const worker of pool.working) pool.replace(worker);
    }
  },
};

const single = {
  "a broker is killed": brokerKilled,
  "a worker is killed": workerKilled,
  "the update is killed and begun again": updateKilled,
  "the update is killed and rolled back": rolledBack,
  "rolled back while the old colour drains": rolledBackWhileDraining,
  "the target fails the gate": badTarget,
  "brokers and workers are evicted": evictions,
  "a colour is updated": rollingUpdate,
  "workers are updated and scaled": workersChange,
} as const satisfies Record<string, Scenario>;

/** Several at once. */
const all: Scenario = {
  // biome-ignore lint/correctness/useYield: it begins others and waits for none.
  *meanwhile(switching) {
    const { world } = switching.plan;
    for (const scenario of [brokerKilled, workerKilled, updateKilled, rolledBack, evictions, rollingUpdate, workersChange]) {
      if (world.random.chance(0.4)) begin(world, scenario.meanwhile!(switching));
    }
  },
};

export const scenarios: Readonly<Record<string, Scenario>> = { ...single, "several at once": all };
