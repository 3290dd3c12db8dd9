import { dropReasons, metrics, queueStates, sides } from "../contract/metrics.ts";
import type { DropReason, Side } from "../contract/metrics.ts";
import { createInstruments, createRegistry } from "../process/metrics.ts";
import type { Registry } from "prom-client";

/** What the broker counts. Every series exists from the start, so that a rate or an alert never looks at nothing. */
export interface Measures {
  readonly registry: Registry;
  sent(side: Side): void;
  received(side: Side): void;
  dropped(reason: DropReason): void;
  answered(milliseconds: number): void;
  connections(side: Side, change: 1 | -1): void;
}

export function createMeasures(color: string, backlog: () => { readonly waiting: number; readonly held: number }): Measures {
  const registry = createRegistry({ color });
  const instruments = createInstruments(metrics, registry, {
    queueLength(gauge) {
      const now = backlog();
      for (const state of queueStates) gauge.set({ state }, now[state]);
    },
  });
  for (const side of sides) {
    instruments.messagesSent.inc({ side }, 0);
    instruments.messagesReceived.inc({ side }, 0);
    instruments.activeConnections.set({ side }, 0);
  }
  for (const reason of dropReasons) instruments.messagesDropped.inc({ reason }, 0);
  return {
    registry,
    sent: (side) => instruments.messagesSent.inc({ side }),
    received: (side) => instruments.messagesReceived.inc({ side }),
    dropped: (reason) => instruments.messagesDropped.inc({ reason }),
    answered: (milliseconds) => instruments.messageLatency.observe(milliseconds / 1000),
    connections: (side, change) => instruments.activeConnections.inc({ side }, change),
  };
}
