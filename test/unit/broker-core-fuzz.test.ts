import fc from "fast-check";
import { expect, test } from "vitest";
import { createBroker } from "../../services/broker/core.ts";
import type { Broker } from "../../services/broker/core.ts";
import { answerManagement } from "../../services/broker/management.ts";
import type { BrokerLimits, Outbox } from "../../services/broker/outbox.ts";
import type { ClientPeer, WorkerPeer } from "../../services/broker/state.ts";
import { formOf } from "../../services/majordomo/message.ts";

const connections = 3;

/** Small, so that each bound is met. */
const limits: BrokerLimits = {
  heartbeatIntervalMs: 100,
  heartbeatLiveness: 3,
  maxQueuedRequests: 8,
  maxQueuedBytes: 8_000,
  maxRequestsPerService: 6,
  maxBytesPerService: 6_000,
  maxRequestsPerClient: 4,
  maxBytesPerClient: 4_000,
  maxServices: 2,
  maxWorkers: 2,
  maxClients: 2,
  maxMessageBytes: 300,
  dedupeMaxReplies: 4,
  dedupeMaxBytes: 2_000,
  dedupeMs: 500,
  clientGraceMs: 200,
  longestRequestMs: 1_000,
  plainWorkerTimeoutMs: 400,
  plainClientDelayMs: 200,
  roleDelayMs: 200,
  maxDeliveries: 2,
  instance: Buffer.from("0123456789abcdef", "hex"),
};

/** A broker with connections that keep to no order, as a peer may that nobody wrote. */
class Fuzzed {
  readonly core: Broker;
  readonly clients: ClientPeer[] = [];
  readonly workers: WorkerPeer[] = [];
  nowMs = 0;
  sendable = true;

  constructor() {
    const outbox = new Proxy({} as Outbox, { get: () => () => this.sendable });
    this.core = createBroker(limits, outbox, (service, body) =>
      answerManagement(service, body, { hasWorkers: (name) => (this.core.services.get(name)?.workers.size ?? 0) > 0, status: () => "{}" }),
    );
    for (let index = 0; index < connections; index += 1) {
      this.openClient(index);
      this.openWorker(index);
    }
  }

  openClient(index: number): void {
    this.clients[index] = { client: undefined, identity: undefined };
    this.core.clients.opened(this.clients[index]);
  }

  openWorker(index: number): void {
    this.workers[index] = { worker: undefined, greeted: false, identity: undefined };
  }

  pass(milliseconds: number): void {
    this.nowMs += milliseconds;
    this.core.tick(this.nowMs);
    this.core.pulse(this.nowMs);
  }

  closeAll(): void {
    for (const peer of this.clients) this.core.clients.closed(peer, this.nowMs);
    for (const peer of this.workers) this.core.workers.closed(peer, true, this.nowMs);
  }

  /** What it counts is what is there. */
  check(): void {
    const { core } = this;
    const held = [...core.workers.all()].flatMap((worker) => [...worker.held.values()].filter(({ ended }) => !ended));
    const queued = [...core.services.values()].map(({ queue, suspects }) => queue.length + suspects.length);
    expect(core.held).toBe(held.length);
    expect(core.waiting).toBe(queued.reduce((sum, length) => sum + length, 0));
    expect(core.bytes).toBe([...core.services.values()].reduce((sum, { bytes }) => sum + bytes, 0));
    expect(core.clients.count).toBeLessThanOrEqual(limits.maxClients);
    expect(core.workers.count).toBeLessThanOrEqual(limits.maxWorkers);
    expect(core.services.size).toBeLessThanOrEqual(limits.maxServices);
    expect(core.waiting + core.held).toBeLessThanOrEqual(limits.maxQueuedRequests);
  }
}

const which = fc.nat({ max: connections - 1 });
const number = fc.nat({ max: 4 });
const form = fc.constantFrom(formOf("0.1", true), formOf("0.1", false), formOf("0.2", true), formOf("0.2", false));
const service = fc.constantFrom("a", "b", "c", "mmi.service", "mmi.status", "mmi.unknown");
const body = fc.constantFrom(Buffer.alloc(0), Buffer.from("a"), Buffer.alloc(200), Buffer.alloc(301));
const frames = fc.array(body, { minLength: 1, maxLength: 3 });
const more = fc.option(frames, { nil: undefined });
const instance = fc.constantFrom("0000000000000001", "0000000000000002", "0000000000000003");

type Step = (fuzzed: Fuzzed) => void;
const step = <Value>(values: fc.Arbitrary<Value>, act: (fuzzed: Fuzzed, value: Value) => void, name: string): fc.Arbitrary<Step> =>
  values.map((value) => Object.assign((fuzzed: Fuzzed) => act(fuzzed, value), { toString: () => `${name} ${fc.stringify(value)}` }));

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  step(
    fc.tuple(which, number, number, instance),
    ({ core, clients, nowMs }, [at, from, to, of]) => core.clients.hello(clients[at]!, from, to, of, nowMs),
    "hello",
  ),
  step(fc.tuple(which, instance), ({ core, clients, nowMs }, [at, of]) => core.clients.hello(clients[at]!, 1, 1, of, nowMs), "hello"),
  step(which, ({ core, clients, nowMs }, at) => core.clients.heartbeat(clients[at]!, nowMs), "client's heartbeat"),
  step(
    fc.tuple(which, number, fc.nat({ max: 600 }), service, fc.option(fc.constant("trace"), { nil: undefined }), number, body),
    ({ core, clients, nowMs }, [at, id, timeoutMs, to, trace, credit, content]) =>
      core.clients.request(clients[at]!, id, timeoutMs, to, trace, credit, content, nowMs),
    "request",
  ),
  step(
    fc.tuple(which, form, service, body, more),
    ({ core, clients, nowMs }, [at, how, to, content, rest]) => core.clients.plainRequest(clients[at]!, how, to, content, rest, nowMs),
    "plain request",
  ),
  step(fc.tuple(which, number), ({ core, clients, nowMs }, [at, id]) => core.clients.cancel(clients[at]!, id, nowMs), "cancel"),
  step(
    fc.tuple(which, number, fc.constantFrom(0, 1, 0xffff_ffff)),
    ({ core, clients, nowMs }, [at, id, count]) => core.clients.partialCredit(clients[at]!, id, count, nowMs),
    "client's partial credit",
  ),
  step(which, ({ core, clients, nowMs }, at) => core.clients.disconnect(clients[at]!, nowMs), "client's disconnect"),
  step(
    which,
    (fuzzed, at) => {
      fuzzed.core.clients.closed(fuzzed.clients[at]!, fuzzed.nowMs);
      fuzzed.openClient(at);
    },
    "client's close",
  ),
  step(fc.tuple(which, number, number), ({ core, workers, nowMs }, [at, from, to]) => core.workers.hello(workers[at]!, from, to, nowMs), "worker's hello"),
  step(
    fc.tuple(which, service, number),
    ({ core, workers, nowMs }, [at, of, credit]) => {
      core.workers.hello(workers[at]!, 1, 1, nowMs);
      core.workers.ready(workers[at]!, of, nowMs);
      core.workers.credit(workers[at]!, credit, nowMs);
    },
    "worker",
  ),
  step(fc.tuple(which, service), ({ core, workers, nowMs }, [at, of]) => core.workers.ready(workers[at]!, of, nowMs), "ready"),
  step(which, ({ core, workers, nowMs }, at) => core.workers.heartbeat(workers[at]!, nowMs), "worker's heartbeat"),
  step(
    fc.tuple(which, fc.constantFrom(0, 1, 2, 0xffff_ffff)),
    ({ core, workers, nowMs }, [at, count]) => core.workers.credit(workers[at]!, count, nowMs),
    "credit",
  ),
  step(fc.tuple(which, number), ({ core, workers, nowMs }, [at, upTo]) => core.workers.started(workers[at]!, upTo, nowMs), "started"),
  step(
    fc.tuple(which, number, body),
    ({ core, workers, nowMs }, [at, delivery, content]) => core.workers.reply(workers[at]!, delivery, content, nowMs),
    "reply",
  ),
  step(
    fc.tuple(which, number, body),
    ({ core, workers, nowMs }, [at, delivery, content]) => core.workers.partial(workers[at]!, delivery, content, nowMs),
    "partial",
  ),
  step(
    fc.tuple(which, number),
    ({ core, workers, nowMs }, [at, delivery]) => core.workers.error(workers[at]!, delivery, "failed", "it failed", nowMs),
    "error",
  ),
  step(fc.tuple(which, number), ({ core, workers, nowMs }, [at, delivery]) => core.workers.notStarted(workers[at]!, delivery, nowMs), "not started"),
  step(which, ({ core, workers, nowMs }, at) => core.workers.leaving(workers[at]!, nowMs), "leaving"),
  step(which, ({ core, workers, nowMs }, at) => core.workers.disconnect(workers[at]!, nowMs), "worker's disconnect"),
  step(which, ({ core, workers, nowMs }, at) => core.workers.malformed(workers[at]!, "malformed", nowMs), "malformed"),
  step(
    fc.tuple(which, form, service),
    ({ core, workers, nowMs }, [at, how, of]) => core.workers.plain(workers[at]!, { kind: "ready", form: how, service: of }, nowMs),
    "plain ready",
  ),
  step(
    fc.tuple(which, form, fc.constantFrom("heartbeat" as const, "disconnect" as const)),
    ({ core, workers, nowMs }, [at, how, kind]) => core.workers.plain(workers[at]!, { kind, form: how }, nowMs),
    "plain",
  ),
  step(
    fc.tuple(which, form, fc.constantFrom("partial" as const, "final" as const), fc.option(number, { nil: undefined }), frames),
    ({ core, workers, nowMs }, [at, how, kind, delivery, content]) => core.workers.plain(workers[at]!, { kind, form: how, delivery, body: content }, nowMs),
    "plain",
  ),
  step(
    fc.tuple(which, fc.boolean()),
    (fuzzed, [at, cleanly]) => {
      fuzzed.core.workers.closed(fuzzed.workers[at]!, cleanly, fuzzed.nowMs);
      fuzzed.openWorker(at);
    },
    "worker's close",
  ),
  step(fc.constantFrom(0, 1, 50, 100, 400, 2_000), (fuzzed, milliseconds) => fuzzed.pass(milliseconds), "pass"),
  step(fc.constantFrom("active" as const, "standby" as const), ({ core }, role) => core.setRole(role), "role"),
  step(fc.boolean(), (fuzzed, sendable) => void (fuzzed.sendable = sendable), "sendable"),
);

test("whatever its peers call for, in whatever order, a broker throws nothing, counts what it has, and keeps nothing of who is gone", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 1, maxLength: 60, size: "max" }), fc.boolean(), (steps, ends) => {
      const fuzzed = new Fuzzed();
      for (const act of steps) {
        act(fuzzed);
        fuzzed.check();
      }
      if (ends) {
        fuzzed.core.setRole("terminating");
        fuzzed.core.close(fuzzed.nowMs);
        fuzzed.check();
        expect(fuzzed.core.waiting + fuzzed.core.held).toBe(0);
      }
      fuzzed.closeAll();
      fuzzed.check();
      for (let count = 0; count < 4; count += 1) fuzzed.pass(limits.longestRequestMs);
      const { clients, workers, services, waiting, held, bytes, remembered } = fuzzed.core;
      expect({ clients: clients.count, workers: workers.count, services: services.size, waiting, held, bytes, remembered }).toEqual({
        clients: 0,
        workers: 0,
        services: 0,
        waiting: 0,
        held: 0,
        bytes: 0,
        remembered: 0,
      });
    }),
    { numRuns: 3_000 },
  );
});
