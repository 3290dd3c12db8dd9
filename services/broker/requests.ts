import type { Bound, Outcome } from "../contract/metrics.ts";
import type { ErrorName, Executed } from "../majordomo/extension/codes.ts";
import type { Body, Form } from "../majordomo/message.ts";
import { createDeadlines, untimed } from "../structures/deadlines.ts";
import { createList } from "../structures/list.ts";
import { createMemory } from "./memory.ts";
import type { Memory } from "./memory.ts";
import type { BrokerLimits, Outbox } from "./outbox.ts";
import { createPages } from "../structures/pages.ts";
import type { Client, Ended, Extra, Request, Service, Worker } from "./state.ts";

/** What it costs to keep a request beside its body; measured with a million of them. */
export const requestBytes = 450;

/** Partial replies that a plain MDP/0.2 client takes: it has no way to give credit. */
const unlimitedCredit = 0x7fff_ffff;

/** All that can happen to requests, from their acceptance to their one outcome. */
export interface Requests {
  readonly waiting: number;
  readonly held: number;
  readonly bytes: number;
  readonly memory: Memory;
  readonly services: ReadonlyMap<string, Service>;
  /** The service of that name; nothing where the broker knows as many as it may. */
  service(name: string): Service | undefined;
  accept(
    client: Client,
    id: number,
    form: Form | undefined,
    service: string,
    body: Buffer,
    more: Body | undefined,
    trace: string | undefined,
    partialCredit: number,
    timeoutMs: number,
    nowMs: number,
  ): void;
  /** Ends a request with an error. */
  fail(request: Request, name: ErrorName, executed: Executed, message: string, nowMs: number): void;
  /** Tells the worker that has a request that nobody waits for it. */
  cancel(request: Request): void;
  /** Ends a request that nobody waits for. */
  drop(request: Request, outcome: Extract<Outcome, "cancelled" | "client_gone">, nowMs: number): void;
  reply(request: Request, body: Buffer, more: Body | undefined, nowMs: number): void;
  partial(request: Request, body: Buffer, more: Body | undefined, nowMs: number): void;
  /** A worker is rid of a request without having ended it. Call `dispatch` afterwards. */
  giveBack(request: Request, begun: Begun, nowMs: number): void;
  /** A worker is rid of a delivery, or has more credit. */
  freed(worker: Worker): void;
  dispatch(service: Service, nowMs: number): void;
  /** Ends what is over its time. */
  expire(nowMs: number): void;
}

/**
 * Whether a worker that is lost has begun a request. `unlikely`: all that came from it was read, and it did not call this one STARTED;
 * but a proxy that ends can close as cleanly as a worker, with the worker's last words unsent.
 */
export type Begun = "no" | "unlikely" | "likely";

const lostPart = "the connection was lost after a part of the reply";

const acceptedBefore = (other: Request, request: Request): boolean => other.order < request.order;

export function createRequests(limits: BrokerLimits, outbox: Outbox, unreachable: (worker: Worker, nowMs: number) => void): Requests {
  const services = new Map<string, Service>();
  const deadlines = createDeadlines<Request>();
  const memory = createMemory(limits);
  const keep = createPages();
  let accepted = 0;
  let waiting = 0;
  let held = 0;
  let bytes = 0;

  const find = (name: string): Service | undefined => {
    let service = services.get(name);
    if (service === undefined && services.size < limits.maxServices) {
      service = { name, queue: createList(), suspects: createList(), free: createList(), workers: new Set(), reserved: undefined, held: 0, bytes: 0 };
      services.set(name, service);
    }
    return service;
  };

  const forgetIfUnused = (service: Service): void => {
    if (service.workers.size === 0 && service.held === 0 && service.queue.length === 0 && service.suspects.length === 0) services.delete(service.name);
  };

  /** Takes a request out of wherever it is. A worker that has it keeps its number until it ends it. */
  const finish = (request: Request, outcome: Outcome, nowMs: number): void => {
    const { client, service } = request;
    request.ended = true;
    deadlines.remove(request);
    if (request.list !== undefined) {
      request.list.remove(request);
      waiting -= 1;
    } else if (request.worker !== undefined) {
      held -= 1;
      service.held -= 1;
    }
    bytes -= request.bytes;
    service.bytes -= request.bytes;
    client.bytes -= request.bytes;
    client.outstanding -= 1;
    client.plain?.delete(request);
    if (service.workers.size === 0) forgetIfUnused(service);
    outbox.ended(outcome, service.name, nowMs - request.acceptedAtMs, client.instance, request.id);
  };

  const remember = (request: Request, body: Buffer | undefined, error: Ended["error"], nowMs: number): void => {
    const kept = body && keep(body);
    memory.remember({ client: request.client, id: request.id, endedAtMs: nowMs, bytes: kept?.length ?? 0, body: kept, error });
  };

  const fail = (request: Request, name: ErrorName, executed: Executed, message: string, nowMs: number): void => {
    finish(request, name, nowMs);
    const { client, id } = request;
    if (request.form !== undefined) {
      outbox.dropped("plain_error");
    } else {
      remember(request, undefined, { name, executed, message }, nowMs);
      if (client.peer !== undefined) outbox.error(client.peer, id, name, executed, message);
    }
  };

  /** A part went to a connection that is lost: what comes now would be taken for the whole. */
  const lacksParts = ({ extra, client }: Request): boolean => extra?.partlyAnswered === true && (extra.partsTo === undefined || extra.partsTo !== client.peer);

  const interrupt = (request: Request, nowMs: number): void => {
    fail(request, "interrupted", "maybe", lostPart, nowMs);
  };

  const reply = (request: Request, body: Buffer, more: Body | undefined, nowMs: number): void => {
    if (lacksParts(request)) {
      interrupt(request, nowMs);
      return;
    }
    const { client, id, form, extra } = request;
    finish(request, "replied", nowMs);
    let whole = body;
    let rest = more;
    if (extra?.parts !== undefined) {
      whole = Buffer.concat([...extra.parts, body, ...(more ?? [])]);
      rest = undefined;
    }
    if (form !== undefined) {
      if (client.peer === undefined) outbox.dropped("client_gone");
      else outbox.plainReply(client.peer, form, "final", request.service.name, whole, rest);
      return;
    }
    if (rest !== undefined) {
      whole = Buffer.concat([whole, ...rest]);
      rest = undefined;
    }
    // Who asks again may lack a part, and parts are not kept.
    if (extra?.partlyAnswered === true) remember(request, undefined, { name: "interrupted", executed: "maybe", message: lostPart }, nowMs);
    else remember(request, whole, undefined, nowMs);
    if (client.peer !== undefined) outbox.reply(client.peer, id, whole, rest);
  };

  const cancel = ({ worker, delivery }: Request): void => {
    if (worker !== undefined && worker.form === undefined) outbox.cancel(worker.peer, delivery);
  };

  const join = (request: Request, extra: Extra, body: Buffer, more: Body | undefined, nowMs: number): void => {
    extra.parts ??= [];
    for (const part of more === undefined ? [body] : [body, ...more]) {
      extra.parts.push(keep(part));
      extra.partBytes += part.length;
    }
    if (extra.partBytes > limits.maxMessageBytes) {
      fail(request, "too_large", "maybe", `the parts of the reply have more than ${limits.maxMessageBytes} bytes (MAX_MESSAGE_SIZE)`, nowMs);
      cancel(request);
    }
  };

  const give = (worker: Worker, request: Request, nowMs: number): boolean => {
    const { service, extra, client } = request;
    request.list!.remove(request);
    waiting -= 1;
    held += 1;
    service.held += 1;
    worker.credit -= 1;
    service.free.remove(worker);
    if (worker.credit > 0 && !worker.alone) service.free.push(worker);
    worker.deliveries += 1;
    request.worker = worker;
    request.delivery = worker.deliveries;
    worker.held.set(request.delivery, request);
    if (worker.form !== undefined) {
      worker.busySinceMs = nowMs;
      worker.busyHeartbeats = 0;
      if (!outbox.plainRequest(worker.peer, worker.form, request.delivery, request.body, extra?.more)) return false;
      worker.startedUpTo = request.delivery; // it cannot tell, so it may have begun at once
      return true;
    }
    const timeoutMs = Math.max(1, Math.ceil(request.deadlineMs - nowMs));
    outbox.request(
      worker.peer,
      request.delivery,
      timeoutMs,
      request.starts + 1,
      client.instance,
      request.id,
      extra?.trace,
      extra?.partialCredit ?? 0,
      request.body,
      extra?.more,
    );
    return true;
  };

  /** The worker for the next suspect: one that holds nothing, otherwise one that is kept free from now on. */
  const workerForSuspect = (service: Service): Worker | undefined => {
    if (service.reserved !== undefined) return service.reserved;
    let worker = service.free.first;
    while (worker !== undefined && worker.held.size > 0) worker = worker.next;
    worker ??= service.free.first;
    if (worker === undefined) return undefined;
    service.free.remove(worker);
    worker.alone = true;
    service.reserved = worker;
    return worker;
  };

  const freed = (worker: Worker): void => {
    const { service } = worker;
    if (worker.alone && worker.held.size === 0 && service.reserved !== worker) worker.alone = false;
    if (!worker.alone && worker.credit > 0 && worker.list === undefined) service.free.push(worker);
  };

  const dispatch = (service: Service, nowMs: number): void => {
    while (service.suspects.first !== undefined) {
      const worker = workerForSuspect(service);
      if (worker === undefined || worker.held.size > 0 || worker.credit === 0) break;
      service.reserved = undefined;
      if (!give(worker, service.suspects.first, nowMs)) unreachable(worker, nowMs);
    }
    if (service.suspects.first === undefined && service.reserved !== undefined) {
      const worker = service.reserved;
      service.reserved = undefined;
      freed(worker);
    }
    while (service.queue.first !== undefined && service.free.first !== undefined) {
      const worker = service.free.first;
      if (!give(worker, service.queue.first, nowMs)) unreachable(worker, nowMs);
    }
    forgetIfUnused(service);
  };

  const boundReached = (client: Client, service: Service, size: number): Bound | undefined => {
    if (waiting + held >= limits.maxQueuedRequests) return "MAX_QUEUED_REQUESTS";
    if (bytes + size > limits.maxQueuedBytes) return "MAX_QUEUED_BYTES";
    if (service.queue.length + service.suspects.length + service.held >= limits.maxRequestsPerService) return "MAX_REQUESTS_PER_SERVICE";
    if (service.bytes + size > limits.maxBytesPerService) return "MAX_BYTES_PER_SERVICE";
    if (client.outstanding >= limits.maxRequestsPerClient) return "MAX_REQUESTS_PER_CLIENT";
    if (client.bytes + size > limits.maxBytesPerClient) return "MAX_BYTES_PER_CLIENT";
    return undefined;
  };

  const refuse = (client: Client, id: number, form: Form | undefined, service: string, bound: Bound): void => {
    outbox.rejected(bound, service, { instance: client.instance, id });
    if (form !== undefined) outbox.dropped("plain_error");
    else if (client.peer !== undefined) outbox.error(client.peer, id, "busy", "no", `the broker takes no more: ${bound} is reached`);
  };

  return {
    get waiting() {
      return waiting;
    },
    get held() {
      return held;
    },
    get bytes() {
      return bytes;
    },
    memory,
    services,
    service: find,
    fail,
    cancel,
    reply,
    freed,
    dispatch,
    accept(client, id, form, name, body, more, trace, partialCredit, timeoutMs, nowMs) {
      const service = find(name);
      if (service === undefined) {
        refuse(client, id, form, name, "MAX_SERVICES");
        return;
      }
      let size = requestBytes + body.length;
      if (more !== undefined) for (const frame of more) size += frame.length;
      const bound = boundReached(client, service, size);
      if (bound !== undefined) {
        refuse(client, id, form, name, bound);
        forgetIfUnused(service);
        return;
      }
      accepted += 1;
      const asked = timeoutMs === 0 ? limits.longestRequestMs : Math.min(timeoutMs, limits.longestRequestMs);
      const credit = form?.version === "0.2" ? unlimitedCredit : partialCredit;
      const extra =
        more === undefined && trace === undefined && credit === 0
          ? undefined
          : { more, trace, partialCredit: credit, partlyAnswered: false, partsTo: undefined, parts: undefined, partBytes: 0 };
      const request: Request = {
        client,
        id,
        form,
        service,
        body,
        extra,
        bytes: size,
        order: accepted,
        acceptedAtMs: nowMs,
        deadlineMs: Math.ceil(nowMs + asked),
        starts: 0,
        mayHaveRun: false,
        suspect: false,
        worker: undefined,
        delivery: 0,
        ended: false,
        previous: undefined,
        next: undefined,
        list: undefined,
        earlier: undefined,
        later: undefined,
        slot: untimed,
      };
      if (form === undefined) client.requests.set(id, request);
      else client.plain!.add(request);
      client.outstanding += 1;
      client.bytes += size;
      service.bytes += size;
      bytes += size;
      waiting += 1;
      service.queue.push(request);
      deadlines.add(request);
      dispatch(service, nowMs);
      if (request.list !== undefined) {
        request.body = keep(body);
        if (extra?.more !== undefined) extra.more = extra.more.map(keep);
      }
    },
    drop(request, outcome, nowMs) {
      finish(request, outcome, nowMs);
      request.client.requests.delete(request.id);
      cancel(request);
    },
    partial(request, body, more, nowMs) {
      const { extra, client } = request;
      if (extra === undefined || extra.partialCredit === 0) {
        request.extra ??= { more: undefined, trace: undefined, partialCredit: 0, partlyAnswered: false, partsTo: undefined, parts: undefined, partBytes: 0 };
        join(request, request.extra, body, more, nowMs);
        return;
      }
      if (!extra.partlyAnswered) extra.partsTo = client.peer;
      extra.partlyAnswered = true;
      if (lacksParts(request)) {
        interrupt(request, nowMs);
        cancel(request);
        return;
      }
      const peer = client.peer!;
      if (request.form === undefined) outbox.partial(peer, request.id, body, more);
      else outbox.plainReply(peer, request.form, "partial", request.service.name, body, more);
    },
    giveBack(request, how, nowMs) {
      if (request.ended) return;
      const { service } = request;
      // Who has turned redelivery off does not want to bet on it.
      const begun = how === "likely" || (how === "unlikely" && limits.maxDeliveries === 1);
      if (how !== "no") request.mayHaveRun = true;
      if (begun && request.extra?.partlyAnswered) {
        fail(request, "interrupted", "maybe", "the worker was lost after a part of the reply", nowMs);
        return;
      }
      if (begun && request.starts + 1 >= limits.maxDeliveries) {
        fail(request, "worker_lost", "maybe", `${request.starts + 1} workers were lost with it (MAX_DELIVERIES)`, nowMs);
        return;
      }
      held -= 1;
      service.held -= 1;
      waiting += 1;
      request.worker = undefined;
      if (request.extra !== undefined) {
        request.extra.parts = undefined;
        request.extra.partBytes = 0;
      }
      if (begun) {
        request.starts += 1;
        request.suspect = true;
        outbox.redelivered(service.name, request.client.instance, request.id);
      }
      request.body = keep(request.body);
      (request.suspect ? service.suspects : service.queue).insert(request, acceptedBefore);
    },
    expire(nowMs) {
      memory.forgetOld(nowMs);
      deadlines.expire(nowMs, (request) => {
        const { service } = request;
        const lasted = Math.round(nowMs - request.acceptedAtMs);
        if (request.worker !== undefined) {
          fail(request, "expired", "maybe", `not answered within ${lasted} ms`, nowMs);
          cancel(request);
        } else if (service.workers.size === 0 && !request.mayHaveRun) {
          fail(request, "no_such_service", "no", `no worker serves ${JSON.stringify(service.name)}; waited ${lasted} ms for one`, nowMs);
        } else {
          fail(request, "expired", request.mayHaveRun ? "maybe" : "no", `no worker was free within ${lasted} ms`, nowMs);
        }
        dispatch(service, nowMs);
      });
    },
  };
}
