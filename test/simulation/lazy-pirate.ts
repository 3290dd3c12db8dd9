import { formOf } from "../../services/majordomo/message.ts";
import type { BrokerNode, SimClientPeer } from "./broker-node.ts";
import { Broken } from "./ledger.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { createWire } from "./wire.ts";
import type { Wire } from "./wire.ts";
import type { Actor, World } from "./world.ts";

const form = formOf("0.2", false);
/** libzmq's own, see ZMQ_RECONNECT_IVL. */
const reconnectMs = 100;

export interface LazyPirate extends Actor {
  /** The most tries that a request took. */
  readonly mostTries: number;
  /** How often a broker closed its connection. */
  readonly losses: number;
  /** Asks nothing new. */
  stop(): void;
}

/**
 * The guide's reliable client on libzmq: one request at a time on a socket that stays, connects again by itself and does not tell;
 * after a time-out a new socket, and the request again, until there is an answer.
 */
export function createLazyPirate(
  world: World,
  name: string,
  services: readonly string[],
  timeoutMs: number,
  ledger: Ledger,
  route: () => BrokerNode | undefined,
): LazyPirate {
  const { random } = world;
  let wire: Wire | undefined;
  /** What the socket has not sent, since it is not connected. */
  let unsent: ((wire: Wire) => void) | undefined;
  /** Sockets are numbered: what happens on one that was closed is nobody's. */
  let socket = 0;
  let entry: Entry | undefined;
  let tries = 0;
  let mostTries = 0;
  let losses = 0;
  let stopped = false;
  let at: { readonly peer: SimClientPeer; readonly broker: BrokerNode } | undefined;

  const connect = (): void => {
    const own = socket;
    const broker = route();
    if (broker === undefined) {
      world.later(reconnectMs, node, () => own === socket && connect());
      return;
    }
    const connection = createWire(world, node, broker, (side) => {
      if (side !== node) {
        broker.peers.delete(peer);
        broker.core.clients.closed(peer, broker.now());
      } else if (own === socket) {
        wire = undefined;
        losses += 1;
        world.later(reconnectMs, node, () => own === socket && connect());
      }
    });
    const peer: SimClientPeer = {
      client: undefined,
      identity: undefined,
      wire: connection,
      ours: undefined,
      plain: {
        reply(body) {
          if (own !== socket || entry === undefined) return;
          if (body.toString() !== `re ${entry.number} 0`) throw new Broken(`plain request ${entry.number} got ${body.toString()}`);
          entry.outcome = { kind: "reply", body };
          entry = undefined;
          world.later(random.next() * 400, node, ask);
        },
      },
    };
    broker.peers.add(peer);
    broker.core.clients.opened(peer);
    wire = connection;
    at = { peer, broker };
    unsent?.(connection);
    unsent = undefined;
  };

  const send = (asked: Entry, service: string): void => {
    tries += 1;
    mostTries = Math.max(mostTries, tries);
    const say = (connection: Wire): void => {
      const { peer, broker } = at!;
      connection.send(node, () => {
        if (broker.peers.has(peer)) broker.core.clients.plainRequest(peer, form, service, ledger.body(asked), undefined, broker.now());
      });
    };
    if (wire === undefined) unsent = say;
    else say(wire);
    world.later(timeoutMs, node, () => {
      if (entry !== asked) return;
      wire?.close(node);
      wire = undefined;
      unsent = undefined;
      socket += 1;
      connect();
      send(asked, service);
    });
  };

  const ask = (): void => {
    if (stopped) return;
    entry = ledger.add(random.chance(0.8) ? "answer" : "long", "plain");
    tries = 0;
    send(entry, random.pick(services));
  };

  const node: LazyPirate = {
    name,
    alive: true,
    pausedUntilMs: 0,
    get mostTries() {
      return mostTries;
    },
    get losses() {
      return losses;
    },
    stop: () => void (stopped = true),
  };
  connect();
  world.later(random.next() * 300, node, ask);
  return node;
}
