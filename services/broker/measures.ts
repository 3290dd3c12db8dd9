import { bounds, dropReasons, duplicateKinds, knownKinds, metrics, outcomes, queueStates, sides } from "../contract/metrics.ts";
import type { Bound, DropReason, Outcome, Side } from "../contract/metrics.ts";
import { roles } from "../majordomo/extension/codes.ts";
import { createInstruments, createRegistry } from "../process/metrics.ts";
import type { Counter, Registry } from "prom-client";
import type { Broker } from "./core.ts";

/** What the broker counts. Every series exists from the start, so that a rate or an alert never looks at nothing. */
export interface Measures {
  readonly registry: Registry;
  readonly connections: Readonly<Record<Side, number>>;
  sent(side: Side): void;
  received(side: Side): void;
  dropped(reason: DropReason): void;
  rejected(bound: Bound): void;
  redelivered(): void;
  duplicate(kind: (typeof duplicateKinds)[number]): void;
  handshakeFailed(side: Side): void;
  /** A request ended; replies go into the latency histogram. */
  ended(outcome: Outcome, milliseconds: number): void;
  connected(side: Side, change: 1 | -1): void;
}

export function createMeasures(color: string, core: () => Broker | undefined): Measures {
  const registry = createRegistry({ color });
  const sent = { frontend: 0, backend: 0 };
  const received = { frontend: 0, backend: 0 };
  const connections = { frontend: 0, backend: 0 };
  /** What is counted for each message is added up where it costs next to nothing, and told when somebody looks. */
  const count = (counter: Counter, counts: Record<Side, number>): void => {
    for (const side of sides) {
      counter.inc({ side }, counts[side]);
      counts[side] = 0;
    }
  };
  const instruments = createInstruments(metrics, registry, {
    queueLength(gauge) {
      for (const state of queueStates) gauge.set({ state }, core()?.[state] ?? 0);
    },
    queueBytes: (gauge) => gauge.set(core()?.bytes ?? 0),
    known(gauge) {
      const broker = core();
      const counts = { services: broker?.services.size, workers: broker?.workers.count, clients: broker?.clients.count, remembered: broker?.remembered };
      for (const kind of knownKinds) gauge.set({ kind }, counts[kind] ?? 0);
    },
    role(gauge) {
      for (const role of roles) gauge.set({ role }, core()?.role === role ? 1 : 0);
    },
    activeConnections(gauge) {
      for (const side of sides) gauge.set({ side }, connections[side]);
    },
    messagesSent: (counter) => count(counter, sent),
    messagesReceived: (counter) => count(counter, received),
  });
  for (const side of sides) instruments.handshakeFailures.inc({ side }, 0);
  for (const reason of dropReasons) instruments.messagesDropped.inc({ reason }, 0);
  for (const bound of bounds) instruments.requestsRejected.inc({ bound }, 0);
  for (const outcome of outcomes) instruments.requestsEnded.inc({ outcome }, 0);
  for (const kind of duplicateKinds) instruments.duplicates.inc({ kind }, 0);
  return {
    registry,
    connections,
    sent(side) {
      sent[side] += 1;
    },
    received(side) {
      received[side] += 1;
    },
    dropped: (reason) => instruments.messagesDropped.inc({ reason }),
    rejected: (bound) => instruments.requestsRejected.inc({ bound }),
    redelivered: () => instruments.redeliveries.inc(),
    duplicate: (kind) => instruments.duplicates.inc({ kind }),
    handshakeFailed: (side) => instruments.handshakeFailures.inc({ side }),
    ended(outcome, milliseconds) {
      instruments.requestsEnded.inc({ outcome });
      if (outcome === "replied") instruments.messageLatency.observe(milliseconds / 1000);
    },
    connected(side, change) {
      connections[side] += change;
    },
  };
}
