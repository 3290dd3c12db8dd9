import type { Role } from "../majordomo/extension/codes.ts";
import { createClients } from "./clients.ts";
import type { Clients, Management } from "./clients.ts";
import type { BrokerLimits, Outbox } from "./outbox.ts";
import { createRequests } from "./requests.ts";
import type { Service, Worker } from "./state.ts";
import { createWorkers } from "./workers.ts";
import type { Workers } from "./workers.ts";

export interface Broker {
  readonly clients: Clients;
  readonly workers: Workers;
  readonly services: ReadonlyMap<string, Service>;
  /** Requests in queues, and requests with workers; and the bytes of both. */
  readonly waiting: number;
  readonly held: number;
  readonly bytes: number;
  /** Ended requests that a retry would be answered from. */
  readonly remembered: number;
  readonly role: Role;
  /** Standby and terminating tell our clients to move; terminating takes nothing new from them. */
  setRole(role: Role): void;
  /** Heartbeats, and who is held for dead. Call it once a heartbeat interval. */
  tick(nowMs: number): void;
  /** Deadlines, and what cannot wait for a heartbeat. Call it several times a second. */
  pulse(nowMs: number): void;
  /** Ends it: whatever is held ends as `draining`, workers are told DISCONNECT. */
  close(nowMs: number): void;
}

/** The broker's decisions, without I/O, clock or randomness: Majordomo with requests that outlive their worker. */
export function createBroker(limits: BrokerLimits, outbox: Outbox, manage: Management = () => undefined): Broker {
  const lose = (worker: Worker, nowMs: number): void => workers.lose(worker, "slow", nowMs);
  const requests = createRequests(limits, outbox, lose);
  const clients = createClients(limits, outbox, requests, manage);
  const workers = createWorkers(limits, outbox, requests);
  let role: Role = "active";
  let tickedAtMs: number | undefined;

  return {
    clients,
    workers,
    services: requests.services,
    get waiting() {
      return requests.waiting;
    },
    get held() {
      return requests.held;
    },
    get bytes() {
      return requests.bytes;
    },
    get remembered() {
      return requests.memory.length;
    },
    get role() {
      return role;
    },
    setRole(next) {
      if (role === "terminating") return;
      role = next;
      clients.setRole(next);
      workers.setRole(next);
    },
    tick(nowMs) {
      // What came in while this process was paused has not been read yet: the pause is nobody's silence.
      const lateMs = Math.max(0, nowMs - (tickedAtMs ?? nowMs) - limits.heartbeatIntervalMs * 1.5);
      tickedAtMs = nowMs;
      workers.tick(nowMs, lateMs);
      clients.tick(nowMs, lateMs);
    },
    pulse(nowMs) {
      requests.expire(nowMs);
      clients.forgetGone(nowMs);
      clients.movePlain(nowMs);
      workers.tellBacklog();
    },
    close(nowMs) {
      for (const worker of [...workers.all()]) {
        for (const request of worker.held.values()) {
          if (request.ended) continue;
          requests.fail(request, "draining", "maybe", "the broker ended before it was answered", nowMs);
        }
        if (worker.form === undefined) outbox.workerDisconnect(worker.peer, "the broker ends");
        else outbox.plainDisconnect(worker.peer, worker.form);
        workers.lose(worker, "draining", nowMs);
      }
      for (const service of [...requests.services.values()]) {
        for (const list of [service.suspects, service.queue]) {
          for (let request = list.first; request !== undefined; request = list.first) {
            requests.fail(request, "draining", request.mayHaveRun ? "maybe" : "no", "the broker ended before a worker was free", nowMs);
          }
        }
      }
    },
  };
}
