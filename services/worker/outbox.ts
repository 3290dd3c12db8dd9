import type { WorkerOutcome } from "../contract/metrics.ts";
import type { ErrorName } from "../majordomo/extension/codes.ts";

/** One connection to one address of a broker; a new one, with a new identity, has a new number. */
export type Link = number;

/** A request on this worker's hands. `number` counts upwards over all brokers. */
export interface Job {
  readonly number: number;
  readonly link: Link;
  readonly delivery: number;
  readonly endsAtMs: number;
  readonly attempt: number;
  /** The client's instance, 8 bytes, and its number for the request. */
  readonly client: Buffer;
  readonly id: number;
  readonly trace: string | undefined;
  /** Parts that may be sent before there is more credit; 0 where the whole reply is asked for. */
  readonly partialCredit: number;
  readonly body: Buffer;
  /** It was handed to the handlers. */
  handed: boolean;
}

/** Why a connection ended. */
export type LinkLoss = "disconnected-by-broker" | "connection-lost" | "not-reached" | "silent" | "malformed" | "no-longer-listed" | "stopping";

/** What the core wants done; the names are those of the records of SPEC.md. Implementations must not call the core back before they return. */
export interface WorkerOutbox {
  open(link: Link, endpoint: string): void;
  /** Sends what was handed over, then closes. */
  close(link: Link, endpoint: string, why: LinkLoss): void;
  hello(link: Link): void;
  ready(link: Link): void;
  heartbeat(link: Link): void;
  credit(link: Link, count: number): void;
  started(link: Link, upTo: number): void;
  reply(link: Link, delivery: number, body: Buffer): void;
  partial(link: Link, delivery: number, body: Buffer): void;
  error(link: Link, delivery: number, name: ErrorName, message: string): void;
  notStarted(link: Link, delivery: number): void;
  leaving(link: Link): void;
  disconnect(link: Link): void;
  registered(endpoint: string): void;
  /** Jobs that can be handed over now. One that was taken back needs its room until the handlers have passed over it. */
  room(): number;
  /** Hand it to the handlers, which begin in this order; then `reply`, `partial` or `error` is called with its number. */
  run(job: Job): void;
  /** Take it back. @returns false where a handler has begun it. */
  revoke(job: Job): boolean;
  /** Nobody waits for it any more; its end must still be told. */
  cancel(job: Job, why: "cancelled" | LinkLoss): void;
  partialCredit(job: Job, count: number): void;
  /** A request ended without a handler. */
  outcome(outcome: WorkerOutcome): void;
}

export interface WorkerLimits {
  /** Handlers that run at once. */
  readonly concurrency: number;
  /** Milliseconds that a broker may take to say WELCOME. */
  readonly welcomeTimeoutMs: number;
  /** A number from 0 to below 1, so that workers do not come back all at once. */
  random(): number;
}
