import fc from "fast-check";
import { expect, test } from "vitest";
import { createBroker } from "../../services/broker/core.ts";
import type { Broker } from "../../services/broker/core.ts";
import { answerManagement } from "../../services/broker/management.ts";
import type { BrokerLimits, Outbox } from "../../services/broker/outbox.ts";
import type { ClientPeer, WorkerPeer } from "../../services/broker/state.ts";
import { formOf } from "../../services/majordomo/message.ts";
import { histories, runs, step } from "./steps.ts";

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

const anyHistory = histories<Fuzzed>(
  step("hello", fc.tuple(which, number, number, instance), ({ core, clients, nowMs }, [at, from, to, of]) =>
    core.clients.hello(clients[at]!, from, to, of, nowMs),
  ),
  step("hello", fc.tuple(which, instance), ({ core, clients, nowMs }, [at, of]) => core.clients.hello(clients[at]!, 1, 1, of, nowMs)),
  step("client's heartbeat", which, ({ core, clients, nowMs }, at) => core.clients.heartbeat(clients[at]!, nowMs)),
  step(
    "request",
    fc.tuple(which, number, fc.nat({ max: 600 }), service, fc.option(fc.constant("trace"), { nil: undefined }), number, body),
    ({ core, clients, nowMs }, [at, id, timeoutMs, to, trace, credit, content]) =>
      core.clients.request(clients[at]!, id, timeoutMs, to, trace, credit, content, nowMs),
  ),
  step("plain request", fc.tuple(which, form, service, body, more), ({ core, clients, nowMs }, [at, how, to, content, rest]) =>
    core.clients.plainRequest(clients[at]!, how, to, content, rest, nowMs),
  ),
  step("cancel", fc.tuple(which, number), ({ core, clients, nowMs }, [at, id]) => core.clients.cancel(clients[at]!, id, nowMs)),
  step("client's partial credit", fc.tuple(which, number, fc.constantFrom(0, 1, 0xffff_ffff)), ({ core, clients, nowMs }, [at, id, count]) =>
    core.clients.partialCredit(clients[at]!, id, count, nowMs),
  ),
  step("client's disconnect", which, ({ core, clients, nowMs }, at) => core.clients.disconnect(clients[at]!, nowMs)),
  step("client's close", which, (fuzzed, at) => {
    fuzzed.core.clients.closed(fuzzed.clients[at]!, fuzzed.nowMs);
    fuzzed.openClient(at);
  }),
  step("worker's hello", fc.tuple(which, number, number), ({ core, workers, nowMs }, [at, from, to]) => core.workers.hello(workers[at]!, from, to, nowMs)),
  step("worker", fc.tuple(which, service, number), ({ core, workers, nowMs }, [at, of, credit]) => {
    core.workers.hello(workers[at]!, 1, 1, nowMs);
    core.workers.ready(workers[at]!, of, nowMs);
    core.workers.credit(workers[at]!, credit, nowMs);
  }),
  step("ready", fc.tuple(which, service), ({ core, workers, nowMs }, [at, of]) => core.workers.ready(workers[at]!, of, nowMs)),
  step("worker's heartbeat", which, ({ core, workers, nowMs }, at) => core.workers.heartbeat(workers[at]!, nowMs)),
  step("credit", fc.tuple(which, fc.constantFrom(0, 1, 2, 0xffff_ffff)), ({ core, workers, nowMs }, [at, count]) =>
    core.workers.credit(workers[at]!, count, nowMs),
  ),
  step("started", fc.tuple(which, number), ({ core, workers, nowMs }, [at, upTo]) => core.workers.started(workers[at]!, upTo, nowMs)),
  step("reply", fc.tuple(which, number, body), ({ core, workers, nowMs }, [at, delivery, content]) =>
    core.workers.reply(workers[at]!, delivery, content, nowMs),
  ),
  step("partial", fc.tuple(which, number, body), ({ core, workers, nowMs }, [at, delivery, content]) =>
    core.workers.partial(workers[at]!, delivery, content, nowMs),
  ),
  step("error", fc.tuple(which, number), ({ core, workers, nowMs }, [at, delivery]) =>
    core.workers.error(workers[at]!, delivery, "failed", "it failed", nowMs),
  ),
  step("not started", fc.tuple(which, number), ({ core, workers, nowMs }, [at, delivery]) => core.workers.notStarted(workers[at]!, delivery, nowMs)),
  step("leaving", which, ({ core, workers, nowMs }, at) => core.workers.leaving(workers[at]!, nowMs)),
  step("worker's disconnect", which, ({ core, workers, nowMs }, at) => core.workers.disconnect(workers[at]!, nowMs)),
  step("malformed", which, ({ core, workers, nowMs }, at) => core.workers.malformed(workers[at]!, "malformed", nowMs)),
  step("plain ready", fc.tuple(which, form, service), ({ core, workers, nowMs }, [at, how, of]) =>
    core.workers.plain(workers[at]!, { kind: "ready", form: how, service: of }, nowMs),
  ),
  step("plain", fc.tuple(which, form, fc.constantFrom("heartbeat" as const, "disconnect" as const)), ({ core, workers, nowMs }, [at, how, kind]) =>
    core.workers.plain(workers[at]!, { kind, form: how }, nowMs),
  ),
  step(
    "plain",
    fc.tuple(which, form, fc.constantFrom("partial" as const, "final" as const), fc.option(number, { nil: undefined }), frames),
    ({ core, workers, nowMs }, [at, how, kind, delivery, content]) => core.workers.plain(workers[at]!, { kind, form: how, delivery, body: content }, nowMs),
  ),
  step("worker's close", fc.tuple(which, fc.boolean()), (fuzzed, [at, cleanly]) => {
    fuzzed.core.workers.closed(fuzzed.workers[at]!, cleanly, fuzzed.nowMs);
    fuzzed.openWorker(at);
  }),
  step("pass", fc.constantFrom(0, 1, 50, 100, 400, 2_000), (fuzzed, milliseconds) => fuzzed.pass(milliseconds)),
  step("role", fc.constantFrom("active" as const, "standby" as const), ({ core }, role) => core.setRole(role)),
  step("sendable", fc.boolean(), (fuzzed, sendable) => void (fuzzed.sendable = sendable)),
);

test("whatever its peers call for, in whatever order, a broker throws nothing, counts what it has, and keeps nothing of who is gone", () => {
  fc.assert(
    fc.property(anyHistory, fc.boolean(), (steps, ends) => {
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
    runs,
  );
});
