import fc from "fast-check";
import { expect, test } from "vitest";
import { createClientCore, lastWordMs } from "../../services/client/core.ts";
import type { ClientCore } from "../../services/client/core.ts";
import type { ClientOutbox, Link } from "../../services/client/outbox.ts";
import type { Welcome } from "../../services/majordomo/extension/client.ts";
import { errorNames, executedNames, packedBytes, roles } from "../../services/majordomo/extension/codes.ts";
import { histories, runs, step } from "./steps.ts";

const longestMs = 2_000;
const nothing = Buffer.alloc(0);
/** More than a broker of a limit of 1,000 bytes takes. */
const tooLarge = Buffer.alloc(packedBytes + 1);

interface Call {
  readonly id: number;
}

/** A client whose brokers keep to no order. */
class Fuzzed {
  readonly core: ClientCore<Call>;
  /** Open connections, and what each still owes an outcome for. */
  readonly open = new Map<Link, Set<number>>();
  readonly calls = new Set<Call>();
  nowMs = 0;

  constructor() {
    const outbox: Partial<ClientOutbox<Call>> = {
      open: (link) => void this.open.set(link, new Set()),
      close: (link) => expect(this.open.delete(link)).toBe(true),
      settle: (call) => {
        expect(this.calls.delete(call), "a call is settled once").toBe(true);
        this.owedNoMore(call.id);
      },
      part: (call) => expect(this.calls, "a part comes before the end").toContain(call),
      request: (link, id) => {
        this.owedNoMore(id);
        expect(this.open.get(link), "a request goes to an open connection").toBeDefined();
        this.open.get(link)!.add(id);
      },
    };
    this.core = createClientCore(
      { welcomeTimeoutMs: 200, random: () => 0.5 },
      new Proxy({} as ClientOutbox<Call>, { get: (_, method: keyof ClientOutbox<Call>) => outbox[method] ?? (() => {}) }),
    );
    this.pass(0);
  }

  link(index: number): Link {
    return [...this.open.keys()][index] ?? index;
  }

  owedNoMore(id: number): void {
    for (const owed of this.open.values()) owed.delete(id);
  }

  pass(milliseconds: number): void {
    this.nowMs += milliseconds;
    this.core.tick(this.nowMs);
  }

  check(): void {
    expect(this.core.outstanding).toBe(this.calls.size);
    // The current connection and one to move to; others only as long as something is owed there.
    const idle = [...this.open.values()].filter(({ size }) => size === 0);
    expect(idle.length).toBeLessThanOrEqual(2);
  }
}

const which = fc.nat({ max: 2 });
const id = fc.integer({ min: 1, max: 8 });
const role = fc.constantFrom(...roles);

const anyHistory = histories<Fuzzed>(
  step(
    "request",
    fc.tuple(fc.integer({ min: 1, max: longestMs }), fc.nat({ max: 2 }), fc.nat({ max: 2 }), fc.constantFrom(nothing, tooLarge)),
    (fuzzed, [timeoutMs, retries, partialCredit, body]) => {
      const call = { id: fuzzed.core.nextId };
      fuzzed.calls.add(call);
      fuzzed.core.request(call, { service: "s", body, timeoutMs, retries, trace: undefined, partialCredit }, fuzzed.nowMs);
    },
  ),
  step("cancel", id, ({ core, nowMs }, number) => core.cancel(number, nowMs)),
  step("taken", id, ({ core }, number) => core.taken(number, 1)),
  step("opened", which, (fuzzed, at) => fuzzed.core.opened(fuzzed.link(at), fuzzed.nowMs)),
  step(
    "welcome",
    fc.tuple(which, role, fc.constantFrom("00", "01"), fc.constantFrom(0, 100, 500), fc.nat({ max: 3 })),
    (fuzzed, [at, as, instance, intervalMs, room]) => {
      const link = fuzzed.link(at);
      fuzzed.core.opened(link, fuzzed.nowMs);
      const welcome: Welcome = {
        version: 1,
        instance,
        role: as,
        heartbeatIntervalMs: intervalMs,
        heartbeatLiveness: 3,
        maxBodyBytes: 1_000,
        maxOutstanding: room,
      };
      fuzzed.core.welcome(link, welcome, fuzzed.nowMs);
    },
  ),
  step("lost", which, (fuzzed, at) => fuzzed.core.lost(fuzzed.link(at), fuzzed.nowMs)),
  step("disconnect", which, (fuzzed, at) => fuzzed.core.disconnect(fuzzed.link(at), fuzzed.nowMs)),
  step("heartbeat", fc.tuple(which, role), (fuzzed, [at, as]) => fuzzed.core.heartbeat(fuzzed.link(at), as, fuzzed.nowMs)),
  step("go away", fc.tuple(which, role), (fuzzed, [at, as]) => fuzzed.core.goAway(fuzzed.link(at), as, fuzzed.nowMs)),
  step("reply", fc.tuple(which, id), (fuzzed, [at, number]) => fuzzed.core.reply(fuzzed.link(at), number, nothing, fuzzed.nowMs)),
  step("partial", fc.tuple(which, id), (fuzzed, [at, number]) => fuzzed.core.partial(fuzzed.link(at), number, nothing, fuzzed.nowMs)),
  step("error", fc.tuple(which, id, fc.constantFrom(...errorNames), fc.constantFrom(...executedNames)), (fuzzed, [at, number, name, executed]) => {
    const link = fuzzed.link(at);
    fuzzed.open.get(link)?.delete(number);
    fuzzed.core.error(link, number, name, executed, "an error", fuzzed.nowMs);
  }),
  step("pass", fc.constantFrom(0, 1, 50, 200, 1_000), (fuzzed, milliseconds) => fuzzed.pass(milliseconds)),
);

test("whatever its brokers send, in whatever order, a client throws nothing, settles each call once and in time, and keeps no connection without need", () => {
  fc.assert(
    fc.property(anyHistory, fc.boolean(), (steps, closes) => {
      const fuzzed = new Fuzzed();
      for (const act of steps) {
        act(fuzzed);
        fuzzed.check();
      }
      if (!closes) {
        for (let passed = 0; passed <= longestMs + lastWordMs; passed += 50) fuzzed.pass(50);
        expect(fuzzed.calls.size).toBe(0);
        fuzzed.check();
      }
      fuzzed.core.close();
      expect([fuzzed.calls.size, fuzzed.core.outstanding, fuzzed.open.size]).toEqual([0, 0, 0]);
    }),
    runs,
  );
});
