import type { WorkerOutcome } from "../contract/metrics.ts";
import type { Body } from "../majordomo/message.ts";

/** A connection to one address of a broker; a new one, with a new identity, has a new number. */
export type Link = number;

/** A request that the worker holds: it waits for a free place, or its handler runs. */
export interface Job {
  readonly id: number;
  readonly link: Link;
  /** The client's envelope, sent back with the reply. */
  readonly address: Body;
  readonly body: Body;
}

export type ToBroker =
  | { readonly kind: "ready" | "heartbeat" | "disconnect" }
  | { readonly kind: "final"; readonly address: Body; readonly body: Body };

/** Why a connection ended. */
export type LinkLoss = "disconnected-by-broker" | "connection-lost" | "silent" | "malformed" | "handler-failed" | "no-longer-listed" | "stopping";

/** What the core wants done. Implementations must not call the core back before they return. */
export interface WorkerOutbox {
  open(link: Link, endpoint: string): void;
  /** Sends what was handed over, then closes. */
  close(link: Link, endpoint: string, why: LinkLoss): void;
  send(link: Link, message: ToBroker): void;
  registered(endpoint: string): void;
  /** Run the handler, then call `ended`. */
  run(job: Job): void;
  /** Nobody waits for this running job any more. `ended` must still be called. */
  abort(job: Job, why: LinkLoss): void;
  /** How a request ended. */
  outcome(job: Job, outcome: WorkerOutcome): void;
}

export interface WorkerLimits {
  readonly heartbeatIntervalMs: number;
  /** Intervals of silence after which a broker is held for dead. */
  readonly heartbeatLiveness: number;
  /** Handlers that run at once, over all brokers. */
  readonly concurrency: number;
  /** A number from 0 to below 1, so that workers do not come back all at once. */
  random(): number;
}
