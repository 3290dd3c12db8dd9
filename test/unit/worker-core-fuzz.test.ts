import fc from "fast-check";
import { expect, test } from "vitest";
import type { Welcome } from "../../services/majordomo/extension/client.ts";
import { packedBytes } from "../../services/majordomo/extension/codes.ts";
import { createWorkerCore } from "../../services/worker/core.ts";
import type { WorkerCore } from "../../services/worker/core.ts";
import type { Job, Link, WorkerOutbox } from "../../services/worker/outbox.ts";
import { histories, runs, step } from "./steps.ts";

const concurrency = 2;
const endpoints = ["tcp://a:1", "tcp://b:1"];
const client = Buffer.from("0123456789abcdef", "hex");
const nothing = Buffer.alloc(0);
/** More than a broker of a limit of 1,000 bytes takes. */
const tooLarge = Buffer.alloc(packedBytes + 1);

/** A worker whose brokers keep to no order, and whose handlers begin and end when they like. */
class Fuzzed {
  readonly core: WorkerCore;
  readonly open = new Set<Link>();
  /** Deliveries that an open connection has brought, and that have not ended there. */
  readonly owed = new Map<Link, number[]>();
  /** Jobs with the handlers; the first ones may have begun. */
  readonly handed: Job[] = [];
  readonly begun = new Set<Job>();
  /** Jobs that can be handed over, and what was taken back that the handlers have not passed over yet. */
  room = 4;
  passedOver = 0;
  nowMs = 0;

  constructor() {
    const ends = (link: Link, delivery: number): void => {
      const owed = this.owed.get(link) ?? [];
      expect(owed, `delivery ${delivery} of connection ${link} ends once`).toContain(delivery);
      owed.splice(owed.indexOf(delivery), 1);
    };
    const outbox: Partial<WorkerOutbox> = {
      open: (link) => void this.open.add(link),
      close: (link) => {
        expect(this.open.delete(link)).toBe(true);
        this.owed.delete(link);
      },
      reply: ends,
      error: ends,
      notStarted: ends,
      room: () => this.room,
      run: (job) => {
        expect(this.room--).toBeGreaterThan(0);
        this.handed.push(job);
      },
      revoke: (job) => {
        const at = this.handed.indexOf(job);
        expect(at).toBeGreaterThanOrEqual(0);
        if (this.begun.has(job)) return false;
        this.handed.splice(at, 1);
        this.passedOver += 1;
        return true;
      },
    };
    this.core = createWorkerCore(
      { concurrency, welcomeTimeoutMs: 200, random: () => 0.5 },
      new Proxy({} as WorkerOutbox, { get: (_, method: keyof WorkerOutbox) => outbox[method] ?? (() => {}) }),
    );
    this.core.listed(endpoints, 0);
  }

  link(index: number): Link {
    return [...this.open][index] ?? index;
  }

  welcome(link: Link, heartbeatIntervalMs: number): void {
    this.core.opened(link, this.nowMs);
    const welcome: Welcome = { version: 1, instance: "00", role: "active", heartbeatIntervalMs, heartbeatLiveness: 3, maxBodyBytes: 1_000, maxOutstanding: 4 };
    this.core.welcome(link, welcome, this.nowMs);
  }

  request(link: Link, delivery: number, timeoutMs: number): void {
    if (this.open.has(link)) this.owed.set(link, [...(this.owed.get(link) ?? []), delivery]);
    this.core.request(link, delivery, timeoutMs, 1, client, delivery, undefined, 0, nothing, this.nowMs);
  }

  begin(): void {
    this.room += this.passedOver;
    this.passedOver = 0;
    for (const job of this.handed.slice(0, concurrency)) this.begun.add(job);
  }

  end(index: number, how: "reply" | "too large" | "error"): void {
    const job = [...this.begun][index];
    if (job === undefined) return;
    this.begun.delete(job);
    this.handed.splice(this.handed.indexOf(job), 1);
    this.room += 1;
    this.core.took(1, this.nowMs);
    if (how !== "error") this.core.reply(job.number, how === "reply" ? nothing : tooLarge, this.nowMs);
    else this.core.error(job.number, "failed", "it failed", this.nowMs);
  }

  check(): void {
    const owed = [...this.owed.values()].reduce((sum, { length }) => sum + length, 0);
    expect(this.core.holding).toBeGreaterThanOrEqual(owed);
    expect(this.core.brokers).toBeLessThanOrEqual(this.open.size);
  }
}

const which = fc.nat({ max: 2 });
const delivery = fc.nat({ max: 6 });

const anyHistory = histories<Fuzzed>(
  step("listed", fc.subarray(endpoints), ({ core, nowMs }, some) => core.listed(some, nowMs)),
  step("opened", which, (fuzzed, at) => fuzzed.core.opened(fuzzed.link(at), fuzzed.nowMs)),
  step("welcome", fc.tuple(which, fc.constantFrom(0, 100)), (fuzzed, [at, intervalMs]) => fuzzed.welcome(fuzzed.link(at), intervalMs)),
  step("lost", which, (fuzzed, at) => fuzzed.core.lost(fuzzed.link(at), fuzzed.nowMs)),
  step("disconnect", which, (fuzzed, at) => fuzzed.core.disconnect(fuzzed.link(at), fuzzed.nowMs)),
  step("malformed", which, (fuzzed, at) => fuzzed.core.malformed(fuzzed.link(at), fuzzed.nowMs)),
  step("heartbeat", fc.tuple(which, delivery), (fuzzed, [at, backlog]) => fuzzed.core.heartbeat(fuzzed.link(at), backlog, fuzzed.nowMs)),
  step("backlog", fc.tuple(which, delivery), (fuzzed, [at, backlog]) => fuzzed.core.backlog(fuzzed.link(at), backlog, fuzzed.nowMs)),
  step("request", fc.tuple(which, delivery, fc.constantFrom(1, 50, 5_000)), (fuzzed, [at, number, timeoutMs]) =>
    fuzzed.request(fuzzed.link(at), number, timeoutMs),
  ),
  step("request", fc.tuple(which, delivery, fc.constantFrom(1, 50, 5_000)), (fuzzed, [at, number, timeoutMs]) =>
    fuzzed.request(fuzzed.link(at), number, timeoutMs),
  ),
  step("cancel", fc.tuple(which, delivery), (fuzzed, [at, number]) => fuzzed.core.cancel(fuzzed.link(at), number, fuzzed.nowMs)),
  step("partial credit", fc.tuple(which, delivery), (fuzzed, [at, number]) => fuzzed.core.partialCredit(fuzzed.link(at), number, 1, fuzzed.nowMs)),
  step("begin", fc.constant(undefined), (fuzzed) => fuzzed.begin()),
  step("end", fc.tuple(fc.nat({ max: 1 }), fc.constantFrom("reply" as const, "too large" as const, "error" as const)), (fuzzed, [at, how]) =>
    fuzzed.end(at, how),
  ),
  step("part", fc.tuple(fc.nat({ max: 1 }), fc.constantFrom(nothing, tooLarge)), ({ begun, core, nowMs }, [at, body]) => {
    const job = [...begun][at];
    if (job !== undefined) core.partial(job.number, body, nowMs);
  }),
  step("pass", fc.constantFrom(0, 1, 30, 100, 1_000), (fuzzed, milliseconds) => {
    fuzzed.nowMs += milliseconds;
    fuzzed.core.tick(fuzzed.nowMs);
  }),
);

test("whatever its brokers send, in whatever order, a worker throws nothing, ends each delivery once, and can leave", () => {
  fc.assert(
    fc.property(anyHistory, (steps) => {
      const fuzzed = new Fuzzed();
      for (const act of steps) {
        act(fuzzed);
        fuzzed.check();
      }
      fuzzed.core.stop(fuzzed.nowMs);
      while (fuzzed.handed.length > 0) {
        fuzzed.begin();
        fuzzed.end(0, "reply");
      }
      expect([fuzzed.core.holding, [...fuzzed.owed.values()].flat(), fuzzed.core.brokers, fuzzed.open.size]).toEqual([0, [], 0, 0]);
    }),
    runs,
  );
});
