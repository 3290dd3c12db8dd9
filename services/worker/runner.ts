import type { Color } from "../contract/names.ts";
import type { WorkerOutcome } from "../contract/metrics.ts";
import { environment } from "../contract/environment.ts";
import { logFields, requestIdOf } from "../contract/logs.ts";
import { createLimitedLog } from "../process/limited-log.ts";
import type { Logger } from "../process/log.ts";
import type { RequestVisitor } from "./crossing/requests.ts";
import type { ReplyWriter } from "./crossing/replies.ts";
import type { Slots } from "./crossing/slots.ts";
import { HandlerTimeout, replyBytes } from "./handler.ts";
import type { Handler, HandlerContext, Trace } from "./handler.ts";

/** Milliseconds after which the connection's thread is told what has ended, and after which other work of this thread has its turn. */
const tellEveryMs = 1;
const yieldEveryMs = 10;
/** How exactly time-outs are kept. */
const deadlineScanMs = 50;
const firstPauseMs = 50;
/** Lines of one kind in five seconds: a handler that fails for all requests is known after some of them. */
const mostLines = 50;

export interface RunnerOptions {
  readonly service: string;
  readonly concurrency: number;
  /** Milliseconds for all attempts of one request together. */
  readonly timeoutMs: number;
  /** How often it is tried while its errors are `retryable: true`. */
  readonly attempts: number;
  readonly maxBodyBytes: number;
  readonly slots: Pick<Slots, "claim">;
  readonly replies: Pick<ReplyWriter, "reply" | "partial" | "error" | "dropped" | "wake">;
  readonly log: Pick<Logger, "debug" | "error" | "warn" | "isLevelEnabled">;
  now(): number;
  onOutcome(outcome: WorkerOutcome, milliseconds: number): void;
}

export interface Runner extends RequestVisitor {
  /** Gives up everything that runs. */
  abandon(reason: string): void;
}

/** A request whose handler runs, and what its handler is told about it. */
class Run implements HandlerContext {
  readonly service: string;
  readonly slot: number;
  readonly deadlineMs: number;
  readonly startedAtMs: number;
  readonly body: Buffer;
  /** Of the broker that it came from. */
  readonly color: Color | undefined;
  attempt: number;
  tries = 1;
  /** It has been answered, or nobody waits: what its handler still does is nobody's. */
  over = false;
  /** Why its signal has been aborted. */
  reason: Error | undefined;
  broker: "there" | "lost" = "there";
  /** Partial replies that may be sent; undefined where parts are joined. */
  credit: number | undefined;
  onCredit: (() => void) | undefined;
  onAbort: (() => void) | undefined;
  #client: Buffer;
  #id: number;
  #trace: string | undefined;
  #abort: AbortController | undefined;
  #now: () => number;

  constructor(
    service: string,
    slot: number,
    attempt: number,
    client: Buffer,
    id: number,
    deadlineMs: number,
    startedAtMs: number,
    credit: number | undefined,
    trace: string | undefined,
    body: Buffer,
    color: Color | undefined,
    now: () => number,
  ) {
    this.service = service;
    this.slot = slot;
    this.attempt = attempt;
    this.#client = client;
    this.#id = id;
    this.deadlineMs = deadlineMs;
    this.startedAtMs = startedAtMs;
    this.credit = credit;
    this.#trace = trace;
    this.body = body;
    this.color = color;
    this.#now = now;
  }

  get requestId(): string {
    return requestIdOf(this.#client, this.#id);
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.reason !== undefined) this.#abort.abort(this.reason);
    }
    return this.#abort.signal;
  }

  get trace(): Trace | undefined {
    const text = this.#trace;
    if (text === undefined) return undefined;
    const end = text.indexOf("\n");
    return end < 0 ? { traceparent: text } : { traceparent: text.slice(0, end), tracestate: text.slice(end + 1) };
  }

  remainingMs(): number {
    return Math.max(0, this.deadlineMs - this.#now());
  }

  abort(reason: Error): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.#abort?.abort(reason);
    this.onAbort?.();
  }
}

interface Queued {
  slot: number;
  attempt: number;
  client: Buffer;
  id: number;
  deadlineMs: number;
  credit: number | undefined;
  trace: string | undefined;
  body: Buffer;
  color: Color | undefined;
}

type Thenable = { then(onValue: (value: unknown) => void, onError: (error: unknown) => void): unknown };
type PartIterator = { next(): unknown; return?(): unknown };

/** Runs handlers for requests in their order, never more than `concurrency` at once. One that ignores its time-out goes on uncounted: nothing can stop it. */
export function createRunner(handler: Handler, options: RunnerOptions): Runner {
  const { service, concurrency, timeoutMs, attempts, maxBodyBytes, slots, replies, log, now, onOutcome } = options;
  const limited = createLimitedLog(log, now, mostLines);
  const about = (run: Run) => ({ [logFields.requestId.name]: run.requestId, ...(run.color !== undefined && { [logFields.color.name]: run.color }) });
  let queue: Queued[] = [];
  let queueAt = 0;
  let running = 0;
  let pumping = false;
  let pumpLater: NodeJS.Immediate | undefined;
  let wakeLater: NodeJS.Immediate | undefined;
  let scanning: NodeJS.Timeout | undefined;
  /** Requests whose handlers have not ended in their first turn, by slot. */
  const unfinished = new Map<number, Run>();

  const wakeSoon = (): void => {
    if (pumping || wakeLater !== undefined) return;
    wakeLater = setImmediate(() => {
      wakeLater = undefined;
      replies.wake();
    });
  };

  const conclude = (run: Run, outcome: WorkerOutcome): void => {
    run.over = true;
    running -= 1;
    unfinished.delete(run.slot);
    const ended = run.broker === "lost" ? "broker_lost" : outcome;
    const milliseconds = now() - run.startedAtMs;
    onOutcome(ended, milliseconds);
    if (log.isLevelEnabled("debug")) log.debug({ ...about(run), outcome: ended, milliseconds: Math.round(milliseconds * 1000) / 1000 }, "request ended");
    wakeSoon();
    if (queueAt < queue.length) pump();
  };

  const reply = (run: Run, body: Buffer): void => {
    if (run.over) return;
    if (body.length > maxBodyBytes) {
      tooLarge(run, body.length);
      return;
    }
    replies.reply(run.slot, body);
    conclude(run, "replied");
  };

  const tooLarge = (run: Run, bytes: number): void => {
    const message = `the reply has ${bytes} bytes, at most ${maxBodyBytes} are allowed (${environment.maxMessageBytes.name})`;
    limited.error("too large", { ...about(run), bytes }, message);
    replies.error(run.slot, "too_large", message);
    conclude(run, "too_large");
  };

  const expire = (run: Run): void => {
    const error = new HandlerTimeout(run.deadlineMs - run.startedAtMs);
    limited.error("timed out", { err: error, ...about(run), bytes: run.body.length }, "handler timed out");
    replies.error(run.slot, "expired", "its time was over before its handler ended");
    // Ended before it is told: what it does when it hears of it, or a pause between two tries, must not end it a second time.
    conclude(run, "timed_out");
    run.abort(error);
  };

  const fail = (run: Run, error: unknown): void => {
    if (run.over) return;
    const { retryable, expose } = (typeof error === "object" && error !== null ? error : {}) as { retryable?: unknown; expose?: unknown };
    if (run.reason === undefined && retryable === true && run.tries < attempts) {
      const timer = setTimeout(
        () => {
          run.onAbort = undefined;
          run.tries += 1;
          run.attempt += 1;
          if (!run.over) begin(run);
        },
        firstPauseMs * 2 ** (run.tries - 1),
      );
      run.onAbort = () => {
        clearTimeout(timer);
        fail(run, run.reason);
      };
      keep(run);
      return;
    }
    const { requestId } = run;
    if (run.reason === undefined) limited.error("failed", { err: error, ...about(run), bytes: run.body.length }, "handler failed");
    const safe = expose === true && error instanceof Error && error.message !== "";
    replies.error(run.slot, "failed", safe ? error.message : `the handler failed (request ${requestId})`);
    conclude(run, run.reason === undefined ? "failed" : "cancelled");
  };

  /** From now on its time is watched and it can be cancelled. */
  const keep = (run: Run): void => {
    if (unfinished.get(run.slot) === run) return;
    unfinished.set(run.slot, run);
    scanning ??= setInterval(scan, deadlineScanMs);
  };

  const scan = (): void => {
    if (unfinished.size === 0) {
      clearInterval(scanning);
      scanning = undefined;
      return;
    }
    const time = now();
    for (const run of [...unfinished.values()]) if (time >= run.deadlineMs) expire(run);
  };

  const settle = (run: Run, value: unknown): void => {
    if (run.over) {
      // Its generator has not begun; nobody takes its parts.
      return;
    }
    let body: Buffer;
    try {
      const parts = partsOf(value);
      if (parts !== undefined) {
        keep(run);
        void iterate(run, parts);
        return;
      }
      body = replyBytes(value);
    } catch (error) {
      fail(run, error);
      return;
    }
    reply(run, body);
  };

  /** What a handler answered is its own: a stream that another reads already, for instance, refuses to be iterated. */
  const partsOf = (value: unknown): PartIterator | undefined => {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return undefined;
    return ((value as AsyncIterable<unknown>)[Symbol.asyncIterator]?.() ?? (value as Iterable<unknown>)[Symbol.iterator]?.()) as PartIterator | undefined;
  };

  const iterate = async (run: Run, parts: PartIterator): Promise<void> => {
    const joined: Buffer[] = [];
    let bytes = 0;
    let sent = 0;
    try {
      while (!run.over) {
        if (run.credit === 0 && run.reason === undefined) await new Promise<void>((resolve) => (run.onCredit = run.onAbort = resolve));
        if (run.over) break;
        if (run.reason !== undefined) throw run.reason;
        const { value, done } = (await parts.next()) as IteratorResult<unknown, unknown>;
        if (run.over) break;
        if (done === true && value === undefined) {
          reply(run, run.credit === undefined ? Buffer.concat(joined) : Buffer.alloc(0));
          return;
        }
        const part = replyBytes(value);
        bytes = run.credit === undefined ? bytes + part.length : part.length;
        if (bytes > maxBodyBytes) {
          tooLarge(run, bytes);
          break;
        }
        if (run.credit === undefined) {
          // What is yielded may be changed by the next step.
          joined.push(done === true ? part : Buffer.from(part));
          if (done === true) reply(run, Buffer.concat(joined));
        } else if (done === true) reply(run, part);
        else {
          run.credit -= 1;
          sent += 1;
          replies.partial(run.slot, part);
          wakeSoon();
        }
        if (done === true) return;
      }
    } catch (error) {
      if (sent > 0) run.tries = attempts; // parts have gone out: they cannot be made again
      fail(run, error);
      if (run.over) release(parts);
      return;
    }
    release(parts);
  };

  /** Lets a generator run its `finally`. */
  const release = (parts: PartIterator): void => {
    try {
      void Promise.resolve(parts.return?.()).catch(() => {});
    } catch {
      // Nobody waits for it any more.
    }
  };

  const begin = (run: Run): void => {
    let value: unknown;
    try {
      value = handler(run.body, run);
      if (typeof (value as Thenable | null | undefined)?.then === "function") {
        keep(run);
        (value as Thenable).then(
          (result) => settle(run, result),
          (error) => fail(run, error),
        );
        return;
      }
    } catch (error) {
      fail(run, error);
      return;
    }
    settle(run, value);
  };

  const pump = (): void => {
    if (pumping) return;
    pumping = true;
    const startedMs = now();
    let toldMs = startedMs;
    let timeMs = startedMs;
    while (queueAt < queue.length && running < concurrency) {
      if (timeMs - startedMs > yieldEveryMs) {
        pumpLater ??= setImmediate(() => {
          pumpLater = undefined;
          pump();
        });
        break;
      }
      const { slot, attempt, client, id, deadlineMs, credit, trace, body, color } = queue[queueAt]!;
      queueAt += 1;
      if (!slots.claim(slot)) {
        replies.dropped(slot);
        continue;
      }
      running += 1;
      const run = new Run(service, slot, attempt, client, id, Math.min(deadlineMs, timeMs + timeoutMs), timeMs, credit, trace, body, color, now);
      if (timeMs >= deadlineMs) {
        replies.error(slot, "expired", "its time was over before its handler began");
        conclude(run, "expired");
      } else begin(run);
      timeMs = now();
      if (timeMs - toldMs > tellEveryMs) {
        replies.wake();
        toldMs = timeMs;
      }
    }
    if (queueAt === queue.length) {
      queue = [];
      queueAt = 0;
    }
    pumping = false;
    replies.wake();
  };

  const queued = (slot: number): Queued | undefined => queue.find((one, index) => index >= queueAt && one.slot === slot);
  let pumpSoon = false;

  return {
    request(slot, attempt, client, id, deadlineMs, credit, trace, body, color) {
      queue.push({ slot, attempt, client, id, deadlineMs, credit, trace, body, color });
      if (pumpSoon || pumping) return;
      // Once all of this message has been read.
      pumpSoon = true;
      queueMicrotask(() => {
        pumpSoon = false;
        pump();
      });
    },
    cancel(slot, why) {
      const run = unfinished.get(slot);
      if (run === undefined) return;
      if (why !== "cancelled") run.broker = "lost";
      run.abort(new Error(why === "cancelled" ? "nobody waits for the reply any more" : `the connection to the broker ended: ${why}`));
    },
    partialCredit(slot, count) {
      const run = unfinished.get(slot);
      if (run === undefined) {
        const waiting = queued(slot);
        if (waiting?.credit !== undefined) waiting.credit += count;
        return;
      }
      if (run.credit === undefined) return;
      run.credit += count;
      const { onCredit } = run;
      run.onCredit = undefined;
      onCredit?.();
    },
    abandon(reason) {
      clearImmediate(pumpLater);
      clearInterval(scanning);
      scanning = undefined;
      queue = [];
      queueAt = 0;
      for (const run of [...unfinished.values()]) {
        run.over = true;
        run.abort(new Error(reason));
      }
      unfinished.clear();
    },
  };
}
