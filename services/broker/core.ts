import type { FromClient } from "../majordomo/client.ts";
import type { WorkerMessage } from "../majordomo/worker.ts";
import { answerManagement } from "./management.ts";
import type { BrokerLimits, Departure, Outbox } from "./outbox.ts";
import { createServices } from "./state.ts";
import type { Peer, Request, Service, Worker } from "./state.ts";

type ClientCommand = Exclude<FromClient, { kind: "problem" }>;
/** A worker's command, its envelope read back as the delivery's number (nothing where it is not one of ours). */
export type WorkerCommand =
  | Extract<WorkerMessage, { kind: "ready" } | { kind: "heartbeat" } | { kind: "disconnect" }>
  | { readonly kind: "partial" | "final"; readonly form: WorkerMessage["form"]; readonly delivery: number | undefined; readonly body: Request["body"] };

export interface Broker {
  fromClient(client: Peer, command: ClientCommand, nowMs: number): void;
  fromWorker(worker: Peer, command: WorkerCommand, nowMs: number): void;
  /** A worker sent what Majordomo does not know. */
  malformedFromWorker(worker: Peer, nowMs: number): void;
  /**
   * A message to this worker could not be sent: it is gone, or does not read. `undelivered` is the message's delivery, if
   * it was one: it does not count, because nobody can have begun it.
   */
  workerUnreachable(worker: Peer, nowMs: number, undelivered?: number): void;
  /** Sends heartbeats and buries the silent. Call it once an interval. */
  tick(nowMs: number): void;
  /** Sends a heartbeat to every worker, so that the transport finds out who is gone. */
  probe(): void;
  /** Ends it: whatever is held is dropped and counted, every worker is told. */
  close(): void;
  /** Requests in queues, and requests with workers. */
  readonly waiting: number;
  readonly held: number;
}

/** The broker's decisions, without I/O, clock or randomness: Majordomo with requests that outlive their worker. */
export function createBroker(limits: BrokerLimits, outbox: Outbox): Broker {
  const services = createServices();
  const workers = new Map<Peer, Worker>();
  const silenceMs = limits.heartbeatIntervalMs * limits.heartbeatLiveness;
  let waiting = 0;
  let held = 0;
  let nextDelivery = limits.firstDelivery;
  let tickedAtMs: number | undefined;

  const enqueue = (service: Service, request: Request, where: "push" | "pushFront"): void => {
    service.queue[where](request);
    waiting += 1;
  };

  const dispatch = (service: Service, nowMs: number): void => {
    while (service.queue.length > 0 && service.idle.size > 0) {
      const [worker] = service.idle as Iterable<Worker> as [Worker];
      const request = service.queue.pop()!;
      service.idle.delete(worker);
      waiting -= 1;
      held += 1;
      request.deliveries += 1;
      worker.held = { request, delivery: nextDelivery, sinceMs: nowMs, heartbeats: 0 };
      nextDelivery += 1;
      outbox.toWorker(worker.peer, { kind: "request", form: worker.form, delivery: worker.held.delivery, body: request.body });
    }
    services.forgetIfUnused(service);
  };

  const release = (worker: Worker): Request | undefined => {
    const request = worker.held?.request;
    if (request !== undefined) held -= 1;
    worker.held = undefined;
    return request;
  };

  const giveBack = (request: Request, service: Service): void => {
    if (request.partlyAnswered) outbox.dropped("interrupted", request.service);
    else if (request.deliveries >= limits.maxDeliveries) outbox.dropped("max_deliveries", request.service);
    else enqueue(service, request, "pushFront");
  };

  const remove = (worker: Worker, why: Departure, nowMs: number): void => {
    const { service } = worker;
    workers.delete(worker.peer);
    service.idle.delete(worker);
    service.workers -= 1;
    const request = release(worker);
    outbox.workerLeft(worker.peer, service.name, why);
    if (request !== undefined) {
      if (why === "failed") outbox.dropped("worker_failed", request.service);
      else giveBack(request, service);
    }
    dispatch(service, nowMs);
  };

  /** RFC 7: a peer that breaks the dialogue is told DISCONNECT, and then is nobody. */
  const expel = (peer: Peer, form: Worker["form"], why: Departure, nowMs: number): void => {
    outbox.toWorker(peer, { kind: "disconnect", form });
    const worker = workers.get(peer);
    if (worker !== undefined) remove(worker, why, nowMs);
  };

  const join = (peer: Peer, form: Worker["form"], name: string, nowMs: number): void => {
    const service = services.of(name);
    const worker: Worker = { peer, form, service, held: undefined, heardAtMs: nowMs, heartbeatsWhileBusy: false };
    workers.set(peer, worker);
    service.workers += 1;
    service.idle.add(worker);
    outbox.workerJoined(peer, name);
    dispatch(service, nowMs);
  };

  const reply = (worker: Worker, command: Extract<WorkerCommand, { kind: "partial" | "final" }>, nowMs: number): void => {
    if (worker.held === undefined || worker.held.delivery !== command.delivery) {
      outbox.dropped("stale_reply", worker.service.name);
      return;
    }
    const { request } = worker.held;
    if (command.kind === "partial") {
      if (request.form.version === "0.1") {
        outbox.dropped("partial_unsupported", request.service);
        return;
      }
      request.partlyAnswered = true;
      outbox.toClient(request.client, { kind: "reply", form: request.form, part: "partial", service: request.service, body: command.body });
      return;
    }
    release(worker);
    worker.service.idle.add(worker);
    outbox.toClient(request.client, { kind: "reply", form: request.form, part: "final", service: request.service, body: command.body });
    outbox.answered(nowMs - request.acceptedAtMs);
    dispatch(worker.service, nowMs);
  };

  /**
   * A heartbeat may have crossed the request on its way, and the guide's workers send none while they work: only two of
   * them, both an interval or more after the delivery, show that this worker does.
   */
  const heartbeat = (worker: Worker, nowMs: number): void => {
    if (worker.held === undefined || nowMs - worker.held.sinceMs < limits.heartbeatIntervalMs) return;
    worker.held.heartbeats += 1;
    if (worker.held.heartbeats >= 2) worker.heartbeatsWhileBusy = true;
  };

  const probe = (): void => {
    for (const worker of workers.values()) outbox.toWorker(worker.peer, { kind: "heartbeat", form: worker.form });
  };

  return {
    get waiting() {
      return waiting;
    },
    get held() {
      return held;
    },
    fromClient(client, command, nowMs) {
      if (command.kind === "ping") {
        outbox.toClient(client, { kind: "pong", delimited: command.delimited });
        return;
      }
      const { form, service: name, body } = command;
      const answer = answerManagement(name, body, (sought) => (services.find(sought)?.workers ?? 0) > 0);
      if (answer !== undefined) {
        outbox.toClient(client, { kind: "reply", form, part: "final", service: name, body: [answer] });
        return;
      }
      if (waiting + held >= limits.maxQueuedRequests) {
        outbox.dropped("queue_full", name);
        return;
      }
      const service = services.of(name);
      enqueue(service, { client, form, service: name, body, acceptedAtMs: nowMs, deliveries: 0, partlyAnswered: false }, "push");
      dispatch(service, nowMs);
    },
    fromWorker(peer, command, nowMs) {
      const worker = workers.get(peer);
      if (worker === undefined) {
        if (command.kind === "ready" && !command.service.startsWith("mmi.")) join(peer, command.form, command.service, nowMs);
        else if (command.kind !== "disconnect") {
          if (command.kind === "final" || command.kind === "partial") outbox.dropped("stale_reply", "");
          expel(peer, command.form, "unexpected-command", nowMs);
        }
        return;
      }
      worker.heardAtMs = nowMs;
      switch (command.kind) {
        case "ready":
          outbox.dropped("unexpected_command", worker.service.name);
          expel(peer, worker.form, "unexpected-command", nowMs);
          break;
        case "disconnect":
          remove(worker, worker.held === undefined ? "disconnected" : "failed", nowMs);
          break;
        case "heartbeat":
          heartbeat(worker, nowMs);
          break;
        default:
          reply(worker, command, nowMs);
      }
    },
    malformedFromWorker(peer, nowMs) {
      const worker = workers.get(peer);
      if (worker !== undefined) expel(peer, worker.form, "malformed", nowMs);
    },
    workerUnreachable(peer, nowMs, undelivered) {
      const worker = workers.get(peer);
      if (worker === undefined) return;
      if (worker.held !== undefined && worker.held.delivery === undelivered) worker.held.request.deliveries -= 1;
      remove(worker, "unreachable", nowMs);
    },
    tick(nowMs) {
      // What came in while this process was paused has not been read yet: the pause is nobody's silence.
      const lateMs = Math.max(0, nowMs - (tickedAtMs ?? nowMs) - limits.heartbeatIntervalMs * 1.5);
      tickedAtMs = nowMs;
      for (const worker of [...workers.values()]) {
        worker.heardAtMs += lateMs;
        const judged = worker.held === undefined || worker.heartbeatsWhileBusy;
        if (judged && nowMs - worker.heardAtMs >= silenceMs) expel(worker.peer, worker.form, "silent", nowMs);
      }
      probe();
    },
    probe,
    close() {
      for (const worker of [...workers.values()]) {
        const request = release(worker);
        if (request !== undefined) outbox.dropped("grace_ended", request.service);
        outbox.toWorker(worker.peer, { kind: "disconnect", form: worker.form });
      }
      for (const service of services.all()) {
        for (let request = service.queue.pop(); request !== undefined; request = service.queue.pop()) outbox.dropped("grace_ended", request.service);
      }
      workers.clear();
      waiting = 0;
    },
  };
}
