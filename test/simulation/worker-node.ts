import type { FromWorkerVisitor } from "../../services/majordomo/extension/worker.ts";
import { createWorkerCore } from "../../services/worker/core.ts";
import type { WorkerCore } from "../../services/worker/core.ts";
import type { Job, Link } from "../../services/worker/outbox.ts";
import type { BrokerNode, SimWorkerPeer } from "./broker-node.ts";
import { Broken } from "./ledger.ts";
import type { Ledger } from "./ledger.ts";
import { createWire } from "./wire.ts";
import type { Wire } from "./wire.ts";
import type { Actor, World } from "./world.ts";

export interface WorkerNode extends Actor {
  readonly core: WorkerCore;
  readonly wires: Map<Link, Wire>;
  kill(): void;
  /** SIGTERM. */
  stop(): void;
}

/** A worker of ours with handlers that answer, fail, hang or kill it. `brokers` gives those that listen now. */
export function createWorkerNode(
  world: World,
  name: string,
  service: string,
  concurrency: number,
  ledger: Ledger,
  brokers: () => readonly BrokerNode[],
): WorkerNode {
  const { random } = world;
  const wires = new Map<Link, Wire>();
  const peers = new Map<Link, { peer: SimWorkerPeer; broker: BrokerNode }>();
  const skewMs = random.next() * 1e6;
  const now = (): number => world.nowMs + skewMs;
  const slownessMs = random.pick([1, 5, 40, 200]);
  /** Handed over and not begun, and begun. */
  const queue: Job[] = [];
  const running = new Set<Job>();
  const credits = new Map<number, number>();
  /** Requests that each broker may still deliver. */
  const granted = new Map<Link, number>();

  const tell = (link: Link, say: (visitor: FromWorkerVisitor) => void): void => {
    const at = peers.get(link);
    if (at === undefined) return;
    const { peer, broker } = at;
    const nowMs = (): number => broker.now();
    wires.get(link)?.send(node, () => {
      if (!broker.peers.has(peer)) return;
      const { workers } = broker.core;
      say({
        hello: (from, to) => workers.hello(peer, from, to, nowMs()),
        heartbeat: () => workers.heartbeat(peer, nowMs()),
        ready: (what) => workers.ready(peer, what, nowMs()),
        credit: (count) => workers.credit(peer, count, nowMs()),
        started: (upTo) => workers.started(peer, upTo, nowMs()),
        reply: (delivery, body) => workers.reply(peer, delivery, body, nowMs()),
        partial: (delivery, body) => workers.partial(peer, delivery, body, nowMs()),
        error: (delivery, what, message) => workers.error(peer, delivery, what, message, nowMs()),
        notStarted: (delivery) => workers.notStarted(peer, delivery, nowMs()),
        leaving: () => workers.leaving(peer, nowMs()),
        disconnect: () => workers.disconnect(peer, nowMs()),
      });
    });
  };

  const open = (link: Link, endpoint: string): void => {
    world.later(random.next() * 5, node, () => {
      const broker = brokers().find((one) => one.name === endpoint && one.alive && one.accepting);
      if (broker === undefined) {
        core.lost(link, now());
        return;
      }
      const wire = createWire(world, node, broker, (side, cleanly) => {
        if (side === node) core.lost(link, now());
        else {
          broker.peers.delete(peer);
          broker.core.workers.closed(peer, cleanly, broker.now());
        }
      });
      const peer: SimWorkerPeer = {
        worker: undefined,
        greeted: false,
        identity: undefined,
        wire,
        plain: undefined,
        ours: {
          welcome: (welcome) => core.welcome(link, welcome, now()),
          heartbeat: (backlog) => core.heartbeat(link, backlog, now()),
          request(delivery, timeoutMs, attempt, client, id, trace, credit, body) {
            granted.set(link, (granted.get(link) ?? 0) - 1);
            if (granted.get(link)! < 0) throw new Broken(`${name} was given a request without credit`);
            core.request(link, delivery, timeoutMs, attempt, client, id, trace, credit, body, now());
          },
          cancel: (delivery) => core.cancel(link, delivery, now()),
          partialCredit: (delivery, count) => core.partialCredit(link, delivery, count, now()),
          backlog: (count) => core.backlog(link, count, now()),
          disconnect: () => core.disconnect(link, now()),
        },
      };
      wires.set(link, wire);
      peers.set(link, { peer, broker });
      broker.peers.add(peer);
      core.opened(link, now());
    });
  };

  const finish = (job: Job, how: () => void): void => {
    running.delete(job);
    credits.delete(job.number);
    how();
    core.took(1, now());
    begin();
  };

  const parts = (job: Job, number: number, made: number, left: number): void => {
    if (!running.has(job)) return;
    if (left === 0) {
      finish(job, () => core.reply(job.number, Buffer.from(`re ${number} ${made}`), now()));
      return;
    }
    const credit = credits.get(job.number) ?? 0;
    if (credit > 0) {
      credits.set(job.number, credit - 1);
      core.partial(job.number, Buffer.from(`part ${made}`), now());
    }
    world.later(10, node, () => parts(job, number, credit > 0 ? made + 1 : made, credit > 0 ? left - 1 : left));
  };

  function begin(): void {
    while (running.size < concurrency && queue.length > 0) {
      const job = queue.shift()!;
      running.add(job);
      if (running.size > concurrency) throw new Broken(`${name} runs ${running.size} at once`);
      const entry = ledger.of(job.body);
      entry.executions += 1;
      const tookMs = random.next() * slownessMs;
      const answer = (): void => finish(job, () => core.reply(job.number, Buffer.from(`re ${entry.number} 0`), now()));
      switch (entry.behaviour) {
        case "poison":
          world.later(tookMs, node, () => node.kill());
          break;
        case "fail":
          world.later(tookMs, node, () => finish(job, () => core.error(job.number, "failed", "no", now())));
          break;
        case "long":
          world.later(random.between(200, 2_500), node, answer);
          break;
        case "hang":
          world.later(tookMs + 3_000, node, answer);
          break;
        case "parts":
          credits.set(job.number, job.partialCredit);
          world.later(tookMs, node, () => parts(job, entry.number, 0, random.between(0, 4)));
          break;
        default:
          world.later(tookMs, node, answer);
      }
    }
  }

  const core = createWorkerCore(
    { concurrency, welcomeTimeoutMs: 500, random: () => random.next() },
    {
      open,
      close(link) {
        wires.get(link)?.close(node);
        wires.delete(link);
        peers.delete(link);
      },
      hello: (link) => tell(link, (broker) => broker.hello(1, 1, "0000000000000000")),
      ready: (link) => tell(link, (broker) => broker.ready(service)),
      heartbeat: (link) => tell(link, (broker) => broker.heartbeat()),
      credit(link, count) {
        granted.set(link, (granted.get(link) ?? 0) + count);
        tell(link, (broker) => broker.credit(count));
      },
      started: (link, upTo) => tell(link, (broker) => broker.started(upTo)),
      reply: (link, delivery, body) => tell(link, (broker) => broker.reply(delivery, body)),
      partial: (link, delivery, body) => tell(link, (broker) => broker.partial(delivery, body)),
      error: (link, delivery, what, message) => tell(link, (broker) => broker.error(delivery, what, message)),
      notStarted: (link, delivery) => tell(link, (broker) => broker.notStarted(delivery)),
      leaving: (link) => tell(link, (broker) => broker.leaving()),
      disconnect: (link) => tell(link, (broker) => broker.disconnect()),
      registered: () => {},
      run(job) {
        queue.push(job);
        world.later(random.next(), node, begin);
      },
      room: () => Number.POSITIVE_INFINITY,
      revoke(job) {
        const at = queue.indexOf(job);
        if (at < 0) return false;
        queue.splice(at, 1);
        return true;
      },
      outcome: () => {},
      cancel: () => {}, // these handlers don't look at their signal
      partialCredit: (job, count) => void credits.set(job.number, (credits.get(job.number) ?? 0) + count),
    },
  );

  const node: WorkerNode = {
    name,
    alive: true,
    pausedUntilMs: 0,
    core,
    wires,
    kill() {
      node.alive = false;
      for (const { peer } of peers.values()) for (const request of peer.worker?.held.values() ?? []) ledger.of(request.body).harmed = true;
      for (const wire of [...wires.values()]) wire.close(node, true);
    },
    stop: () => core.stop(now()),
  };
  const look = (): void =>
    core.listed(
      brokers().map((broker) => broker.name),
      now(),
    );
  look();
  world.every(200, node, look);
  world.every(20, node, () => core.tick(now()));
  return node;
}
