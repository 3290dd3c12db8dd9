import { packedBytes } from "../majordomo/extension/codes.ts";
import type { ErrorName, Executed, Role } from "../majordomo/extension/codes.ts";
import type { Welcome } from "../majordomo/extension/client.ts";
import { createDeadlines, untimed } from "../structures/deadlines.ts";
import type { Timed } from "../structures/deadlines.ts";
import type { ClientLimits, ClientOutbox, FailureName, Link, Outcome } from "./outbox.ts";

/** Milliseconds before a lost connection is tried again: doubled at each failure, then shortened by up to a half at random. */
export const backoff = { firstMs: 50, lastMs: 5_000 } as const;
/** Milliseconds that the broker has to say itself that a request's time is over, since it knows whether it ran. */
export const lastWordMs = 250;

export interface Asked {
  readonly service: string;
  readonly body: Buffer;
  readonly timeoutMs: number;
  /** Tries after the first where it may have run already, or the broker was busy. */
  readonly retries: number;
  readonly trace: string | undefined;
  /** Parts that may come before more credit is given; 0 for the whole reply at once. */
  readonly partialCredit: number;
}

export interface ClientCore<Call> {
  /** The id that the next request will have. */
  readonly nextId: number;
  /** @returns the request's id. */
  request(call: Call, asked: Asked, nowMs: number): number;
  cancel(id: number, nowMs: number): void;
  /** The consumer has taken parts. */
  taken(id: number, count: number): void;
  opened(link: Link, nowMs: number): void;
  lost(link: Link, nowMs: number): void;
  welcome(link: Link, welcome: Welcome, nowMs: number): void;
  heartbeat(link: Link, role: Role, nowMs: number): void;
  reply(link: Link, id: number, body: Buffer, nowMs: number): void;
  partial(link: Link, id: number, body: Buffer, nowMs: number): void;
  error(link: Link, id: number, name: ErrorName, executed: Executed, message: string, nowMs: number): void;
  goAway(link: Link, role: Role, nowMs: number): void;
  /** The broker ends the connection, or said something that makes no sense. */
  disconnect(link: Link, nowMs: number): void;
  /** Deadlines, heartbeats, silence, new tries. Call it several times a second. */
  tick(nowMs: number): void;
  close(): void;
  readonly outstanding: number;
  readonly connected: boolean;
}

interface Pending<Call> extends Timed<Pending<Call>> {
  readonly id: number;
  readonly call: Call;
  readonly asked: Asked;
  /** When its time is over; `deadlineMs` is when that is noticed. */
  readonly endsAtMs: number;
  deadlineMs: number;
  /** Where it was sent, and the broker behind that; nothing while it waits to be sent. */
  place: Place | undefined;
  lostAt: string | undefined;
  retriesLeft: number;
  mayHaveRun: boolean;
  lostLineage: number;
  /** A connection was lost while it was there: no other broker can say that it did not run. */
  lostOnce: boolean;
  partlyAnswered: boolean;
  retryAtMs: number;
}

interface Place {
  readonly link: Link;
  readonly lineage: number;
  state: "connecting" | "opened" | "welcome";
  sinceMs: number;
  heardAtMs: number;
  sentAtMs: number;
  welcome: Welcome | undefined;
  role: Role;
  /** It answers what is new with `draining`. */
  refuses: boolean;
  outstanding: number;
}

/** A client's decisions, without I/O, clock or randomness of its own: one connection, a second one while it moves. */
export function createClientCore<Call>(limits: ClientLimits, outbox: ClientOutbox<Call>): ClientCore<Call> {
  const pending = new Map<number, Pending<Call>>();
  const unsent = new Set<Pending<Call>>();
  /** What may have run at a broker whose connection was lost: it waits for word of who is there now. */
  const unknown = new Set<Pending<Call>>();
  const places = new Map<Link, Place>();
  const deadlines = createDeadlines<Pending<Call>>();
  let current: Place | undefined;
  /** Opened because the current one asked us to go. */
  let candidate: Place | undefined;
  let links = 0;
  /** Connections that follow one another, each in the place of a lost one: to a broker they are the same client. */
  let lineages = 1;
  let lineage = 1;
  let ids = 0;
  /** Tries in vain, in a row: to have a broker at all, and to find a better one than the current. */
  let failures = 0;
  let searches = 0;
  let openAtMs: number | undefined = 0;
  let tickedAtMs: number | undefined;
  let closed = false;

  const pause = (nowMs: number, tries: number): void => {
    openAtMs = nowMs + Math.min(backoff.lastMs, backoff.firstMs * 2 ** tries) * (1 - limits.random() / 2);
  };
  const pauseBeforeConnect = (nowMs: number): void => pause(nowMs, failures++);
  const pauseBeforeSearch = (nowMs: number): void => pause(nowMs, searches++);

  const open = (nowMs: number, of: number): Place => {
    links += 1;
    openAtMs = undefined;
    const place: Place = {
      link: links,
      lineage: of,
      state: "connecting",
      sinceMs: nowMs,
      heardAtMs: nowMs,
      sentAtMs: nowMs,
      welcome: undefined,
      role: "active",
      refuses: false,
      outstanding: 0,
    };
    places.set(place.link, place);
    outbox.open(place.link, links);
    return place;
  };

  const leave = (place: Place): void => {
    places.delete(place.link);
    if (place.state !== "connecting") outbox.disconnect(place.link);
    outbox.close(place.link);
  };

  const leaveIfDone = (place: Place): void => {
    if (place !== current && place !== candidate && place.outstanding === 0 && places.has(place.link)) leave(place);
  };

  /** A broker whose limit is not known yet would end the connection over a frame that is beyond it. */
  const mustWait = ({ asked: { body } }: Pending<Call>, place: Place): boolean => place.welcome === undefined && body.length > packedBytes;

  const send = (request: Pending<Call>, place: Place, nowMs: number): void => {
    const mostBytes = place.welcome?.maxBodyBytes ?? Number.POSITIVE_INFINITY;
    if (request.asked.body.length > mostBytes) {
      fail(request, "too_large", `the request has ${request.asked.body.length} bytes, at most ${mostBytes} are allowed there (MAX_MESSAGE_SIZE)`, nowMs);
      return;
    }
    const retry = request.mayHaveRun;
    request.place = place;
    request.mayHaveRun = true;
    place.outstanding += 1;
    place.sentAtMs = nowMs;
    const { service, trace, partialCredit, body } = request.asked;
    outbox.request(place.link, request.id, Math.max(1, Math.ceil(request.endsAtMs - nowMs)), retry, service, trace, partialCredit, body);
  };

  const sendable = (): Place | undefined => (current !== undefined && current.state !== "connecting" && !current.refuses ? current : undefined);

  const sendUnsent = (nowMs: number): void => {
    const place = sendable();
    if (closed || place === undefined || unsent.size === 0) return;
    const room = place.welcome?.maxOutstanding ?? 1_000;
    for (const request of unsent) {
      if (place.outstanding >= room) return;
      if (request.retryAtMs > nowMs || mustWait(request, place)) continue;
      unsent.delete(request);
      send(request, place, nowMs);
    }
  };

  const settle = (request: Pending<Call>, outcome: Outcome, nowMs: number): void => {
    const { place } = request;
    pending.delete(request.id);
    unsent.delete(request);
    unknown.delete(request);
    deadlines.remove(request);
    request.place = undefined;
    if (place !== undefined) {
      place.outstanding -= 1;
      leaveIfDone(place);
    }
    outbox.settle(request.call, outcome);
    if (unsent.size > 0) sendUnsent(nowMs);
  };

  const fail = (request: Pending<Call>, name: FailureName, message: string, nowMs: number, executed: Executed = request.mayHaveRun ? "maybe" : "no"): void => {
    settle(request, { kind: "error", name, executed, message }, nowMs);
  };

  const again = (request: Pending<Call>, retryAtMs: number): void => {
    const { place } = request;
    request.place = undefined;
    request.retryAtMs = retryAtMs;
    unsent.add(request);
    if (place === undefined) return;
    place.outstanding -= 1;
    leaveIfDone(place);
  };

  /** Whoever is there now is or is not the broker that a request was sent to. */
  const resolveUnknown = (place: Place, nowMs: number): void => {
    for (const request of [...unknown]) {
      unknown.delete(request);
      if (request.lostAt === place.welcome!.instance && request.lostLineage === place.lineage) send(request, place, nowMs);
      else if (request.retriesLeft > 0) {
        request.retriesLeft -= 1;
        send(request, place, nowMs);
      } else fail(request, "connection_lost", "the connection to its broker was lost, and another broker is there now", nowMs);
    }
  };

  const lose = (place: Place, nowMs: number): void => {
    if (!places.delete(place.link)) return;
    outbox.close(place.link);
    const wasCurrent = place === current;
    if (wasCurrent) current = undefined;
    if (place === candidate) candidate = undefined;
    if (place.outstanding > 0) {
      for (const request of [...pending.values()]) {
        if (request.place !== place) continue;
        request.place = undefined;
        request.lostAt = place.welcome?.instance;
        request.lostLineage = place.lineage;
        request.lostOnce = true;
        if (request.partlyAnswered) fail(request, "interrupted", "the connection was lost after a part of the reply", nowMs, "maybe");
        else unknown.add(request);
      }
      place.outstanding = 0;
    }
    if (closed) return;
    if (current === undefined && candidate !== undefined) {
      current = candidate;
      lineage = current.lineage;
      candidate = undefined;
      if (current.welcome !== undefined) resolveUnknown(current, nowMs);
      sendUnsent(nowMs);
    } else if (wasCurrent) pauseBeforeConnect(nowMs);
    else if (current !== undefined) {
      if (current.role !== "active" && openAtMs === undefined) pauseBeforeSearch(nowMs);
      if (current.welcome !== undefined) resolveUnknown(current, nowMs);
    }
  };

  /** The new connection is good: what is new goes there; the old one is kept until its last outcome. */
  const move = (nowMs: number): void => {
    const old = current;
    current = candidate;
    lineage = current?.lineage ?? lineage;
    candidate = undefined;
    if (old !== undefined) leaveIfDone(old);
    sendUnsent(nowMs);
  };

  const heard = (link: Link, nowMs: number): Place | undefined => {
    const place = places.get(link);
    if (place !== undefined) place.heardAtMs = nowMs;
    return place;
  };

  const setRole = (place: Place, role: Role, nowMs: number): void => {
    const before = place.role;
    place.role = role;
    if (place !== current) return;
    if (role === "active") {
      searches = 0;
      openAtMs = undefined;
      if (candidate === undefined) return;
      const other = candidate;
      candidate = undefined;
      leaveIfDone(other);
    } else if (before === "active" || (role === "terminating" && before !== "terminating")) {
      // A standby serves while a better one is sought; one that begins to end does not, so there is no time to lose.
      searches = 0;
      if (candidate === undefined) openAtMs = nowMs;
    }
  };

  const find = (place: Place | undefined, id: number): Pending<Call> | undefined => {
    const request = pending.get(id);
    return request !== undefined && request.place === place ? request : undefined;
  };

  return {
    get outstanding() {
      return pending.size;
    },
    get connected() {
      return current?.welcome !== undefined;
    },
    get nextId() {
      return (ids + 1) >>> 0;
    },
    request(call, asked, nowMs) {
      ids = (ids + 1) >>> 0;
      const endsAtMs = nowMs + asked.timeoutMs;
      const request: Pending<Call> = {
        id: ids,
        call,
        asked,
        endsAtMs,
        deadlineMs: Math.ceil(endsAtMs),
        place: undefined,
        lostAt: undefined,
        lostLineage: 0,
        retriesLeft: asked.retries,
        mayHaveRun: false,
        lostOnce: false,
        partlyAnswered: false,
        retryAtMs: 0,
        earlier: undefined,
        later: undefined,
        slot: untimed,
      };
      pending.set(request.id, request);
      deadlines.add(request);
      const place = sendable();
      if (place !== undefined && unsent.size === 0 && !mustWait(request, place) && place.outstanding < (place.welcome?.maxOutstanding ?? 1_000))
        send(request, place, nowMs);
      else unsent.add(request);
      return request.id;
    },
    cancel(id, nowMs) {
      const request = pending.get(id);
      if (request === undefined) return;
      if (request.place !== undefined) outbox.cancel(request.place.link, id);
      fail(request, "cancelled", "it was cancelled", nowMs);
    },
    taken(id, count) {
      const request = pending.get(id);
      if (request?.place !== undefined) outbox.partialCredit(request.place.link, id, count);
    },
    opened(link, nowMs) {
      const place = heard(link, nowMs);
      if (place === undefined || place.state !== "connecting") return;
      place.state = "opened";
      place.sinceMs = nowMs;
      place.sentAtMs = nowMs;
      outbox.hello(link, place.lineage);
      if (place === current) sendUnsent(nowMs);
    },
    lost(link, nowMs) {
      const place = places.get(link);
      if (place !== undefined) lose(place, nowMs);
    },
    disconnect(link, nowMs) {
      const place = places.get(link);
      if (place !== undefined) lose(place, nowMs);
    },
    welcome(link, welcome, nowMs) {
      const place = heard(link, nowMs);
      if (place === undefined || place.state === "welcome") return;
      place.state = "welcome";
      place.welcome = welcome;
      place.role = welcome.role;
      if (place === candidate) {
        const worse = place.role !== "active" && !(current?.role === "terminating" && place.role === "standby");
        if (worse && current !== undefined) {
          candidate = undefined;
          leave(place);
          pauseBeforeSearch(nowMs);
          return;
        }
        move(nowMs);
      }
      if (place !== current) return;
      failures = 0;
      if (place.role === "active") {
        searches = 0;
        openAtMs = undefined;
      } else pauseBeforeSearch(nowMs); // it serves, and there may be a better one
      resolveUnknown(place, nowMs);
      sendUnsent(nowMs);
    },
    heartbeat(link, role, nowMs) {
      const place = heard(link, nowMs);
      if (place !== undefined && place.role !== role) setRole(place, role, nowMs);
    },
    goAway(link, role, nowMs) {
      const place = heard(link, nowMs);
      if (place !== undefined) setRole(place, role, nowMs);
    },
    reply(link, id, body, nowMs) {
      const request = find(heard(link, nowMs), id);
      if (request !== undefined) settle(request, { kind: "reply", body }, nowMs);
    },
    partial(link, id, body, nowMs) {
      const request = find(heard(link, nowMs), id);
      if (request === undefined) return;
      request.partlyAnswered = true;
      outbox.part(request.call, body);
    },
    error(link, id, name, executed, message, nowMs) {
      const place = heard(link, nowMs);
      const request = find(place, id);
      if (place === undefined || request === undefined) return;
      if (name === "draining" && executed === "no") {
        place.refuses = true;
        request.mayHaveRun = request.lostOnce;
        again(request, 0);
        setRole(place, "terminating", nowMs);
        sendUnsent(nowMs);
      } else if (name === "busy" && request.retriesLeft > 0) {
        const tries = request.asked.retries - request.retriesLeft;
        request.retriesLeft -= 1;
        request.mayHaveRun = request.lostOnce;
        again(request, nowMs + Math.min(backoff.lastMs, backoff.firstMs * 2 ** tries) * (1 - limits.random() / 2));
      } else {
        settle(request, { kind: "error", name, executed: request.lostOnce ? "maybe" : executed, message }, nowMs);
      }
    },
    tick(nowMs) {
      // What came in while this process was paused has not been read yet: the pause is nobody's silence.
      const lateMs = Math.max(0, nowMs - (tickedAtMs ?? nowMs) - 1_000);
      tickedAtMs = nowMs;
      for (const place of [...places.values()]) {
        place.heardAtMs += lateMs;
        if (place.state === "connecting") continue; // the transport bounds that
        const { welcome } = place;
        if (welcome === undefined) {
          if (nowMs - place.sinceMs - lateMs >= limits.welcomeTimeoutMs) lose(place, nowMs);
        } else if (nowMs - place.heardAtMs >= welcome.heartbeatIntervalMs * welcome.heartbeatLiveness) {
          lose(place, nowMs);
        } else if (nowMs - place.sentAtMs >= welcome.heartbeatIntervalMs) {
          place.sentAtMs = nowMs;
          outbox.heartbeat(place.link);
        }
      }
      deadlines.expire(nowMs, (request) => {
        if (request.place !== undefined && request.deadlineMs < request.endsAtMs + lastWordMs) {
          request.deadlineMs = Math.ceil(request.endsAtMs + lastWordMs);
          deadlines.add(request);
          return;
        }
        if (request.place !== undefined) outbox.cancel(request.place.link, request.id);
        fail(request, "timeout", "", nowMs);
      });
      if (!closed && openAtMs !== undefined && nowMs >= openAtMs) {
        if (current === undefined) current = open(nowMs, lineage);
        else if (candidate === undefined && current.role !== "active") {
          lineages += 1;
          candidate = open(nowMs, lineages);
        } else openAtMs = undefined;
      }
      sendUnsent(nowMs);
    },
    close() {
      closed = true;
      for (const request of [...pending.values()]) fail(request, "closed", "the client was closed", 0);
      for (const place of [...places.values()]) leave(place);
      current = undefined;
      candidate = undefined;
    },
  };
}
