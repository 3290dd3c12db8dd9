import type { BrokerNode } from "./broker-node.ts";
import type { Ledger } from "./ledger.ts";
import { createWorkerNode } from "./worker-node.ts";
import type { WorkerNode } from "./worker-node.ts";
import type { World } from "./world.ts";

/** A Deployment of workers a service. */
export interface WorkerPool {
  readonly services: readonly string[];
  /** Those that are to stay. */
  readonly working: readonly WorkerNode[];
  scale(service: string, size: number): void;
  /** SIGKILL; another one comes. */
  kill(worker: WorkerNode): void;
  /** SIGTERM; another one comes. */
  evict(worker: WorkerNode): void;
  /** Takes another's place, once that is registered: an update without a gap. */
  replace(worker: WorkerNode): void;
}

export function createWorkerPool(world: World, ledger: Ledger, services: readonly string[], names: () => () => readonly BrokerNode[]): WorkerPool {
  const { random } = world;
  const sizes = new Map<string, number>();
  const working = new Map<WorkerNode, string>();
  const leaving = new Set<WorkerNode>();
  /** New ones that wait to be registered, and whom each replaces. */
  const replacing = new Map<WorkerNode, WorkerNode>();
  let made = 0;

  const make = (service: string): WorkerNode => {
    made += 1;
    const worker = createWorkerNode(world, `worker-${made}`, service, random.pick([4, 8, 8]), ledger, names());
    working.set(worker, service);
    return worker;
  };
  const of = (service: string): WorkerNode[] => [...working].filter(([, one]) => one === service).map(([worker]) => worker);
  const stop = (worker: WorkerNode): void => {
    if (!working.delete(worker)) return;
    world.note(`${worker.name} is stopped`);
    leaving.add(worker);
    worker.stop();
  };

  const look = (): void => {
    for (const worker of leaving) {
      if (worker.alive && (worker.core.holding > 0 || worker.core.brokers > 0)) continue;
      worker.alive = false;
      leaving.delete(worker);
    }
    for (const [next, old] of replacing) {
      if (next.alive && next.core.brokers === 0) continue;
      replacing.delete(next);
      if (next.alive) stop(old);
    }
    for (const [service, size] of sizes) {
      const extra = [...replacing.keys()].filter((worker) => working.get(worker) === service).length;
      const there = of(service);
      if (there.length < size + extra) make(service);
      if (there.length > size + extra) stop(there[0]!);
    }
    world.later(100, undefined, look);
  };
  look();

  return {
    services,
    get working() {
      return [...working.keys()];
    },
    scale(service, size) {
      sizes.set(service, size);
      while (of(service).length < size) make(service);
    },
    kill(worker) {
      world.note(`${worker.name} is killed`);
      working.delete(worker);
      worker.kill();
    },
    evict: stop,
    replace(worker) {
      const service = working.get(worker);
      if (service !== undefined) replacing.set(make(service), worker);
    },
  };
}
