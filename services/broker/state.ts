import type { Form, Body } from "../majordomo/message.ts";
import { createQueue } from "./queue.ts";
import type { Queue } from "./queue.ts";

/** A peer's routing id as a string, the key under which the core knows it. */
export type Peer = string;

/** An accepted request. It is in exactly one place: its service's queue, or a worker's hands. */
export interface Request {
  readonly client: Peer;
  readonly form: Form;
  readonly service: string;
  readonly body: Body;
  readonly acceptedAtMs: number;
  /** How often a worker was given it. */
  deliveries: number;
  /** A partial reply has been passed on: it can no longer be run again. */
  partlyAnswered: boolean;
}

export interface Held {
  readonly request: Request;
  /** What the worker sees as the client's address; a reply with another one is stale. */
  readonly delivery: number;
  readonly sinceMs: number;
  /** Heartbeats since the delivery that cannot have crossed it. */
  heartbeats: number;
}

export interface Worker {
  readonly peer: Peer;
  readonly form: Form;
  readonly service: Service;
  held: Held | undefined;
  heardAtMs: number;
  /** It has shown that it heartbeats while it works, so its silence means something then too. */
  heartbeatsWhileBusy: boolean;
}

export interface Service {
  readonly name: string;
  readonly queue: Queue<Request>;
  /** In the order in which they became idle: the one that waited longest is next. */
  readonly idle: Set<Worker>;
  workers: number;
}

export interface Services {
  of(name: string): Service;
  find(name: string): Service | undefined;
  all(): Iterable<Service>;
  /** Forgets a service with neither requests nor workers, so that names sent by clients cannot pile up. */
  forgetIfUnused(service: Service): void;
}

export function createServices(): Services {
  const services = new Map<string, Service>();
  return {
    of(name) {
      let service = services.get(name);
      if (service === undefined) {
        service = { name, queue: createQueue(), idle: new Set(), workers: 0 };
        services.set(name, service);
      }
      return service;
    },
    find: (name) => services.get(name),
    all: () => services.values(),
    forgetIfUnused(service) {
      if (service.workers === 0 && service.queue.length === 0) services.delete(service.name);
    },
  };
}
