import { createClientCore } from "../../services/client/core.ts";
import type { ClientCore } from "../../services/client/core.ts";
import type { Link } from "../../services/client/outbox.ts";
import type { FromClientVisitor } from "../../services/majordomo/extension/client.ts";
import type { BrokerNode, SimClientPeer } from "./broker-node.ts";
import { Broken } from "./ledger.ts";
import type { Behaviour, Entry, Ledger } from "./ledger.ts";
import { createWire } from "./wire.ts";
import type { Wire } from "./wire.ts";
import type { Actor, World } from "./world.ts";

export interface ClientNode extends Actor {
  readonly core: ClientCore<Entry>;
  readonly wires: Map<Link, Wire>;
  request(service: string, behaviour: Behaviour, timeoutMs: number, retries: number, whose?: "ours" | "probe"): Entry;
  /** It ends, and says so. */
  close(): void;
}

export interface ClientWeather {
  /** How often a connection cannot be had, and how often a request is cancelled. */
  readonly refused: number;
  readonly cancelled: number;
}

/** A client of ours, in front of brokers that come and go. `route` gives the one that a new connection reaches, where there is one. */
export function createClientNode(
  world: World,
  name: string,
  ledger: Ledger,
  weather: ClientWeather,
  route: (attempt: number) => BrokerNode | undefined,
): ClientNode {
  const { random } = world;
  const wires = new Map<Link, Wire>();
  const peers = new Map<Link, { peer: SimClientPeer; broker: BrokerNode }>();
  const instance = random.between(0, 0xffff_ffff).toString(16).padStart(16, "0");
  const skewMs = random.next() * 1e6;
  const now = (): number => world.nowMs + skewMs;
  const ids = new Map<Entry, number>();
  /** How often a request was sent, on whichever connection, less the outcomes that came for it. */
  const owed = new Map<number, number>();
  const owe = (id: number, change: 1 | -1): void => {
    const left = (owed.get(id) ?? 0) + change;
    if (left < 0) throw new Broken(`request ${id} of ${name} had more outcomes than it was sent`);
    owed.set(id, left);
  };

  const tell = (link: Link, say: (visitor: FromClientVisitor) => void): void => {
    const at = peers.get(link);
    if (at === undefined) return;
    const { peer, broker } = at;
    const nowMs = (): number => broker.now();
    wires.get(link)?.send(node, () => {
      if (!broker.peers.has(peer)) return;
      const { clients } = broker.core;
      say({
        hello: (from, to, who) => clients.hello(peer, from, to, who, nowMs()),
        heartbeat: () => clients.heartbeat(peer, nowMs()),
        request: (id, timeoutMs, _retry, service, trace, credit, body) => clients.request(peer, id, timeoutMs, service, trace, credit, body, nowMs()),
        cancel: (id) => clients.cancel(peer, id, nowMs()),
        partialCredit: (id, count) => clients.partialCredit(peer, id, count, nowMs()),
        disconnect: () => clients.disconnect(peer, nowMs()),
      });
    });
  };

  const open = (link: Link, attempt: number): void => {
    world.later(random.next() * 5, node, () => {
      const broker = route(attempt);
      if (broker === undefined || random.chance(weather.refused)) {
        core.lost(link, now());
        return;
      }
      const wire = createWire(world, node, broker, (side) => {
        if (side === node) core.lost(link, now());
        else {
          broker.peers.delete(peer);
          broker.core.clients.closed(peer, broker.now());
        }
      });
      const peer: SimClientPeer = {
        client: undefined,
        identity: undefined,
        wire,
        plain: undefined,
        ours: {
          welcome: (welcome) => core.welcome(link, welcome, now()),
          heartbeat: (role) => core.heartbeat(link, role, now()),
          reply(id, body) {
            owe(id, -1);
            core.reply(link, id, body, now());
          },
          partial: (id, body) => core.partial(link, id, body, now()),
          error(id, what, executed, message) {
            owe(id, -1);
            core.error(link, id, what, executed, message, now());
          },
          goAway: (role) => core.goAway(link, role, now()),
          disconnect: () => core.disconnect(link, now()),
        },
      };
      wires.set(link, wire);
      peers.set(link, { peer, broker });
      broker.peers.add(peer);
      broker.core.clients.opened(peer);
      core.opened(link, now());
    });
  };

  const core = createClientCore<Entry>(
    { welcomeTimeoutMs: 500, random: () => random.next() },
    {
      open,
      close(link) {
        wires.get(link)?.close(node);
        wires.delete(link);
        peers.delete(link);
      },
      hello: (link, lineage) => tell(link, (broker) => broker.hello(1, 1, `${instance.slice(4)}${lineage.toString(16).padStart(4, "0")}`)),
      heartbeat: (link) => tell(link, (broker) => broker.heartbeat()),
      request(link, id, timeoutMs, retry, service, trace, credit, body) {
        const to = peers.get(link)?.broker;
        const entry = ledger.of(body);
        if (to !== undefined) entry.sentTo.add(to);
        if (to?.alive === false) entry.harmed = true;
        owe(id, 1);
        tell(link, (broker) => broker.request(id, timeoutMs, retry, service, trace, credit, body));
      },
      cancel: (link, id) => tell(link, (broker) => broker.cancel(id)),
      partialCredit: (link, id, count) => tell(link, (broker) => broker.partialCredit(id, count)),
      disconnect: (link) => tell(link, (broker) => broker.disconnect()),
      settle(entry, outcome) {
        ledger.settled(entry, outcome);
        ids.delete(entry);
      },
      part(entry, body) {
        if (entry.outcome !== undefined) throw new Broken(`a part of request ${entry.number} after its end`);
        const part = Number(body.toString().split(" ")[1]);
        if (part !== entry.parts) throw new Broken(`part ${part} of request ${entry.number} instead of ${entry.parts}`);
        entry.parts += 1;
        world.later(random.next() * 20, node, () => core.taken(ids.get(entry) ?? -1, 1));
      },
    },
  );

  const node: ClientNode = {
    name,
    alive: true,
    pausedUntilMs: 0,
    core,
    wires,
    request(service, behaviour, timeoutMs, retries, whose) {
      const entry = ledger.add(behaviour, whose);
      const partialCredit = behaviour === "parts" ? random.between(1, 3) : 0;
      ids.set(entry, core.request(entry, { service, body: ledger.body(entry), timeoutMs, retries, trace: undefined, partialCredit }, now()));
      if (random.chance(weather.cancelled)) world.later(random.next() * 300, node, () => core.cancel(ids.get(entry) ?? -1, now()));
      return entry;
    },
    close() {
      core.close();
      node.alive = false;
    },
  };
  core.tick(now());
  world.every(25, node, () => core.tick(now()));
  return node;
}
