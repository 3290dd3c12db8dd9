import type { Body } from "../majordomo/message.ts";
import type { WorkerMessage } from "../majordomo/worker.ts";
import type { Job, Link, LinkLoss, WorkerLimits, WorkerOutbox } from "./outbox.ts";

/** Milliseconds before a lost address is tried again: doubled at each failure, then shortened by up to a half at random. */
export const backoff = { firstMs: 100, lastMs: 5_000 } as const;

/** How a handler ended. */
export type JobResult = { readonly kind: "replied"; readonly body: Body } | { readonly kind: "failed" | "timed_out" };

export interface WorkerCore {
  /** The addresses that the brokers' names have now. */
  listed(endpoints: readonly string[], nowMs: number): void;
  connected(link: Link, nowMs: number): void;
  disconnected(link: Link, nowMs: number): void;
  received(link: Link, message: Extract<WorkerMessage, { kind: "request" } | { kind: "heartbeat" } | { kind: "disconnect" }>, nowMs: number): void;
  /** A broker sent what Majordomo does not know. */
  malformed(link: Link, nowMs: number): void;
  ended(job: Job, result: JobResult, nowMs: number): void;
  /** Sends heartbeats, buries silent brokers, tries lost ones again. Call it several times an interval. */
  tick(nowMs: number): void;
  /** Takes no new request, finishes those it holds. */
  stop(): void;
  /** Gives up: closes everything. Brokers give what was held to other workers. */
  close(): void;
  /** Requests taken and not ended, and brokers that it is registered with. */
  readonly holding: number;
  readonly brokers: number;
}

/** One address of a broker, and the connection to it where there is one. */
interface Place {
  readonly endpoint: string;
  listed: boolean;
  state: "waiting" | "connecting" | "registered";
  link: Link;
  retryAtMs: number;
  failures: number;
  heardAtMs: number;
  beatAtMs: number;
  job: Job | undefined;
}

/** A worker's decisions, without I/O, clock or randomness of its own: one connection an address, one request a connection. */
export function createWorkerCore(limits: WorkerLimits, outbox: WorkerOutbox): WorkerCore {
  const places = new Map<string, Place>();
  const byLink = new Map<Link, Place>();
  const waiting: Job[] = [];
  const running = new Set<Job>();
  const silenceMs = limits.heartbeatIntervalMs * limits.heartbeatLiveness;
  let numbers = 0;
  let stopping = false;
  let tickedAtMs: number | undefined;

  const open = (place: Place): void => {
    numbers += 1;
    place.link = numbers;
    place.state = "connecting";
    byLink.set(place.link, place);
    outbox.open(place.link, place.endpoint);
  };

  /** RFC 7: after DISCONNECT or silence a worker comes back on a new socket, never on the old one. */
  const lose = (place: Place, why: LinkLoss, nowMs: number): void => {
    byLink.delete(place.link);
    outbox.close(place.link, place.endpoint, why);
    const { job } = place;
    place.job = undefined;
    if (job !== undefined && running.has(job)) outbox.abort(job, why);
    else if (job !== undefined) {
      waiting.splice(waiting.indexOf(job), 1);
      outbox.outcome(job, "broker_lost");
    }
    if (!place.listed || stopping) {
      places.delete(place.endpoint);
      return;
    }
    const delayMs = Math.min(backoff.lastMs, backoff.firstMs * 2 ** place.failures);
    place.failures += 1;
    place.state = "waiting";
    place.retryAtMs = nowMs + delayMs * (1 - limits.random() / 2);
  };

  const runNext = (): void => {
    while (waiting.length > 0 && running.size < limits.concurrency) {
      const job = waiting.shift()!;
      running.add(job);
      outbox.run(job);
    }
  };

  const request = (place: Place, address: Body, body: Body, nowMs: number): void => {
    if (place.job !== undefined) {
      outbox.send(place.link, { kind: "disconnect" });
      lose(place, "malformed", nowMs);
      return;
    }
    numbers += 1;
    place.job = { id: numbers, link: place.link, address, body };
    waiting.push(place.job);
    runNext();
  };

  const judge = (place: Place, nowMs: number): void => {
    if (place.state === "waiting" && nowMs >= place.retryAtMs) open(place);
    if (place.state !== "registered") return;
    if (nowMs - place.heardAtMs >= silenceMs) {
      lose(place, "silent", nowMs);
    } else if (nowMs >= place.beatAtMs) {
      place.beatAtMs = nowMs + limits.heartbeatIntervalMs;
      outbox.send(place.link, { kind: "heartbeat" });
    }
  };

  return {
    get holding() {
      return running.size + waiting.length;
    },
    get brokers() {
      let registered = 0;
      for (const { state } of places.values()) if (state === "registered") registered += 1;
      return registered;
    },
    listed(endpoints, nowMs) {
      if (stopping) return;
      const now = new Set(endpoints);
      for (const place of [...places.values()]) {
        place.listed = now.has(place.endpoint);
        // A broker that is ready no more, or whose name server stumbles, still has our request: only it ends the connection.
        if (place.listed || place.state === "registered") continue;
        if (place.state === "connecting") lose(place, "no-longer-listed", nowMs);
        else places.delete(place.endpoint);
      }
      for (const endpoint of now) {
        if (places.has(endpoint)) continue;
        const place: Place = { endpoint, listed: true, state: "waiting", link: 0, retryAtMs: 0, failures: 0, heardAtMs: 0, beatAtMs: 0, job: undefined };
        places.set(endpoint, place);
        open(place);
      }
    },
    connected(link, nowMs) {
      const place = byLink.get(link);
      if (place === undefined || place.state === "registered") return;
      place.state = "registered";
      place.heardAtMs = nowMs;
      place.beatAtMs = nowMs + limits.heartbeatIntervalMs;
      outbox.send(link, { kind: "ready" });
      outbox.registered(place.endpoint);
    },
    disconnected(link, nowMs) {
      const place = byLink.get(link);
      // libzmq connects again by itself, but the broker would never see a second READY from it: a new socket does that.
      if (place?.state === "registered") lose(place, "connection-lost", nowMs);
    },
    received(link, message, nowMs) {
      const place = byLink.get(link);
      if (place === undefined) return;
      place.heardAtMs = nowMs;
      if (message.kind === "disconnect") {
        lose(place, "disconnected-by-broker", nowMs);
        return;
      }
      place.failures = 0;
      if (message.kind === "request") request(place, message.address, message.body, nowMs);
    },
    malformed(link, nowMs) {
      const place = byLink.get(link);
      if (place === undefined) return;
      outbox.send(link, { kind: "disconnect" });
      lose(place, "malformed", nowMs);
    },
    ended(job, result, nowMs) {
      running.delete(job);
      const place = byLink.get(job.link);
      if (place === undefined) outbox.outcome(job, "broker_lost");
      else {
        place.job = undefined;
        outbox.outcome(job, result.kind);
        if (result.kind === "replied") {
          outbox.send(job.link, { kind: "final", address: job.address, body: result.body });
          if (stopping) lose(place, "stopping", nowMs);
        } else {
          // Plain Majordomo has no word for an error: to leave while holding the request is the only thing that says it.
          outbox.send(job.link, { kind: "disconnect" });
          lose(place, "handler-failed", nowMs);
        }
      }
      runNext();
    },
    tick(nowMs) {
      // What came in while this process was paused has not been read yet: the pause is nobody's silence.
      const lateMs = Math.max(0, nowMs - (tickedAtMs ?? nowMs) - limits.heartbeatIntervalMs);
      tickedAtMs = nowMs;
      for (const place of [...places.values()]) {
        place.heardAtMs += lateMs;
        judge(place, nowMs);
      }
    },
    stop() {
      stopping = true;
      // No DISCONNECT: a request may be on its way here, and a broker takes DISCONNECT from a worker that holds one for a
      // failure. A closed connection says that the request never ran, and the broker gives it to another worker.
      for (const place of [...places.values()]) {
        if (place.job === undefined && place.state !== "waiting") lose(place, "stopping", 0);
        else if (place.job === undefined) places.delete(place.endpoint);
      }
    },
    close() {
      stopping = true;
      for (const place of [...places.values()]) if (place.state !== "waiting") lose(place, "stopping", 0);
      places.clear();
    },
  };
}
