import { formOf } from "../../services/majordomo/message.ts";
import type { BrokerNode, SimClientPeer, SimWorkerPeer } from "./broker-node.ts";
import type { Entry, Ledger } from "./ledger.ts";
import { Broken } from "./ledger.ts";
import { createWire } from "./wire.ts";
import type { Wire } from "./wire.ts";
import type { Actor, World } from "./world.ts";

const form = formOf("0.2", false);

/** A plain client as the guide has it: one request at a time, a new connection after a time-out, some retries. */
export function createPlainClient(world: World, name: string, service: string, ledger: Ledger, brokers: () => readonly BrokerNode[]): Actor {
  const { random } = world;
  const node: Actor = { name, alive: true, pausedUntilMs: 0 };
  let wire: Wire | undefined;
  let tries = 0;
  let entry: Entry | undefined;

  const ask = (): void => {
    entry = ledger.add(random.chance(0.9) ? "answer" : "fail", "plain");
    tries = 3;
    send();
  };
  const send = (): void => {
    wire?.close(node);
    const listening = brokers().filter(({ alive, accepting }) => alive && accepting);
    const broker = listening[random.between(0, Math.max(0, listening.length - 1))];
    const asked = entry!;
    if (broker !== undefined) {
      const connection = createWire(world, node, broker, (side) => {
        if (side === node) return;
        broker.peers.delete(peer);
        broker.core.clients.closed(peer, broker.now());
      });
      const peer: SimClientPeer = {
        client: undefined,
        identity: undefined,
        wire: connection,
        ours: undefined,
        plain: {
          reply(body) {
            if (wire !== connection) return;
            if (body.toString() !== `re ${asked.number} 0`) throw new Broken(`plain request ${asked.number} got ${body.toString()}`);
            if (entry !== asked) throw new Broken(`plain request ${asked.number} was answered twice`);
            entry = undefined;
            world.later(random.next() * 100, node, ask);
          },
        },
      };
      broker.peers.add(peer);
      broker.core.clients.opened(peer);
      wire = connection;
      connection.send(node, () => {
        if (broker.peers.has(peer)) broker.core.clients.plainRequest(peer, form, service, ledger.body(asked), undefined, broker.now());
      });
    }
    world.later(600, node, () => {
      if (entry !== asked) return;
      tries -= 1;
      if (tries === 0) ask();
      else send();
    });
  };
  world.later(random.next() * 100, node, ask);
  return node;
}

/** A plain worker as the guide has it: one broker, one request, no heartbeat while it works. */
export function createPlainWorker(world: World, name: string, service: string, ledger: Ledger, broker: () => BrokerNode | undefined): Actor & { kill(): void } {
  const { random } = world;
  let wire: Wire | undefined;
  const node = {
    name,
    alive: true,
    pausedUntilMs: 0,
    kill() {
      node.alive = false;
      wire?.close(node);
    },
  };
  let heardAtMs = 0;
  let busy = false;

  const connect = (): void => {
    wire?.close(node);
    wire = undefined;
    heardAtMs = world.nowMs;
    const at = broker();
    if (at === undefined || !at.alive || !at.accepting) return;
    const connection = createWire(world, node, at, (side, cleanly) => {
      if (side === node) return;
      at.peers.delete(peer);
      at.core.workers.closed(peer, cleanly, at.now());
    });
    const say = (happen: () => void): void =>
      connection.send(node, () => {
        if (at.peers.has(peer)) happen();
      });
    const peer: SimWorkerPeer = {
      worker: undefined,
      greeted: false,
      identity: undefined,
      wire: connection,
      ours: undefined,
      plain: {
        request(delivery, body) {
          if (wire !== connection) return false;
          heardAtMs = world.nowMs;
          if (busy) throw new Broken(`${name} was given two requests at once`);
          busy = true;
          const entry = ledger.of(body);
          entry.executions += 1;
          world.later(random.next() * 150, node, () => {
            busy = false;
            if (wire !== connection) return;
            if (entry.behaviour === "poison") node.kill();
            else if (entry.behaviour === "fail") {
              say(() => at.core.workers.plain(peer, { kind: "disconnect", form }, at.now()));
              connect();
            } else say(() => at.core.workers.plain(peer, { kind: "final", form, delivery, body: [Buffer.from(`re ${entry.number} 0`)] }, at.now()));
          });
          return true;
        },
        heartbeat: () => void (heardAtMs = world.nowMs),
        disconnect() {
          if (wire === connection && !busy) connect();
        },
      },
    };
    at.peers.add(peer);
    wire = connection;
    say(() => at.core.workers.plain(peer, { kind: "ready", form, service }, at.now()));
    const beat = (): void => {
      if (wire !== connection) return;
      if (!busy) say(() => at.core.workers.plain(peer, { kind: "heartbeat", form }, at.now()));
      world.later(200, node, beat);
    };
    world.later(200, node, beat);
  };
  connect();
  world.every(100, node, () => {
    if (!busy && world.nowMs - heardAtMs > 700) connect();
  });
  return node;
}
