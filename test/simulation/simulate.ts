import { createBrokerNode } from "./broker-node.ts";
import type { BrokerNode } from "./broker-node.ts";
import { createClientNode } from "./client-node.ts";
import { Broken, describe, Ledger } from "./ledger.ts";
import type { Behaviour } from "./ledger.ts";
import { createPlainClient, createPlainWorker } from "./plain-nodes.ts";
import { createRandom } from "./random.ts";
import { SeedBroken } from "./result.ts";
import type { Result } from "./result.ts";
import { createWorkerNode } from "./worker-node.ts";
import type { WorkerNode } from "./worker-node.ts";
import { createWorld } from "./world.ts";
import type { Actor } from "./world.ts";

const stormMs = 6_000;
/** After the storm everybody lives: whatever was begun must end in this time. */
const calmTimes = { bad: 9_000, fair: 30_000 } as const;

/** One history of brokers, workers and clients. @throws SeedBroken */
export function simulate(seed: number, weather: "bad" | "fair" = "bad"): Result {
  const calmMs = calmTimes[weather];
  const random = createRandom(seed);
  const world = createWorld(random, 1_000, weather === "bad");
  const ledger = new Ledger();
  const services = ["one", "two"];
  const maxDeliveries = random.pick([1, 2, 3]);
  let brokers: BrokerNode[] = [];
  let workers: WorkerNode[] = [];
  let plainWorkers: ReturnType<typeof createPlainWorker>[] = [];
  let started = 0;
  const listening = (): readonly BrokerNode[] => brokers.filter(({ alive }) => alive);
  /** As a Service: soon after SIGTERM no new connection comes to a broker. */
  const reachable = (): readonly BrokerNode[] =>
    brokers.filter(({ alive, accepting, terminatingSinceMs, now }) => alive && accepting && now() - (terminatingSinceMs ?? Infinity) < 300);
  const route = (attempt: number): BrokerNode | undefined => {
    const open = reachable();
    return open[(attempt + random.between(0, 1)) % Math.max(1, open.length)];
  };

  const startBroker = (): void => {
    started += 1;
    const node = createBrokerNode(
      world,
      `broker-${started}`,
      weather === "bad"
        ? { maxDeliveries }
        : { maxDeliveries, longestRequestMs: 60_000, maxQueuedRequests: 1_000, maxRequestsPerService: 900, maxRequestsPerClient: 900 },
    );
    world.note(`${node.name} starts`);
    brokers.push(node);
  };
  const startWorker = (): void => {
    started += 1;
    workers.push(createWorkerNode(world, `worker-${started}`, random.pick(services), random.pick([1, 1, 2, 8]), ledger, listening));
  };
  const startPlainWorker = (): void => {
    started += 1;
    const broker = random.pick(brokers);
    plainWorkers.push(createPlainWorker(world, `plain-worker-${started}`, random.pick(services), ledger, () => (broker.alive ? broker : listening()[0])));
  };

  for (let count = random.between(1, 3); count > 0; count -= 1) startBroker();
  for (let count = random.between(1, 4); count > 0; count -= 1) startWorker();
  for (let count = random.between(0, 2); count > 0; count -= 1) startPlainWorker();
  const clients = Array.from({ length: random.between(1, 4) }, (_, index) =>
    createClientNode(world, `client-${index}`, ledger, weather === "bad" ? { refused: 0.05, cancelled: 0.03 } : { refused: 0, cancelled: 0 }, route),
  );
  const plainClients = Array.from({ length: random.between(0, 2) }, (_, index) =>
    createPlainClient(world, `plain-client-${index}`, random.pick(services), ledger, reachable),
  );

  const behave = (): Behaviour => {
    const draw = random.next();
    if (weather === "fair") return draw < 0.9 ? "answer" : "parts";
    return draw < 0.8 ? "answer" : draw < 0.88 ? "parts" : draw < 0.93 ? "fail" : draw < 0.97 ? "hang" : "poison";
  };
  const retries = random.pick([0, 0, 2]);
  const send = (): void => {
    const client = random.pick(clients);
    const burst = weather === "bad" && random.chance(0.05) ? 40 : random.between(1, 3);
    for (let count = 0; count < burst; count += 1) {
      const unknown = weather === "bad" && random.chance(0.03);
      client.request(
        unknown ? `unknown-${random.between(1, 9)}` : random.pick(services),
        behave(),
        weather === "bad" ? random.between(50, 4_000) : calmMs,
        retries,
      );
    }
    if (world.nowMs < 1_000 + stormMs) world.later(random.next() * 120, undefined, send);
  };

  const anyWire = () => {
    const all = [...clients, ...workers].filter(({ alive }) => alive).flatMap((node) => [...node.wires.values()].map((wire) => ({ node, wire })));
    return all.length === 0 ? undefined : random.pick(all);
  };
  const fault = (): void => {
    if (world.nowMs >= 1_000 + stormMs) return;
    const broker = random.pick(brokers);
    const worker = workers.length > 0 ? random.pick(workers) : undefined;
    switch (weather === "bad" ? random.between(0, 10) : random.pick([1, 6, 10])) {
      case 0:
        world.note(`${broker.name} is killed`);
        broker.kill();
        startBroker();
        break;
      case 1: {
        if (!broker.alive || broker.core.role === "terminating") break;
        world.note(`${broker.name} drains`);
        startBroker();
        broker.drain(weather === "bad" ? random.between(300, 3_000) : 60_000, () => {});
        break;
      }
      case 2:
        world.note(`${broker.name} stands still`);
        broker.pausedUntilMs = world.nowMs + random.between(50, 1_500);
        break;
      case 3:
      case 4:
        world.note(`${worker?.name} is killed`);
        worker?.kill();
        break;
      case 5:
        world.note(`${worker?.name} stands still`);
        if (worker !== undefined) worker.pausedUntilMs = world.nowMs + random.between(50, 1_500);
        break;
      case 6:
        world.note(`${worker?.name} is stopped`);
        worker?.stop();
        break;
      case 7: {
        const found = anyWire();
        found?.wire.close(found.node);
        break;
      }
      case 8: {
        const found = anyWire();
        if (found !== undefined) found.wire.blackHole = true;
        break;
      }
      case 9:
        if (plainWorkers.length > 0) random.pick(plainWorkers).kill();
        break;
      default:
        world.note(`${broker.name} changes its role`);
        if (broker.alive) broker.core.setRole(broker.core.role === "active" ? "standby" : "active");
    }
    replace();
    world.later(random.next() * 800, undefined, fault);
  };
  const replace = (): void => {
    brokers = brokers.filter(({ alive }) => alive);
    workers = workers.filter(({ alive, core }) => alive && (core.brokers > 0 || core.holding > 0 || random.chance(0.9)));
    plainWorkers = plainWorkers.filter(({ alive }) => alive);
    if (brokers.length === 0) startBroker();
    if (workers.length === 0 || (workers.length < 4 && random.chance(0.5))) startWorker();
    if (plainWorkers.length < 1 && random.chance(0.2)) startPlainWorker();
  };

  const check = (actor: Actor | undefined): void => {
    // What happens in a client or a worker reaches a broker only by a later step of that broker's own.
    for (const broker of brokers) if (broker.alive && (actor === broker || actor === undefined)) broker.check();
  };
  const calm = (): void => {
    for (const node of [...brokers, ...workers, ...clients]) node.pausedUntilMs = 0;
    replace();
    for (const service of services) {
      started += 1;
      workers.push(createWorkerNode(world, `worker-${started}`, service, 4, ledger, listening));
    }
    world.every(300, clients[0]!, replace);
  };

  try {
    send();
    world.later(random.next() * 500, undefined, fault);
    world.run(1_000 + stormMs, check);
    calm();
    world.run(1_000 + stormMs + calmMs, check);
    ledger.close();
    if (weather === "fair") {
      for (const { number, outcome, whose } of ledger.entries) {
        if (whose === "ours" && outcome?.kind !== "reply")
          throw new Broken(`request ${number} was lost in fair weather: ${describe(outcome!)}: ${outcome!.kind === "error" ? outcome!.message : ""}`);
      }
    }
    for (const { core } of clients) if (core.outstanding > 0) throw new Broken("a client still waits");
    for (const node of plainClients) node.alive = false;
  } catch (error) {
    throw new SeedBroken(seed, weather, "drawn", error, world.notes);
  }

  return { seed, scenario: "drawn", ...ledger.summary(), milliseconds: stormMs + calmMs };
}
