import type { DropReason } from "../contract/metrics.ts";
import type { ToClient } from "../majordomo/client.ts";
import type { Form, Body } from "../majordomo/message.ts";
import type { Peer } from "./state.ts";

export type ToWorker =
  | { readonly kind: "request"; readonly form: Form; readonly delivery: number; readonly body: Body }
  | { readonly kind: "heartbeat" | "disconnect"; readonly form: Form };

/** Why a worker is no longer one. */
export type Departure = "disconnected" | "failed" | "unreachable" | "silent" | "unexpected-command" | "malformed";

/** What the core wants done. Implementations must not call the core back before they return. */
export interface Outbox {
  toClient(client: Peer, message: ToClient): void;
  toWorker(worker: Peer, message: ToWorker): void;
  /** A request was answered, so many milliseconds after it had been accepted. */
  answered(milliseconds: number): void;
  dropped(reason: DropReason, service: string): void;
  workerJoined(worker: Peer, service: string): void;
  workerLeft(worker: Peer, service: string, why: Departure): void;
}

export interface BrokerLimits {
  readonly heartbeatIntervalMs: number;
  /** Intervals of silence after which a peer is held for dead. */
  readonly heartbeatLiveness: number;
  /** Requests held at most, waiting or with a worker. */
  readonly maxQueuedRequests: number;
  /** How often a request is given to a worker at most. */
  readonly maxDeliveries: number;
  /** Number of the first delivery; a broker that starts anew must not repeat the last one's. */
  readonly firstDelivery: number;
}
