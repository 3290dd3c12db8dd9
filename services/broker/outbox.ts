import type { Bound, DropReason, Outcome } from "../contract/metrics.ts";
import type { ErrorName, Executed, Role } from "../majordomo/extension/codes.ts";
import type { Body, Form } from "../majordomo/message.ts";
import type { ClientPeer, WorkerPeer } from "./state.ts";

/** Why a worker is no longer one. */
export type Departure = "disconnected" | "connection-lost" | "silent" | "timed-out" | "slow" | "unexpected-command" | "malformed" | "draining";

/**
 * What the core wants done; the names are those of the records of SPEC.md, `plain…` those of RFC 7 and 18. Implementations must
 * not call the core back before they return.
 */
export interface Outbox {
  plainReply(client: ClientPeer, form: Form, part: "partial" | "final", service: string, body: Buffer, more: Body | undefined): void;
  clientWelcome(client: ClientPeer, version: number, role: Role): void;
  clientHeartbeat(client: ClientPeer, role: Role): void;
  reply(client: ClientPeer, id: number, body: Buffer, more: Body | undefined): void;
  partial(client: ClientPeer, id: number, body: Buffer, more: Body | undefined): void;
  error(client: ClientPeer, id: number, name: ErrorName, executed: Executed, message: string): void;
  goAway(client: ClientPeer, role: Role): void;
  /** Closes a plain client's connection: nothing can be told there. */
  plainClose(client: ClientPeer): void;
  /** Tells and closes. */
  clientDisconnect(client: ClientPeer, reason: string): void;

  /** @returns false where it could not be handed over: nobody can have begun it. */
  plainRequest(worker: WorkerPeer, form: Form, delivery: number, body: Buffer, more: Body | undefined): boolean;
  plainHeartbeat(worker: WorkerPeer, form: Form): void;
  /** Tells; the connection stays, as RFC 7 leaves it to the worker to close it. */
  plainDisconnect(worker: WorkerPeer, form: Form): void;
  workerWelcome(worker: WorkerPeer, version: number, role: Role): void;
  workerHeartbeat(worker: WorkerPeer, backlog: number): void;
  request(
    worker: WorkerPeer,
    delivery: number,
    timeoutMs: number,
    attempt: number,
    client: Buffer,
    id: number,
    trace: string | undefined,
    partialCredit: number,
    body: Buffer,
    more: Body | undefined,
  ): void;
  cancel(worker: WorkerPeer, delivery: number): void;
  partialCredit(worker: WorkerPeer, delivery: number, count: number): void;
  backlog(worker: WorkerPeer, count: number): void;
  /** Tells and closes. */
  workerDisconnect(worker: WorkerPeer, reason: string): void;

  /** A request ended so many milliseconds after it had been accepted. Its client's `instance` and `id` name it. */
  ended(outcome: Outcome, service: string, milliseconds: number, instance: Buffer, id: number): void;
  /** A request was refused because of a bound, or a peer, which has none. */
  rejected(bound: Bound, service: string, request?: { readonly instance: Buffer; readonly id: number }): void;
  /** A request was given to a worker again after its worker was lost. */
  redelivered(service: string, instance: Buffer, id: number): void;
  /** A retry was recognised: it is still at work, or was answered from memory. */
  duplicate(kind: "attached" | "replayed"): void;
  /** Another message that went no further. */
  dropped(reason: DropReason): void;
  workerJoined(worker: WorkerPeer, service: string): void;
  workerLeft(worker: WorkerPeer, service: string, why: Departure): void;
}

export interface BrokerLimits {
  readonly heartbeatIntervalMs: number;
  /** Intervals of silence after which a peer is held for dead. */
  readonly heartbeatLiveness: number;
  readonly maxQueuedRequests: number;
  readonly maxQueuedBytes: number;
  readonly maxRequestsPerService: number;
  readonly maxBytesPerService: number;
  readonly maxRequestsPerClient: number;
  readonly maxBytesPerClient: number;
  readonly maxServices: number;
  readonly maxWorkers: number;
  readonly maxClients: number;
  /** Bytes of a reply that is joined from its parts. */
  readonly maxMessageBytes: number;
  readonly dedupeMaxReplies: number;
  readonly dedupeMaxBytes: number;
  readonly dedupeMs: number;
  readonly clientGraceMs: number;
  readonly longestRequestMs: number;
  readonly plainWorkerTimeoutMs: number;
  /** For so long a broker that became standby leaves plain clients their connections. */
  readonly plainClientDelayMs: number;
  /** So long it may take until a broker learns that it is active after clients are sent to it. */
  readonly roleDelayMs: number;
  /** How often a request may be begun. */
  readonly maxDeliveries: number;
  /** 8 bytes that name this start of the broker; they also keep a plain worker's late reply from being taken for another's. */
  readonly instance: Buffer;
}
