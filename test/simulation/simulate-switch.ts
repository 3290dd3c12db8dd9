import type { BrokerNode } from "./broker-node.ts";
import { createClientNode } from "./client-node.ts";
import type { ClientNode } from "./client-node.ts";
import { createColors, otherColor } from "./colors.ts";
import type { Color } from "./colors.ts";
import { createLazyPirate } from "./lazy-pirate.ts";
import { Broken, Ledger } from "./ledger.ts";
import { createRandom } from "./random.ts";
import { SeedBroken } from "./result.ts";
import type { Result } from "./result.ts";
import { longestRequestMs, startLoad } from "./switch-load.ts";
import { scenarios } from "./switch-scenarios.ts";
import type { Scenario, Switching } from "./switch-scenarios.ts";
import { begin, pause, switchTo } from "./update.ts";
import type { Plan, Running, Steps } from "./update.ts";
import { timesToLeave, watchWhoStays } from "./who-stays.ts";
import { createWorkerPool } from "./worker-pool.ts";
import type { WorkerPool } from "./worker-pool.ts";
import { createWorld } from "./world.ts";
import type { Actor } from "./world.ts";

const graceMs = longestRequestMs + 1_000;
const plainClientDelayMs = 1_500;
/** The guide's clients give up after so many. */
const guideTries = 3;
/** There and back. */
const legs = 2;
/** No history takes longer. */
const longestMs = 240_000;

/** Blue, green and blue again under load. @throws SeedBroken */
export function simulateSwitch(seed: number, weather: "switch" | "switch-storm"): Result {
  const random = createRandom(seed);
  const world = createWorld(random, 1_000, false);
  const ledger = new Ledger();
  const name = weather === "switch" ? "nothing else happens" : random.pick(Object.keys(scenarios));
  const fileMs = random.pick([300, 2_000, 6_000]);
  const atLeast = random.pick([300, 3_000]);
  const limits = {
    maxDeliveries: random.pick([1, 3]),
    longestRequestMs,
    plainClientDelayMs,
    roleDelayMs: fileMs + 500,
    plainWorkerTimeoutMs: longestRequestMs,
    maxClients: 200,
    maxWorkers: 200,
    maxQueuedRequests: 1_000,
    maxRequestsPerService: 900,
    maxRequestsPerClient: 900,
  };
  const times = timesToLeave(limits);
  const colors = createColors(world, ledger, limits, { proxyMs: random.pick([50, 800]), namesMs: 2_000, fileMs, graceMs });
  const plan: Plan = {
    world,
    ledger,
    colors,
    smokeService: "one",
    replicas: random.between(2, 3),
    standbyReplicas: random.between(0, 1),
    readyMs: 3_000,
    answerMs: 4_000,
    stayMs: { atLeast, atMost: atLeast + random.pick([1_000, fileMs + longestRequestMs]) },
    probing: 0,
  };
  colors.scale("blue", plan.replicas);
  colors.scale("green", plan.standbyReplicas);
  const pool = createWorkerPool(world, ledger, ["one", "two"], colors.names);
  for (const service of pool.services) pool.scale(service, random.between(2, 3));
  world.run(world.nowMs + 1_000, () => {});

  const client = (host: () => BrokerNode | undefined): ClientNode => createClientNode(world, "client", ledger, { refused: 0, cancelled: 0 }, host);
  const clients = Array.from({ length: random.between(3, 6) }, () => client(colors.host()));
  const visitors = colors.host();
  const pirates = Array.from({ length: random.between(1, 3) }, (_, index) =>
    createLazyPirate(world, `pirate-${index}`, pool.services, 4_000, ledger, colors.host()),
  );
  const load = startLoad(world, clients, pool.services, () => client(visitors));

  const operator = begin(world, operate(plan, pool, scenarios[name] ?? {}));
  watchWhoStays(plan, times);
  watchGrace(plan);
  const check = (actor: Actor | undefined): void => {
    // What happens in a client or a worker reaches a broker only by a later step of that broker's own.
    for (const { node } of colors.pods) if (node.alive && (actor === node || actor === undefined)) node.check();
  };
  const runUntil = (done: () => boolean, what: string): void => {
    while (!done()) {
      if (world.nowMs > longestMs) throw new Broken(`it does not end: ${what}`);
      world.run(world.nowMs + 100, check);
    }
  };

  try {
    runUntil(() => operator.state !== "goes on", "the operator's work");
    load.stop();
    for (const pirate of pirates) pirate.stop();
    runUntil(() => ledger.entries.every(({ outcome, whose }) => outcome !== undefined || whose === "probe"), "a request");
    runUntil(pause(world, Math.max(times.oursMs, times.plainMs) + fileMs), "who leaves");
    ledger.close();
    ledger.closeWithoutLoss();
    if (weather === "switch") {
      for (const { name: pirate, mostTries, losses } of pirates) {
        if (mostTries > guideTries) throw new Broken(`${pirate} asked ${mostTries} times`);
        if (losses > legs) throw new Broken(`${pirate} lost its connection ${losses} times in ${legs} switches`);
      }
    }
  } catch (error) {
    throw new SeedBroken(seed, weather, name, error, world.notes);
  }
  return { seed, scenario: name, ...ledger.summary(), milliseconds: world.nowMs };
}

/** Whoever runs the updates: to the other colour and back, each begun again until it is done. */
function* operate(plan: Plan, pool: WorkerPool, scenario: Scenario): Steps {
  const { world, colors } = plan;
  for (let leg = 0; leg < legs; leg += 1) {
    yield pause(world, world.random.next() * 2_000);
    let target: Color = otherColor(colors.active);
    let meanwhile: Running | undefined;
    scenario.before?.(plan, target);
    for (let attempt = 0; ; attempt += 1) {
      const update = begin(world, switchTo(plan, target));
      const switching: Switching = { plan, pool, target, update, next: target };
      if (attempt === 0 && scenario.meanwhile !== undefined) meanwhile = begin(world, scenario.meanwhile(switching));
      yield () => update.state !== "goes on";
      if (update.state === "done" && switching.next === target) break;
      if (scenario.mend !== undefined) yield* scenario.mend(switching);
      yield pause(world, world.random.next() * world.random.pick([50, 3_000, 15_000]));
      target = switching.next;
    }
    yield () => meanwhile?.state !== "goes on";
  }
}

/** Whoever was told SIGTERM ends in its grace. */
function watchGrace({ world, colors }: Plan): void {
  const look = (): void => {
    for (const { name, leaving, leavingSinceMs } of colors.pods)
      if (leaving && world.nowMs - leavingSinceMs > graceMs + 500) throw new Broken(`${name} does not end`);
    world.later(100, undefined, look);
  };
  look();
}
