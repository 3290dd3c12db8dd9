import type { Body } from "../majordomo/message.ts";

/** A connection of the pool. It carries one request at a time: plain Majordomo has no request ids. */
export type Connection = number;

export interface ClientOutbox {
  open(connection: Connection): void;
  send(connection: Connection, service: string, body: Body): void;
  close(connection: Connection): void;
  /** A request's one outcome. */
  settle(request: number, outcome: Outcome): void;
}

export type Outcome =
  | { readonly kind: "reply"; readonly body: Body }
  /** `tries`: how often it was sent. With 0 it cannot have run. */
  | { readonly kind: "timeout" | "cancelled"; readonly tries: number };

export interface ClientCore {
  request(request: number, what: { service: string; body: Body; timeoutMs: number; retries: number }, nowMs: number): void;
  /** A part of a reply; the whole is all parts in their order. */
  received(connection: Connection, part: "partial" | "final", service: string, body: Body, nowMs: number): void;
  /** The connection said something that makes no sense. */
  broken(connection: Connection, nowMs: number): void;
  cancel(request: number): void;
  tick(nowMs: number): void;
  close(): void;
  /** When `tick` has something to do, if ever. */
  readonly nextDeadlineMs: number | undefined;
}

interface Pending {
  readonly id: number;
  readonly service: string;
  readonly body: Body;
  readonly timeoutMs: number;
  triesLeft: number;
  tries: number;
  deadlineMs: number;
  connection: Connection | undefined;
  parts: Buffer[];
}

/** A client's decisions, without I/O, clock or randomness: a pool of connections with one outstanding request each. */
export function createClientCore({ maxConnections }: { maxConnections: number }, outbox: ClientOutbox): ClientCore {
  const pending = new Map<number, Pending>();
  const waiting = new Set<Pending>();
  const busy = new Map<Connection, Pending>();
  const idle: Connection[] = [];
  let numbers = 0;

  const connect = (): Connection => {
    numbers += 1;
    outbox.open(numbers);
    return numbers;
  };

  const sendNext = (): void => {
    for (const request of waiting) {
      if (idle.length === 0 && busy.size >= maxConnections) return;
      waiting.delete(request);
      const connection = idle.pop() ?? connect();
      busy.set(connection, request);
      request.connection = connection;
      request.tries += 1;
      outbox.send(connection, request.service, request.body);
    }
  };

  /** A late reply may still come on it, and would be taken for the next request's. */
  const abandon = (request: Pending): void => {
    if (request.connection === undefined) return;
    busy.delete(request.connection);
    outbox.close(request.connection);
    request.connection = undefined;
    request.parts = [];
  };

  const settle = (request: Pending, outcome: Outcome): void => {
    waiting.delete(request);
    pending.delete(request.id);
    outbox.settle(request.id, outcome);
    sendNext();
  };

  const tryAgain = (request: Pending, nowMs: number): void => {
    abandon(request);
    if (request.triesLeft === 0) {
      settle(request, { kind: "timeout", tries: request.tries });
      return;
    }
    request.triesLeft -= 1;
    request.deadlineMs = nowMs + request.timeoutMs;
    waiting.add(request);
    sendNext();
  };

  const broken = (connection: Connection, nowMs: number): void => {
    const request = busy.get(connection);
    if (request !== undefined) tryAgain(request, nowMs);
  };

  return {
    broken,
    get nextDeadlineMs() {
      let next: number | undefined;
      for (const { deadlineMs } of pending.values()) if (next === undefined || deadlineMs < next) next = deadlineMs;
      return next;
    },
    request(id, { service, body, timeoutMs, retries }, nowMs) {
      const request: Pending = { id, service, body, timeoutMs, triesLeft: retries, tries: 0, deadlineMs: nowMs + timeoutMs, connection: undefined, parts: [] };
      pending.set(id, request);
      waiting.add(request);
      sendNext();
    },
    received(connection, part, service, body, nowMs) {
      const request = busy.get(connection);
      if (request === undefined) return;
      if (request.service !== service) {
        broken(connection, nowMs);
        return;
      }
      request.parts.push(...body);
      if (part === "partial") return;
      busy.delete(connection);
      idle.push(connection);
      settle(request, { kind: "reply", body: request.parts });
    },
    cancel(id) {
      const request = pending.get(id);
      if (request === undefined) return;
      abandon(request);
      settle(request, { kind: "cancelled", tries: request.tries });
    },
    tick(nowMs) {
      for (const request of [...pending.values()]) if (nowMs >= request.deadlineMs) tryAgain(request, nowMs);
    },
    close() {
      waiting.clear();
      for (const connection of [...busy.keys(), ...idle.splice(0)]) outbox.close(connection);
      busy.clear();
      for (const request of [...pending.values()]) settle(request, { kind: "cancelled", tries: request.tries });
    },
  };
}
