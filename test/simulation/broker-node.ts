import { createBroker } from "../../services/broker/core.ts";
import type { Broker } from "../../services/broker/core.ts";
import { beginDrain, lookEveryMs } from "../../services/broker/drain.ts";
import type { BrokerLimits, Outbox } from "../../services/broker/outbox.ts";
import type { Client, ClientPeer, Request, Worker, WorkerPeer } from "../../services/broker/state.ts";
import type { ToClientVisitor } from "../../services/majordomo/extension/client.ts";
import type { ToWorkerVisitor } from "../../services/majordomo/extension/worker.ts";
import { Broken } from "./ledger.ts";
import type { Wire } from "./wire.ts";
import type { Actor, World } from "./world.ts";

/** What a plain peer is told; our peers are told records. */
export interface PlainClient {
  reply(body: Buffer): void;
}
export interface PlainWorker {
  request(delivery: number, body: Buffer): boolean;
  heartbeat(): void;
  disconnect(): void;
}

export interface SimClientPeer extends ClientPeer {
  readonly wire: Wire;
  readonly ours: ToClientVisitor | undefined;
  readonly plain: PlainClient | undefined;
}
export interface SimWorkerPeer extends WorkerPeer {
  readonly wire: Wire;
  readonly ours: ToWorkerVisitor | undefined;
  readonly plain: PlainWorker | undefined;
}

export interface BrokerNode extends Actor {
  readonly core: Broker;
  readonly limits: BrokerLimits;
  readonly peers: Set<SimClientPeer | SimWorkerPeer>;
  /** Its own clock. */
  now(): number;
  accepting: boolean;
  /** Since when by its own clock, where it was told SIGTERM. */
  terminatingSinceMs: number | undefined;
  /** SIGKILL: what it has sent and what was sent to it may be lost. `silently`: with its machine, so that nobody is told. */
  kill(silently?: boolean): void;
  /** SIGTERM: ends when it holds nothing, or when the grace is over. */
  drain(graceMs: number, onEnd: () => void): void;
  check(): void;
}

export function createBrokerNode(world: World, name: string, changes: Partial<BrokerLimits>): BrokerNode {
  const { random } = world;
  const instance = Buffer.alloc(8);
  for (let at = 0; at < 8; at += 1) instance[at] = random.between(0, 255);
  const limits: BrokerLimits = {
    heartbeatIntervalMs: 200,
    heartbeatLiveness: 3,
    maxQueuedRequests: 60,
    maxQueuedBytes: 1_000_000,
    maxRequestsPerService: 50,
    maxBytesPerService: 900_000,
    maxRequestsPerClient: 30,
    maxBytesPerClient: 800_000,
    maxServices: 4,
    maxWorkers: 20,
    maxClients: 20,
    maxMessageBytes: 100_000,
    dedupeMaxReplies: 40,
    dedupeMaxBytes: 100_000,
    dedupeMs: 2_000,
    clientGraceMs: 1_000,
    longestRequestMs: 5_000,
    plainWorkerTimeoutMs: 1_500,
    plainClientDelayMs: 300,
    roleDelayMs: 1_000,
    maxDeliveries: 3,
    instance,
    ...changes,
  };
  const about = {
    instance: instance.toString("hex"),
    heartbeatIntervalMs: limits.heartbeatIntervalMs,
    heartbeatLiveness: limits.heartbeatLiveness,
    maxBodyBytes: 100_000,
    maxOutstanding: limits.maxRequestsPerClient,
  };
  const skewMs = random.next() * 1e6;
  const now = (): number => world.nowMs + skewMs;

  const toClient = (peer: ClientPeer, say: (visitor: ToClientVisitor) => void): void => {
    const { wire, ours } = peer as SimClientPeer;
    wire.send(node, () => say(ours!));
  };
  const toWorker = (peer: WorkerPeer, say: (visitor: ToWorkerVisitor) => void): void => {
    const { wire, ours } = peer as SimWorkerPeer;
    wire.send(node, () => say(ours!));
  };

  /** What was on its way from there is read still, until the other side has closed too. */
  const closeClient = (peer: SimClientPeer): void => {
    peer.wire.close(node);
    world.later(random.next() * 4, node, () => {
      if (node.peers.delete(peer)) node.core.clients.closed(peer, now());
    });
  };

  const outbox: Outbox = {
    plainReply(client, _form, _part, _service, body) {
      const { wire, plain } = client as SimClientPeer;
      wire.send(node, () => plain!.reply(body));
    },
    clientWelcome: (client, version, role) => toClient(client, (ours) => ours.welcome({ ...about, version, role })),
    clientHeartbeat: (client, role) => toClient(client, (ours) => ours.heartbeat(role)),
    reply: (client, id, body) => toClient(client, (ours) => ours.reply(id, body)),
    partial: (client, id, body) => toClient(client, (ours) => ours.partial(id, body)),
    error: (client, id, name, executed, message) => toClient(client, (ours) => ours.error(id, name, executed, message)),
    goAway: (client, role) => toClient(client, (ours) => ours.goAway(role)),
    plainClose(peer) {
      if (peer.client !== undefined && peer.client.outstanding > 0)
        throw new Broken(`${name} closes a plain client's connection and holds ${peer.client.outstanding} for it`);
      closeClient(peer as SimClientPeer);
    },
    clientDisconnect(client, reason) {
      toClient(client, (ours) => ours.disconnect(reason));
      closeClient(client as SimClientPeer);
    },
    plainRequest(worker, _form, delivery, body) {
      const { wire, plain } = worker as SimWorkerPeer;
      if (!wire.open) return false;
      wire.send(node, () => void plain!.request(delivery, body));
      return true;
    },
    plainHeartbeat(worker) {
      const { wire, plain } = worker as SimWorkerPeer;
      wire.send(node, () => plain!.heartbeat());
    },
    plainDisconnect(worker) {
      const { wire, plain } = worker as SimWorkerPeer;
      wire.send(node, () => plain!.disconnect());
    },
    workerWelcome: (worker, version, role) => toWorker(worker, (ours) => ours.welcome({ ...about, version, role })),
    workerHeartbeat: (worker, backlog) => toWorker(worker, (ours) => ours.heartbeat(backlog)),
    request: (worker, delivery, timeoutMs, attempt, client, id, trace, partialCredit, body) =>
      toWorker(worker, (ours) => ours.request(delivery, timeoutMs, attempt, client, id, trace, partialCredit, body)),
    cancel: (worker, delivery) => toWorker(worker, (ours) => ours.cancel(delivery)),
    partialCredit: (worker, delivery, count) => toWorker(worker, (ours) => ours.partialCredit(delivery, count)),
    backlog: (worker, count) => toWorker(worker, (ours) => ours.backlog(count)),
    workerDisconnect(worker, reason) {
      toWorker(worker, (ours) => ours.disconnect(reason));
      (worker as SimWorkerPeer).wire.close(node);
    },
    ended: () => {},
    rejected: () => {},
    redelivered: () => {},
    duplicate: () => {},
    dropped: () => {},
    workerJoined: () => {},
    workerLeft: () => {},
  };

  const end = (violently: boolean): void => {
    node.alive = false;
    for (const { wire } of [...node.peers]) wire.close(node, violently || world.lossy);
    node.peers.clear();
  };
  const clients = (): number => {
    let count = 0;
    for (const peer of node.peers) if ("client" in peer) count += 1;
    return count;
  };

  const node: BrokerNode = {
    name,
    alive: true,
    pausedUntilMs: 0,
    limits,
    peers: new Set(),
    accepting: true,
    terminatingSinceMs: undefined,
    now,
    kill(silently = false) {
      if (silently) for (const { wire } of node.peers) wire.blackHole = true;
      end(true);
    },
    core: createBroker(limits, outbox),
    drain(graceMs, onEnd) {
      const looked = beginDrain(node.core, { graceMs, clients }, now());
      node.terminatingSinceMs = now();
      const look = (): void => {
        if (looked(now()) === undefined) world.later(lookEveryMs, node, look);
        else {
          node.core.close(now());
          if (node.core.waiting + node.core.held > 0) throw new Broken(`${name} ended with ${node.core.waiting} waiting and ${node.core.held} held`);
          // What it has said comes through: see `close(lingerMs)` of the real one.
          world.later(100, undefined, () => {
            end(false);
            onEnd();
          });
          node.accepting = false;
        }
      };
      look();
    },
    check: () => checkBroker(node),
  };
  world.every(limits.heartbeatIntervalMs, node, () => node.core.tick(now()));
  world.every(50, node, () => node.core.pulse(now()));
  return node;
}

/** The invariants of one broker: each request in exactly one place, nothing beyond its bound, all sums right. */
function checkBroker({ name, core, limits, terminatingSinceMs = Infinity }: BrokerNode): void {
  const fail = (what: string): never => {
    throw new Broken(`${name}: ${what}`);
  };
  let waiting = 0;
  let held = 0;
  let bytes = 0;
  const seen = new Set<Request>();
  const outstanding = new Map<Client, number>();
  const see = (request: Request, where: string): void => {
    if (seen.has(request)) fail(`request ${request.id} is in two places, one is ${where}`);
    seen.add(request);
    bytes += request.bytes;
    outstanding.set(request.client, (outstanding.get(request.client) ?? 0) + 1);
    if (request.form === undefined && request.acceptedAtMs > terminatingSinceMs) fail(`request ${request.id} was accepted after SIGTERM`);
    if (request.starts >= limits.maxDeliveries) fail(`request ${request.id} was begun ${request.starts} times`);
  };
  const workers = new Set<Worker>();
  for (const service of core.services.values()) {
    for (const list of [service.queue, service.suspects]) {
      let order = 0;
      for (let request = list.first; request !== undefined; request = request.next) {
        see(request, "a queue");
        waiting += 1;
        if (request.ended) fail(`an ended request waits in ${service.name}`);
        if (request.worker !== undefined) fail(`a waiting request has a worker`);
        if (list === service.queue && request.order < order) fail(`${service.name} is not first in, first out`);
        order = request.order;
      }
    }
    let free = 0;
    for (let worker = service.free.first; worker !== undefined; worker = worker.next) {
      free += 1;
      if (worker.credit <= 0) fail("a worker without credit is free");
    }
    if (free > 0 && service.queue.length > 0) fail(`requests wait in ${service.name} while a worker is free`);
    for (const worker of service.workers) workers.add(worker);
    if (service.workers.size === 0 && service.held === 0 && service.queue.length + service.suspects.length === 0) fail(`${service.name} is known and unused`);
  }
  for (const worker of core.workers.all()) {
    if (!workers.has(worker)) fail("a worker of no service");
    if (worker.credit < 0) fail("negative credit");
    let live = 0;
    for (const request of worker.held.values()) {
      if (request.ended) continue;
      if (request.worker !== worker) fail("a held request is another worker's");
      see(request, "a worker's hands");
      held += 1;
      live += 1;
      if (request.suspect && worker.held.size > 1) fail("a suspect is not alone");
    }
    if (worker.form !== undefined && live > 1) fail("a plain worker has two requests");
  }
  if (waiting !== core.waiting) fail(`waiting is ${core.waiting}, really ${waiting}`);
  if (held !== core.held) fail(`held is ${core.held}, really ${held}`);
  if (bytes !== core.bytes) fail(`bytes are ${core.bytes}, really ${bytes}`);
  for (const client of core.clients.all()) {
    if (client.outstanding !== (outstanding.get(client) ?? 0)) fail(`a client has ${client.outstanding} outstanding, really ${outstanding.get(client) ?? 0}`);
    if (client.outstanding > limits.maxRequestsPerClient) fail("a client is beyond its share");
    outstanding.delete(client);
  }
  if (outstanding.size > 0) fail("requests of a client that is not known");
  if (waiting + held > limits.maxQueuedRequests) fail("more requests than MAX_QUEUED_REQUESTS");
  if (core.remembered > limits.dedupeMaxReplies) fail("more remembered than DEDUPE_MAX_REPLIES");
  if (core.services.size > limits.maxServices) fail("more services than MAX_SERVICES");
}
