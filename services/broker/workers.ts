import { spokenVersions } from "../majordomo/extension/codes.ts";
import type { ErrorName, Role } from "../majordomo/extension/codes.ts";
import type { Body, Form } from "../majordomo/message.ts";
import type { BrokerLimits, Departure, Outbox } from "./outbox.ts";
import type { Begun, Requests } from "./requests.ts";
import type { Request, Service, Worker, WorkerPeer } from "./state.ts";

/** The most requests that one worker may have credit for, so that no CREDIT runs over. */
const mostCredit = 1_000_000;

/** What a plain worker may say, its envelope read back as the delivery's number (nothing where it is not one of ours). */
export type PlainCommand =
  | { readonly kind: "ready"; readonly form: Form; readonly service: string }
  | { readonly kind: "heartbeat" | "disconnect"; readonly form: Form }
  | { readonly kind: "partial" | "final"; readonly form: Form; readonly delivery: number | undefined; readonly body: Body };

/** What workers may do. */
export interface Workers {
  readonly count: number;
  hello(peer: WorkerPeer, versionFrom: number, versionTo: number, nowMs: number): void;
  heartbeat(peer: WorkerPeer, nowMs: number): void;
  ready(peer: WorkerPeer, service: string, nowMs: number): void;
  credit(peer: WorkerPeer, count: number, nowMs: number): void;
  started(peer: WorkerPeer, upTo: number, nowMs: number): void;
  reply(peer: WorkerPeer, delivery: number, body: Buffer, nowMs: number): void;
  partial(peer: WorkerPeer, delivery: number, body: Buffer, nowMs: number): void;
  error(peer: WorkerPeer, delivery: number, name: ErrorName, message: string, nowMs: number): void;
  notStarted(peer: WorkerPeer, delivery: number, nowMs: number): void;
  leaving(peer: WorkerPeer, nowMs: number): void;
  disconnect(peer: WorkerPeer, nowMs: number): void;
  plain(peer: WorkerPeer, command: PlainCommand, nowMs: number): void;
  /** It sent what nobody knows. */
  malformed(peer: WorkerPeer, reason: string, nowMs: number): void;
  /** Its connection is closed. `cleanly`: by the other side, after all that it had sent was read. */
  closed(peer: WorkerPeer, cleanly: boolean, nowMs: number): void;
  lose(worker: Worker, why: Departure, nowMs: number): void;
  /** Sends heartbeats and buries the silent. */
  tick(nowMs: number, lateMs: number): void;
  /** Tells workers whether requests wait. */
  tellBacklog(): void;
  setRole(role: Role): void;
  all(): Iterable<Worker>;
}

export function createWorkers(limits: BrokerLimits, outbox: Outbox, requests: Requests): Workers {
  const workers = new Set<Worker>();
  const silenceMs = limits.heartbeatIntervalMs * limits.heartbeatLiveness;
  let role: Role = "active";

  const backlogOf = (service: Service): number => service.queue.length + service.suspects.length;

  /**
   * Takes a worker out; what it held goes back, the last delivered first, so that each finds its place at the front. `unsaid`:
   * whether a delivery of ours that was not called STARTED has begun.
   */
  const lose = (worker: Worker, why: Departure, nowMs: number, unsaid: Begun = "likely"): void => {
    if (!workers.delete(worker)) return;
    const { service } = worker;
    worker.peer.worker = undefined;
    service.workers.delete(worker);
    service.free.remove(worker);
    if (service.reserved === worker) service.reserved = undefined;
    worker.credit = 0;
    outbox.workerLeft(worker.peer, service.name, why);
    for (const [delivery, request] of [...worker.held].reverse()) {
      const notTold = worker.form === undefined ? unsaid : "no"; // a plain one's is called started as soon as it is sent
      requests.giveBack(request, delivery <= worker.startedUpTo ? "likely" : notTold, nowMs);
    }
    worker.held.clear();
    requests.dispatch(service, nowMs);
  };

  /** RFC 7: a plain peer that breaks the dialogue is told DISCONNECT, and then is nobody. Ours is told why, and closed. */
  const expel = (peer: WorkerPeer, form: Form | undefined, why: Departure, reason: string, nowMs: number): void => {
    if (form === undefined) outbox.workerDisconnect(peer, reason);
    else outbox.plainDisconnect(peer, form);
    if (peer.worker !== undefined) lose(peer.worker, why, nowMs);
  };

  const join = (peer: WorkerPeer, form: Form | undefined, name: string, nowMs: number): void => {
    const service = workers.size < limits.maxWorkers ? requests.service(name) : undefined;
    if (service === undefined) {
      const bound = workers.size < limits.maxWorkers ? "MAX_SERVICES" : "MAX_WORKERS";
      outbox.rejected(bound, name);
      expel(peer, form, "unexpected-command", `busy: ${bound} is reached`, nowMs);
      return;
    }
    const worker: Worker = {
      peer,
      form,
      service,
      credit: form === undefined ? 0 : 1,
      held: new Map(),
      deliveries: 0,
      startedUpTo: 0,
      alone: false,
      heardAtMs: nowMs,
      busySinceMs: 0,
      busyHeartbeats: 0,
      heartbeatsWhileBusy: false,
      toldBacklog: false,
      previous: undefined,
      next: undefined,
      list: undefined,
    };
    peer.worker = worker;
    workers.add(worker);
    service.workers.add(worker);
    outbox.workerJoined(peer, name);
    requests.freed(worker);
    requests.dispatch(service, nowMs);
  };

  const known = (peer: WorkerPeer, nowMs: number): Worker | undefined => {
    const { worker } = peer;
    if (worker === undefined || worker.form !== undefined) {
      outbox.dropped("unexpected_command");
      expel(peer, undefined, "unexpected-command", "HELLO and READY first", nowMs);
      return undefined;
    }
    worker.heardAtMs = nowMs;
    return worker;
  };

  /** Takes a delivery out of the worker's hands. @returns its request, if somebody still waits for it. */
  const take = (worker: Worker, delivery: number | undefined): Request | undefined => {
    const request = delivery === undefined ? undefined : worker.held.get(delivery);
    if (request !== undefined) worker.held.delete(delivery!);
    if (request === undefined || request.ended) {
      outbox.dropped("stale_reply");
      return undefined;
    }
    return request;
  };

  const rid = (worker: Worker, nowMs: number): void => {
    requests.freed(worker);
    requests.dispatch(worker.service, nowMs);
  };

  /**
   * A heartbeat may have crossed the request on its way, and the guide's workers send none while they work: only two of
   * them, both an interval or more after the delivery, show that this worker does.
   */
  const plainHeartbeat = (worker: Worker, nowMs: number): void => {
    if (worker.held.size === 0 || nowMs - worker.busySinceMs < limits.heartbeatIntervalMs) return;
    worker.busyHeartbeats += 1;
    if (worker.busyHeartbeats >= 2) worker.heartbeatsWhileBusy = true;
  };

  const plainReply = (worker: Worker, command: Extract<PlainCommand, { kind: "partial" | "final" }>, nowMs: number): void => {
    const [body, ...rest] = command.body;
    const more = rest.length === 0 ? undefined : rest;
    if (command.kind === "partial") {
      const request = command.delivery === undefined ? undefined : worker.held.get(command.delivery);
      if (request === undefined || request.ended) outbox.dropped("stale_reply");
      else requests.partial(request, body!, more, nowMs);
      return;
    }
    if (command.delivery === undefined || !worker.held.has(command.delivery)) {
      outbox.dropped("stale_reply");
      return;
    }
    const request = take(worker, command.delivery);
    worker.credit = 1;
    if (request !== undefined) requests.reply(request, body!, more, nowMs);
    rid(worker, nowMs);
  };

  return {
    get count() {
      return workers.size;
    },
    all: () => workers,
    lose,
    hello(peer, versionFrom, versionTo, nowMs) {
      const version = Math.min(versionTo, spokenVersions.to);
      if (peer.greeted || peer.worker !== undefined) {
        outbox.dropped("unexpected_command");
        expel(peer, undefined, "unexpected-command", "HELLO once", nowMs);
      } else if (version < versionFrom || version < spokenVersions.from) {
        outbox.workerDisconnect(peer, `version: this broker speaks ${spokenVersions.from} to ${spokenVersions.to}`);
      } else {
        peer.greeted = true;
        outbox.workerWelcome(peer, version, role);
      }
    },
    heartbeat(peer, nowMs) {
      if (peer.greeted && peer.worker === undefined) return;
      known(peer, nowMs);
    },
    ready(peer, service, nowMs) {
      if (!peer.greeted || peer.worker !== undefined || service.startsWith("mmi.")) {
        outbox.dropped("unexpected_command");
        expel(peer, undefined, "unexpected-command", service.startsWith("mmi.") ? "names that begin mmi. are the broker's" : "HELLO, then READY once", nowMs);
      } else if (peer.identity?.services !== undefined && !peer.identity.services.includes(service)) {
        outbox.workerDisconnect(peer, `the key of ${peer.identity.name} is not admitted to ${JSON.stringify(service)}`);
      } else {
        join(peer, undefined, service, nowMs);
      }
    },
    credit(peer, count, nowMs) {
      const worker = known(peer, nowMs);
      if (worker === undefined) return;
      worker.credit = Math.min(mostCredit, worker.credit + count);
      rid(worker, nowMs);
    },
    started(peer, upTo, nowMs) {
      const worker = known(peer, nowMs);
      if (worker !== undefined && upTo <= worker.deliveries) worker.startedUpTo = Math.max(worker.startedUpTo, upTo);
    },
    reply(peer, delivery, body, nowMs) {
      const worker = known(peer, nowMs);
      if (worker === undefined) return;
      const request = take(worker, delivery);
      if (request !== undefined && body.length > limits.maxMessageBytes) {
        requests.fail(
          request,
          "too_large",
          "maybe",
          `the reply has ${body.length} bytes, at most ${limits.maxMessageBytes} are allowed (MAX_MESSAGE_SIZE)`,
          nowMs,
        );
      } else if (request !== undefined) requests.reply(request, body, undefined, nowMs);
      rid(worker, nowMs);
    },
    partial(peer, delivery, body, nowMs) {
      const request = known(peer, nowMs)?.held.get(delivery);
      if (request === undefined || request.ended) outbox.dropped("stale_reply");
      else requests.partial(request, body, undefined, nowMs);
    },
    error(peer, delivery, name, message, nowMs) {
      const worker = known(peer, nowMs);
      if (worker === undefined) return;
      const request = take(worker, delivery);
      if (request !== undefined) requests.fail(request, name, "maybe", message, nowMs);
      rid(worker, nowMs);
    },
    notStarted(peer, delivery, nowMs) {
      const worker = known(peer, nowMs);
      if (worker === undefined) return;
      const request = worker.held.get(delivery);
      if (request === undefined) {
        outbox.dropped("stale_reply");
        return;
      }
      worker.held.delete(delivery);
      requests.giveBack(request, "no", nowMs);
      rid(worker, nowMs);
    },
    leaving(peer, nowMs) {
      const worker = known(peer, nowMs);
      if (worker === undefined) return;
      worker.credit = 0;
      worker.service.free.remove(worker);
      if (worker.service.reserved === worker) worker.service.reserved = undefined;
      requests.dispatch(worker.service, nowMs);
    },
    disconnect(peer, nowMs) {
      if (peer.worker !== undefined) lose(peer.worker, "disconnected", nowMs, "no");
    },
    plain(peer, command, nowMs) {
      const { worker } = peer;
      if (worker === undefined || worker.form === undefined) {
        const admitted = peer.identity?.services === undefined || (command.kind === "ready" && peer.identity.services.includes(command.service));
        if (worker === undefined && !peer.greeted && command.kind === "ready" && !command.service.startsWith("mmi.") && admitted)
          join(peer, command.form, command.service, nowMs);
        else if (command.kind !== "disconnect") {
          outbox.dropped(command.kind === "final" || command.kind === "partial" ? "stale_reply" : "unexpected_command");
          expel(peer, peer.greeted ? undefined : command.form, "unexpected-command", "a plain command on a connection that said HELLO", nowMs);
        }
        return;
      }
      worker.heardAtMs = nowMs;
      switch (command.kind) {
        case "ready":
          outbox.dropped("unexpected_command");
          expel(peer, worker.form, "unexpected-command", "", nowMs);
          break;
        case "disconnect":
          // Plain Majordomo has no word for a failed handler: to leave while holding a request is the only thing that says it.
          for (const request of worker.held.values()) {
            if (!request.ended) requests.fail(request, "failed", "maybe", "the worker left while it had the request", nowMs);
          }
          lose(worker, "disconnected", nowMs);
          break;
        case "heartbeat":
          plainHeartbeat(worker, nowMs);
          break;
        default:
          plainReply(worker, command, nowMs);
      }
    },
    malformed(peer, reason, nowMs) {
      if (peer.worker !== undefined || peer.greeted) expel(peer, peer.worker?.form, "malformed", reason, nowMs);
    },
    closed(peer, cleanly, nowMs) {
      if (peer.worker !== undefined) lose(peer.worker, "connection-lost", nowMs, cleanly ? "unlikely" : "likely");
    },
    tick(nowMs, lateMs) {
      for (const worker of [...workers]) {
        worker.heardAtMs += lateMs;
        worker.busySinceMs += lateMs;
        const busyPlain = worker.form !== undefined && worker.held.size > 0;
        if ((!busyPlain || worker.heartbeatsWhileBusy) && nowMs - worker.heardAtMs >= silenceMs) {
          expel(worker.peer, worker.form, "silent", "silent", nowMs);
        } else if (busyPlain && nowMs - worker.busySinceMs >= limits.plainWorkerTimeoutMs) {
          expel(worker.peer, worker.form, "timed-out", "", nowMs);
        } else if (worker.form !== undefined) {
          outbox.plainHeartbeat(worker.peer, worker.form);
        } else {
          outbox.workerHeartbeat(worker.peer, backlogOf(worker.service));
        }
      }
    },
    tellBacklog() {
      for (const { service, form, peer, toldBacklog } of workers) {
        if (form !== undefined) continue;
        const backlog = backlogOf(service);
        if (backlog > 0 === toldBacklog) continue;
        peer.worker!.toldBacklog = backlog > 0;
        outbox.backlog(peer, backlog);
      }
    },
    setRole(next) {
      role = next;
    },
  };
}
