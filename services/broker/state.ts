import type { ErrorName, Executed } from "../majordomo/extension/codes.ts";
import type { Body, Form } from "../majordomo/message.ts";
import type { Identity } from "../transport/zmtp/mechanism.ts";
import type { Timed } from "../structures/deadlines.ts";
import type { Linked, List } from "../structures/list.ts";

/** One connection of a client; the core keeps in it whose it is. */
export interface ClientPeer {
  client: Client | undefined;
  /** Who it proved to be, where CURVE is on. */
  readonly identity: Identity | undefined;
}

/** One connection of a worker; the core keeps in it who serves there. */
export interface WorkerPeer {
  worker: Worker | undefined;
  /** It said HELLO: it is one of ours. */
  greeted: boolean;
  readonly identity: Identity | undefined;
}

/** An accepted request. It is in exactly one place: a service's queue, or a worker's hands; `ended` ones are in none. */
export interface Request extends Linked<Request>, Timed<Request> {
  readonly client: Client;
  /** The client's own number for it; one of the broker's for a plain client, which knows none. */
  readonly id: number;
  /** How a plain client frames its messages; nothing for ours. */
  readonly form: Form | undefined;
  readonly service: Service;
  body: Buffer;
  /** What few requests have. */
  extra: Extra | undefined;
  /** What it counts for in the bounds. */
  readonly bytes: number;
  /** Its place among all: the number of its acceptance. */
  readonly order: number;
  readonly acceptedAtMs: number;
  /** How often a worker may have begun it and was lost. */
  starts: number;
  /** Some worker may have begun it, though it does not count as a start: nobody may say that it did not run. */
  mayHaveRun: boolean;
  /** A worker was lost with it: it is delivered alone from now on. */
  suspect: boolean;
  /** The worker that has it, and the number that it has there. */
  worker: Worker | undefined;
  delivery: number;
  ended: boolean;
}

export interface Extra {
  /** The body's frames after the first. */
  more: Body | undefined;
  trace: string | undefined;
  /** Partial replies that the client takes; 0 where it wants the whole. */
  partialCredit: number;
  /** A part of the reply has been passed on: it can no longer be run again. */
  partlyAnswered: boolean;
  /** The connection to which it was passed on; on another one the rest would lack it. */
  partsTo: ClientPeer | undefined;
  /** Parts that are kept for a client that wants the whole, and their bytes. */
  parts: Buffer[] | undefined;
  partBytes: number;
}

/** How a request of our client ended, kept so that a retry is answered again. */
export interface Ended {
  readonly client: Client;
  readonly id: number;
  readonly endedAtMs: number;
  readonly bytes: number;
  readonly body: Buffer | undefined;
  readonly error: { readonly name: ErrorName; readonly executed: Executed; readonly message: string } | undefined;
}

export interface Client {
  /** Instance and key of ours; nothing for a plain one, which is known by its connection only. */
  readonly key: string | undefined;
  /** 8 bytes that name it in request ids. */
  readonly instance: Buffer;
  peer: ClientPeer | undefined;
  /** Requests of ours by id, ended ones while they are remembered. */
  readonly requests: Map<number, Request | Ended>;
  /** Unfinished requests of a plain one, which has no ids. */
  readonly plain: Set<Request> | undefined;
  outstanding: number;
  bytes: number;
  heardAtMs: number;
  /** Since when its connection is lost. */
  goneAtMs: number | undefined;
  /** What it has asked for so far; `state` is the broker's own. */
  asked: "nothing" | "state" | "requests";
}

export interface Worker extends Linked<Worker> {
  readonly peer: WorkerPeer;
  /** How a plain worker frames its messages; nothing for ours. */
  readonly form: Form | undefined;
  readonly service: Service;
  /** Requests that may be delivered now. */
  credit: number;
  /** Deliveries that it has not ended, the first delivered first. */
  readonly held: Map<number, Request>;
  deliveries: number;
  /** Deliveries up to this one may have begun. */
  startedUpTo: number;
  /** It has a suspect, or keeps free for one: it gets nothing else. */
  alone: boolean;
  heardAtMs: number;
  /** Since when a plain one has its request, and what it has shown since: see `workers.ts`. */
  busySinceMs: number;
  busyHeartbeats: number;
  heartbeatsWhileBusy: boolean;
  /** Whether it has been told that requests wait. */
  toldBacklog: boolean;
}

export interface Service {
  readonly name: string;
  readonly queue: List<Request>;
  /** Requests whose worker was lost; before all others, one at a time to a worker. */
  readonly suspects: List<Request>;
  /** Workers that may be given something, the one that waited longest first. */
  readonly free: List<Worker>;
  readonly workers: Set<Worker>;
  /** The worker that is kept free for the next suspect. */
  reserved: Worker | undefined;
  held: number;
  bytes: number;
}
