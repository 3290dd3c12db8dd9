import { bounds, clientKinds, dropReasons, duplicateKinds, knownKinds, metrics, sides } from "../contract/metrics.ts";
import type { Bound, DropReason, Outcome, Side } from "../contract/metrics.ts";
import { roles } from "../majordomo/extension/codes.ts";
import { createInstruments, createRegistry } from "../process/metrics.ts";
import type { Exposition } from "../process/http.ts";
import type { Counter } from "prom-client";
import type { Broker } from "./core.ts";
import { createServiceMeasures } from "./service-measures.ts";
import type { BrokerSettings } from "./settings.ts";

/** What the broker counts. Every series exists from the start, so that a rate or an alert never looks at nothing. */
export interface Measures {
  readonly exposition: Exposition;
  readonly connections: Readonly<Record<Side, number>>;
  sent(side: Side): void;
  received(side: Side): void;
  dropped(reason: DropReason): void;
  rejected(bound: Bound): void;
  redelivered(service: string): void;
  duplicate(kind: (typeof duplicateKinds)[number]): void;
  handshakeFailed(side: Side): void;
  /** A request ended; replies go into the latency histogram. */
  ended(outcome: Outcome, service: string, milliseconds: number): void;
  /** A worker of the service joined. */
  served(service: string): void;
  connected(side: Side, change: 1 | -1): void;
}

type About = Pick<BrokerSettings, "color" | "maxServiceLabels">;

export function createMeasures({ color, maxServiceLabels }: About, core: () => Broker | undefined, keysCreated: () => number): Measures {
  const registry = createRegistry({ color });
  const services = createServiceMeasures(maxServiceLabels, { color });
  const known = () => core()?.services ?? new Map<string, never>();
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
    known(gauge) {
      const broker = core();
      const counts = { services: broker?.services.size, workers: broker?.workers.count, clients: broker?.clients.count, remembered: broker?.remembered };
      for (const kind of knownKinds) gauge.set({ kind }, counts[kind] ?? 0);
    },
    connectedClients(gauge) {
      for (const kind of clientKinds) gauge.set({ kind }, core()?.clients.connected[kind] ?? 0);
    },
    role(gauge) {
      for (const role of roles) gauge.set({ role }, core()?.role === role ? 1 : 0);
    },
    activeConnections(gauge) {
      for (const side of sides) gauge.set({ side }, connections[side]);
    },
    curveKeysCreated: (gauge) => gauge.set(keysCreated()),
    messagesSent: (counter) => count(counter, sent),
    messagesReceived: (counter) => count(counter, received),
  });
  for (const side of sides) instruments.handshakeFailures.inc({ side }, 0);
  for (const reason of dropReasons) instruments.messagesDropped.inc({ reason }, 0);
  for (const bound of bounds) instruments.requestsRejected.inc({ bound }, 0);
  for (const kind of duplicateKinds) instruments.duplicates.inc({ kind }, 0);
  return {
    exposition: {
      contentType: registry.contentType,
      metrics: async () => `${await registry.metrics()}${services.text(known(), performance.now())}`,
    },
    connections,
    sent(side) {
      sent[side] += 1;
    },
    received(side) {
      received[side] += 1;
    },
    dropped: (reason) => instruments.messagesDropped.inc({ reason }),
    rejected: (bound) => instruments.requestsRejected.inc({ bound }),
    redelivered: services.redelivered,
    duplicate: (kind) => instruments.duplicates.inc({ kind }),
    handshakeFailed: (side) => instruments.handshakeFailures.inc({ side }),
    served: (service) => services.served(service, known()),
    ended(outcome, service, milliseconds) {
      services.ended(outcome, service, milliseconds);
      if (outcome === "replied") instruments.messageLatency.observe(milliseconds / 1000);
    },
    connected(side, change) {
      connections[side] += change;
    },
  };
}
