import type { Welcome } from "../majordomo/extension/client.ts";
import { packedBytes } from "../majordomo/extension/codes.ts";
import type { ErrorName } from "../majordomo/extension/codes.ts";
import type { Job, Link, LinkLoss, WorkerLimits, WorkerOutbox } from "./outbox.ts";
import { createPace } from "./pace.ts";

/** Milliseconds before a lost address is tried again: doubled at each failure, then shortened by up to a half at random. */
export const backoff = { firstMs: 100, lastMs: 5_000 } as const;
/** Milliseconds without an end after which what waits behind the handlers is handed back. */
export const stuckMs = 20;

export interface WorkerCore {
  /** The addresses that the brokers' names have now. */
  listed(endpoints: readonly string[], nowMs: number): void;
  opened(link: Link, nowMs: number): void;
  /** The connection is gone, or could not be had. */
  lost(link: Link, nowMs: number): void;
  welcome(link: Link, welcome: Welcome, nowMs: number): void;
  heartbeat(link: Link, backlog: number, nowMs: number): void;
  backlog(link: Link, count: number, nowMs: number): void;
  request(
    link: Link,
    delivery: number,
    timeoutMs: number,
    attempt: number,
    client: Buffer,
    id: number,
    trace: string | undefined,
    partialCredit: number,
    body: Buffer,
    nowMs: number,
  ): void;
  cancel(link: Link, delivery: number, nowMs: number): void;
  partialCredit(link: Link, delivery: number, count: number, nowMs: number): void;
  disconnect(link: Link, nowMs: number): void;
  /** A broker sent what nobody knows. */
  malformed(link: Link, nowMs: number): void;
  /** From the handlers, with the job's number. */
  reply(job: number, body: Buffer, nowMs: number): void;
  partial(job: number, body: Buffer, nowMs: number): void;
  error(job: number, name: ErrorName, message: string, nowMs: number): void;
  /** So many have ended since it was told last. */
  took(count: number, nowMs: number): void;
  /** Heartbeats, silence, lost addresses, what is stuck. Call it often while something is held, otherwise several times an interval. */
  tick(nowMs: number): void;
  /** Takes nothing new, hands back what has not begun, finishes the rest. */
  stop(nowMs: number): void;
  /** Gives up: closes everything. Brokers give what was held to other workers. */
  close(): void;
  readonly holding: number;
  /** Brokers that it is registered with. */
  readonly brokers: number;
}

/** One address of a broker, and the connection to it where there is one. */
interface Place {
  readonly endpoint: string;
  listed: boolean;
  state: "waiting" | "connecting" | "opened" | "registered";
  link: Link;
  retryAtMs: number;
  failures: number;
  welcome: Welcome | undefined;
  heardAtMs: number;
  sentAtMs: number;
  /** Requests that the broker may still deliver. */
  granted: number;
  /** Jobs by delivery. */
  readonly jobs: Map<number, Job>;
  backlog: number;
}

/** A worker's decisions, without I/O, clock or randomness of its own: one connection an address, requests in the order of their coming. */
export function createWorkerCore(limits: WorkerLimits, outbox: WorkerOutbox): WorkerCore {
  const { concurrency } = limits;
  const places = new Map<string, Place>();
  const byLink = new Map<Link, Place>();
  const jobs = new Map<number, Job>();
  /** Jobs that have not been handed to the handlers, the oldest first. */
  const buffered = new Set<Job>();
  const pace = createPace(concurrency);
  let handed = 0;
  let numbers = 0;
  let links = 0;
  let stopping = false;
  let endedAtMs = 0;
  /** When the handlers began to be busy, or how fast they are was measured last. */
  let measuredAtMs = 0;
  let tickedAtMs: number | undefined;

  const open = (place: Place, nowMs: number): void => {
    links += 1;
    place.link = links;
    place.state = "connecting";
    place.heardAtMs = nowMs;
    place.granted = 0;
    place.backlog = 0;
    place.welcome = undefined;
    byLink.set(place.link, place);
    outbox.open(place.link, place.endpoint);
  };

  const registered = (): number => {
    let count = 0;
    for (const { state } of places.values()) if (state === "registered") count += 1;
    return count;
  };

  /**
   * Requests that one broker should be able to have here: all where it is the only one, a share by backlog otherwise. What
   * cannot be divided goes to those with the longest backlog.
   */
  const shareOf = (place: Place, window: number): number => {
    let busy = 0;
    let all = 0;
    let before = 0;
    let met = false;
    for (const other of places.values()) {
      if (other === place) met = true;
      if (other.state !== "registered") continue;
      all += 1;
      if (other.backlog > 0) busy += 1;
      if (other.backlog > place.backlog || (!met && other.backlog === place.backlog)) before += 1;
    }
    if (all <= 1) return window;
    if (place.backlog > 0) return Math.max(1, Math.floor(window / busy) + (before < window % busy ? 1 : 0));
    return Math.max(1, Math.min(concurrency, Math.floor(window / all)));
  };

  const grant = (): void => {
    if (stopping) return;
    const { window } = pace;
    if (jobs.size >= window) return;
    for (const place of places.values()) {
      if (place.state !== "registered") continue;
      const share = shareOf(place, window);
      const missing = share - place.granted - place.jobs.size;
      if (missing <= 0 || (missing < share / 4 && place.granted > 0)) continue;
      place.granted += missing;
      outbox.credit(place.link, missing);
    }
  };

  const forget = (job: Job, place: Place | undefined): void => {
    jobs.delete(job.number);
    place?.jobs.delete(job.delivery);
    if (job.handed) handed -= 1;
    else buffered.delete(job);
  };

  const handBack = (job: Job, place: Place): void => {
    forget(job, place);
    outbox.notStarted(place.link, job.delivery);
  };

  const leave = (place: Place, why: LinkLoss): void => {
    byLink.delete(place.link);
    outbox.close(place.link, place.endpoint, why);
  };

  const leaveIfDone = (place: Place): void => {
    if (!stopping || place.state !== "registered" || place.jobs.size > 0) return;
    outbox.disconnect(place.link);
    leave(place, "stopping");
    places.delete(place.endpoint);
  };

  /** RFC 7: after DISCONNECT or silence a worker comes back on a new connection, never on the old one. */
  const lose = (place: Place, why: LinkLoss, nowMs: number): void => {
    leave(place, why);
    for (const job of [...place.jobs.values()]) {
      if (job.handed && !outbox.revoke(job)) {
        outbox.cancel(job, why); // it still counts among those at work until it ends
        continue;
      }
      forget(job, place);
      outbox.outcome("broker_lost");
    }
    place.jobs.clear();
    if (!place.listed || stopping) places.delete(place.endpoint);
    else {
      const delayMs = Math.min(backoff.lastMs, backoff.firstMs * 2 ** place.failures);
      place.failures += 1;
      place.state = "waiting";
      place.retryAtMs = nowMs + delayMs * (1 - limits.random() / 2);
    }
    handOver(nowMs);
    grant();
  };

  const handOver = (nowMs: number): void => {
    if (buffered.size === 0 || handed >= pace.handed) return;
    const most = Math.min(pace.handed, handed + outbox.room());
    const started = new Map<Place, number>();
    const batch: Job[] = [];
    for (const job of buffered) {
      if (handed >= most) break;
      const place = byLink.get(job.link)!;
      if (nowMs >= job.endsAtMs) {
        forget(job, place);
        outbox.error(place.link, job.delivery, "expired", "its time was over before it began");
        outbox.outcome("expired");
        continue;
      }
      buffered.delete(job);
      job.handed = true;
      handed += 1;
      if (handed === 1) {
        endedAtMs = nowMs;
        measuredAtMs = nowMs;
      }
      started.set(place, job.delivery);
      batch.push(job);
    }
    for (const [place, upTo] of started) outbox.started(place.link, upTo);
    for (const job of batch) outbox.run(job);
  };

  const heard = (link: Link, nowMs: number): Place | undefined => {
    const place = byLink.get(link);
    if (place !== undefined) place.heardAtMs = nowMs;
    return place;
  };

  const setBacklog = (place: Place, count: number): void => {
    const changed = place.backlog > 0 !== count > 0;
    place.backlog = count;
    if (changed) grant();
  };

  /** Where somebody waits for a job's outcome. */
  const placeOf = (job: Job): Place | undefined => {
    const place = byLink.get(job.link);
    return place?.jobs.get(job.delivery) === job ? place : undefined;
  };

  /** Ends a job. @returns its place, where somebody still waits for it. */
  const end = (number: number, nowMs: number): { job: Job; place: Place | undefined } | undefined => {
    const job = jobs.get(number);
    if (job === undefined) return undefined;
    const place = placeOf(job);
    forget(job, place);
    endedAtMs = nowMs;
    return { job, place };
  };

  /** Why a broker would end the connection over this body, which it could not take. */
  const tooLarge = ({ welcome }: Place, { length }: Buffer): string | undefined =>
    welcome === undefined || length <= Math.max(welcome.maxBodyBytes, packedBytes)
      ? undefined
      : `the reply has ${length} bytes, at most ${welcome.maxBodyBytes} are allowed there (MAX_MESSAGE_SIZE)`;

  const afterEnd = (place: Place | undefined, nowMs: number): void => {
    if (place !== undefined) {
      place.sentAtMs = nowMs;
      leaveIfDone(place);
    }
    handOver(nowMs);
    grant();
  };

  const judge = (place: Place, nowMs: number): void => {
    const { welcome } = place;
    if (place.state === "waiting") {
      if (nowMs >= place.retryAtMs) open(place, nowMs);
    } else if (place.state === "opened") {
      if (nowMs - place.heardAtMs >= limits.welcomeTimeoutMs) lose(place, "silent", nowMs);
    } else if (place.state === "registered" && welcome !== undefined) {
      if (nowMs - place.heardAtMs >= welcome.heartbeatIntervalMs * welcome.heartbeatLiveness) lose(place, "silent", nowMs);
      else if (nowMs - place.sentAtMs >= welcome.heartbeatIntervalMs) {
        place.sentAtMs = nowMs;
        outbox.heartbeat(place.link);
      }
    }
  };

  /** A handler that blocks or hangs: what waits behind it is handed back, so that another worker takes it. */
  const unstick = (nowMs: number): void => {
    if (handed < concurrency || nowMs - endedAtMs < stuckMs) return;
    pace.stuck(nowMs - endedAtMs);
    if (jobs.size <= concurrency) return;
    for (const job of [...jobs.values()].reverse()) {
      const place = byLink.get(job.link);
      if (place !== undefined && (!job.handed || outbox.revoke(job))) handBack(job, place);
    }
    // Where no handler had begun, no end of one will ask for more.
    grant();
  };

  return {
    get holding() {
      return jobs.size;
    },
    get brokers() {
      return registered();
    },
    listed(endpoints, nowMs) {
      if (stopping) return;
      const now = new Set(endpoints);
      for (const place of [...places.values()]) {
        place.listed = now.has(place.endpoint);
        // A broker that is ready no more, or whose name server stumbles, still has our requests: only it ends the connection.
        if (place.listed || place.state === "registered") continue;
        if (place.state === "waiting") places.delete(place.endpoint);
        else lose(place, "no-longer-listed", nowMs);
      }
      for (const endpoint of now) {
        if (places.has(endpoint)) continue;
        const place: Place = {
          endpoint,
          listed: true,
          state: "waiting",
          link: 0,
          retryAtMs: 0,
          failures: 0,
          welcome: undefined,
          heardAtMs: nowMs,
          sentAtMs: nowMs,
          granted: 0,
          jobs: new Map(),
          backlog: 0,
        };
        places.set(endpoint, place);
        open(place, nowMs);
      }
    },
    opened(link, nowMs) {
      const place = heard(link, nowMs);
      if (place === undefined || place.state !== "connecting") return;
      place.state = "opened";
      outbox.hello(link);
      outbox.ready(link);
    },
    lost(link, nowMs) {
      const place = byLink.get(link);
      if (place !== undefined) lose(place, place.state === "connecting" ? "not-reached" : "connection-lost", nowMs);
    },
    welcome(link, welcome, nowMs) {
      const place = heard(link, nowMs);
      if (place === undefined || place.state !== "opened") return;
      place.state = "registered";
      place.welcome = welcome;
      place.failures = 0;
      place.sentAtMs = nowMs;
      outbox.registered(place.endpoint);
      if (stopping) leaveIfDone(place);
      else if (jobs.size < pace.window) grant();
    },
    heartbeat(link, backlog, nowMs) {
      const place = heard(link, nowMs);
      if (place !== undefined) setBacklog(place, backlog);
    },
    backlog(link, count, nowMs) {
      const place = heard(link, nowMs);
      if (place !== undefined) setBacklog(place, count);
    },
    request(link, delivery, timeoutMs, attempt, client, id, trace, partialCredit, body, nowMs) {
      const place = heard(link, nowMs);
      if (place === undefined) return;
      if (place.jobs.has(delivery)) {
        // Two of one number could not be told apart.
        outbox.disconnect(link);
        lose(place, "malformed", nowMs);
        return;
      }
      place.granted = Math.max(0, place.granted - 1);
      if (stopping || jobs.size >= Math.max(pace.window, concurrency)) {
        outbox.notStarted(link, delivery);
        return;
      }
      numbers += 1;
      const job: Job = { number: numbers, link, delivery, endsAtMs: nowMs + timeoutMs, attempt, client, id, trace, partialCredit, body, handed: false };
      jobs.set(job.number, job);
      place.jobs.set(delivery, job);
      buffered.add(job);
      handOver(nowMs);
    },
    cancel(link, delivery, nowMs) {
      const place = heard(link, nowMs);
      const job = place?.jobs.get(delivery);
      if (place === undefined || job === undefined) return;
      if (!job.handed || outbox.revoke(job)) {
        handBack(job, place);
        afterEnd(place, nowMs);
      } else outbox.cancel(job, "cancelled");
    },
    partialCredit(link, delivery, count, nowMs) {
      const job = heard(link, nowMs)?.jobs.get(delivery);
      if (job !== undefined) outbox.partialCredit(job, count);
    },
    disconnect(link, nowMs) {
      const place = byLink.get(link);
      if (place !== undefined) lose(place, "disconnected-by-broker", nowMs);
    },
    malformed(link, nowMs) {
      const place = byLink.get(link);
      if (place === undefined) return;
      outbox.disconnect(link);
      lose(place, "malformed", nowMs);
    },
    reply(number, body, nowMs) {
      const ended = end(number, nowMs);
      if (ended === undefined) return;
      if (ended.place !== undefined) {
        const problem = tooLarge(ended.place, body);
        if (problem === undefined) outbox.reply(ended.job.link, ended.job.delivery, body);
        else outbox.error(ended.job.link, ended.job.delivery, "too_large", problem);
      }
      afterEnd(ended.place, nowMs);
    },
    partial(number, body, nowMs) {
      const job = jobs.get(number);
      const place = job && placeOf(job);
      if (job === undefined || place === undefined) return;
      endedAtMs = nowMs;
      const problem = tooLarge(place, body);
      if (problem === undefined) {
        outbox.partial(job.link, job.delivery, body);
        return;
      }
      outbox.error(job.link, job.delivery, "too_large", problem);
      place.jobs.delete(job.delivery); // it still counts among those at work until it ends
      outbox.cancel(job, "cancelled");
    },
    error(number, name, message, nowMs) {
      const ended = end(number, nowMs);
      if (ended === undefined) return;
      if (ended.place !== undefined) outbox.error(ended.job.link, ended.job.delivery, name, message);
      afterEnd(ended.place, nowMs);
    },
    took(count, nowMs) {
      pace.took(count, (nowMs - measuredAtMs) * Math.min(concurrency, handed + count));
      measuredAtMs = nowMs;
    },
    tick(nowMs) {
      // What came in while this thread was paused has not been read yet: the pause is nobody's silence.
      const lateMs = Math.max(0, nowMs - (tickedAtMs ?? nowMs) - 1_000);
      tickedAtMs = nowMs;
      for (const place of [...places.values()]) {
        place.heardAtMs += lateMs;
        judge(place, nowMs);
      }
      unstick(nowMs);
      handOver(nowMs);
    },
    stop(nowMs) {
      stopping = true;
      for (const job of [...jobs.values()].reverse()) {
        const place = byLink.get(job.link);
        if (place !== undefined && (!job.handed || outbox.revoke(job))) handBack(job, place);
      }
      for (const place of [...places.values()]) {
        if (place.state === "registered") {
          outbox.leaving(place.link);
          leaveIfDone(place);
        } else if (place.state === "waiting") places.delete(place.endpoint);
        else lose(place, "stopping", nowMs);
      }
    },
    close() {
      stopping = true;
      for (const place of [...places.values()]) if (place.state !== "waiting") leave(place, "stopping");
      places.clear();
    },
  };
}
