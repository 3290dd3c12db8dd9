import { beforeEach, describe, expect, test } from "vitest";
import { createBroker } from "../../services/broker/core.ts";
import type { Broker } from "../../services/broker/core.ts";
import { answerManagement } from "../../services/broker/management.ts";
import type { BrokerLimits, Outbox } from "../../services/broker/outbox.ts";
import type { ClientPeer, WorkerPeer } from "../../services/broker/state.ts";
import { formOf } from "../../services/majordomo/message.ts";
import type { Identity } from "../../services/transport/zmtp/mechanism.ts";

const form = formOf("0.2", false);
const oldForm = formOf("0.1", true);
const instance = Buffer.from("0123456789abcdef", "hex");

const limits: BrokerLimits = {
  heartbeatIntervalMs: 1000,
  heartbeatLiveness: 3,
  maxQueuedRequests: 100,
  maxQueuedBytes: 1e6,
  maxRequestsPerService: 100,
  maxBytesPerService: 1e6,
  maxRequestsPerClient: 100,
  maxBytesPerClient: 1e6,
  maxServices: 10,
  maxWorkers: 10,
  maxClients: 10,
  maxMessageBytes: 1000,
  dedupeMaxReplies: 10,
  dedupeMaxBytes: 1e6,
  dedupeMs: 10_000,
  clientGraceMs: 5_000,
  longestRequestMs: 30_000,
  plainWorkerTimeoutMs: 20_000,
  plainClientDelayMs: 10_000,
  roleDelayMs: 100_000,
  maxDeliveries: 3,
  instance,
};

/** What the core did since the last look, as text: `reply c1 7 pong`. */
let said: string[];
let sendable: boolean;
let core: Broker;
let nowMs: number;

type Named<Peer> = Peer & { readonly name: string };

function show(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.length === 8 && value.equals(instance) ? "broker" : value.toString();
  if (typeof value === "object" && value !== null) {
    if ("name" in value) return String(value.name);
    if ("version" in value) return `MDP/${String(value.version)}`;
    if (Array.isArray(value)) return value.map(show).join("+");
  }
  return String(value);
}

function start(changes: Partial<BrokerLimits> = {}): void {
  said = [];
  nowMs = 0;
  sendable = true;
  const quiet = new Set(["ended", "workerJoined", "plainHeartbeat", "workerHeartbeat", "clientHeartbeat", "backlog"]);
  /** What comes after so many names the request, for the log. */
  const shown: Record<string, number> = { rejected: 2, redelivered: 1 };
  const outbox = new Proxy({} as Outbox, {
    get:
      (_, method: string) =>
      (...values: unknown[]) => {
        if (!quiet.has(method))
          said.push(
            [
              method,
              ...values
                .slice(0, shown[method])
                .filter((value) => value !== undefined)
                .map(show),
            ].join(" "),
          );
        return sendable;
      },
  });
  core = createBroker({ ...limits, ...changes }, outbox, (service, body) =>
    answerManagement(service, body, { hasWorkers: (name) => (core.services.get(name)?.workers.size ?? 0) > 0, status: () => "{}" }),
  );
}

const heard = (): string[] => said.splice(0);

function client(name: string, identity?: Identity): Named<ClientPeer> {
  return { name, client: undefined, identity };
}
function worker(name: string, identity?: Identity): Named<WorkerPeer> {
  return { name, worker: undefined, greeted: false, identity };
}

/** A client of ours that has said HELLO. */
function ours(name: string, of = `00000000000000${name.slice(-1)}0`, identity?: Identity): Named<ClientPeer> {
  const peer = client(name, identity);
  core.clients.hello(peer, 1, 1, of, nowMs);
  heard();
  return peer;
}
/** A worker of ours that is ready, with credit. */
function ourWorker(name: string, credit = 10, service = "s"): Named<WorkerPeer> {
  const peer = worker(name);
  core.workers.hello(peer, 1, 1, nowMs);
  core.workers.ready(peer, service, nowMs);
  said = said.filter((line) => !line.startsWith("workerWelcome"));
  if (credit > 0) core.workers.credit(peer, credit, nowMs);
  return peer;
}
const ask = (peer: ClientPeer, id: number, { service = "s", timeoutMs = 0, partialCredit = 0, body = `b${id}` } = {}): void =>
  core.clients.request(peer, id, timeoutMs, service, undefined, partialCredit, Buffer.from(body), nowMs);
const askPlain = (peer: ClientPeer, body: string, service = "s", how = form): void =>
  core.clients.plainRequest(peer, how, service, Buffer.from(body), undefined, nowMs);
const ready = (peer: WorkerPeer, service = "s"): void => core.workers.plain(peer, { kind: "ready", form, service }, nowMs);
const answer = (peer: WorkerPeer, delivery: number, body: string): void =>
  core.workers.plain(peer, { kind: "final", form, delivery, body: [Buffer.from(body)] }, nowMs);
const requests = (): string[] => heard().filter((line) => /^(request|plainRequest) /.test(line));

beforeEach(() => start());

describe("a lost worker's request", () => {
  test("that had begun goes to another worker, alone, and counts", () => {
    const c = ours("c1");
    const w1 = ourWorker("w1");
    ask(c, 1);
    ask(c, 2);
    core.workers.started(w1, 1, nowMs);
    heard();
    const w2 = ourWorker("w2", 5);
    core.workers.closed(w1, true, nowMs);
    // The one that had not begun waits no longer than the suspect's end, for this is the only worker.
    expect(heard()).toEqual(
      ["workerLeft w1 s connection-lost", "redelivered s", "request w2 1 30000 2 \0\0\0\0\0\0\0\x10 1 0 b1"].map((line) =>
        line.replace("\0\0\0\0\0\0\0\x10", show(Buffer.from("0000000000000010", "hex"))),
      ),
    );
    core.workers.reply(w2, 1, Buffer.from("r1"), nowMs);
    expect(heard().map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(["reply c1 1", "request w2 2"]);
  });

  test("that had not begun keeps its place in the queue and does not count", () => {
    start({ maxDeliveries: 1 });
    const c = ours("c1");
    const w1 = ourWorker("w1", 2);
    for (const id of [1, 2, 3]) ask(c, id);
    heard();
    core.workers.disconnect(w1, nowMs);
    ourWorker("w2", 3);
    expect(requests().map((line) => line.split(" ").at(-1))).toEqual(["b1", "b2", "b3"]);
  });

  test("that was not called started when the connection was closed keeps its place, but nobody says any more that it did not run", () => {
    const c = ours("c1");
    const w1 = ourWorker("w1", 2);
    for (const id of [1, 2, 3]) ask(c, id, { timeoutMs: 100 });
    core.workers.closed(w1, true, nowMs);
    heard();
    const w2 = ourWorker("w2", 1);
    expect(requests().map((line) => line.split(" ").at(-1))).toEqual(["b1"]);
    core.workers.disconnect(w2, nowMs);
    heard();
    core.pulse(100);
    expect(
      heard()
        .map((line) => line.split(" ").slice(0, 5).join(" "))
        .sort(),
    ).toEqual(["error c1 1 expired maybe", "error c1 2 expired maybe", "error c1 3 no_such_service no"]);
  });

  test("that was not called started when the connection was closed is not delivered again where redelivery is off", () => {
    start({ maxDeliveries: 1 });
    const c = ours("c1");
    const w = ourWorker("w1");
    ask(c, 1);
    heard();
    core.workers.closed(w, true, nowMs);
    expect(heard()[1]).toMatch(/^error c1 1 worker_lost maybe/);
  });

  test("may have begun for all that the broker knows where the connection broke", () => {
    start({ maxDeliveries: 1 });
    const c = ours("c1");
    const w = ourWorker("w1");
    ask(c, 1);
    heard();
    core.workers.closed(w, false, nowMs);
    expect(heard()[1]).toMatch(/^error c1 1 worker_lost maybe/);
  });

  test("that kills every worker is given up after MAX_DELIVERIES, and costs no other request its life", () => {
    const c = ours("c1");
    let w = ourWorker("w0");
    for (const id of [1, 2, 3]) ask(c, id);
    const ended: string[] = [];
    for (let number = 1; number < 12 && ended.length < 3; number += 1) {
      for (const line of requests()) {
        const [, , delivery, , , , , , body] = line.split(" ");
        core.workers.started(w, Number(delivery), nowMs);
        if (body === "b2") continue; // it never answers this one: it dies of it
        if (number > 1) core.workers.reply(w, Number(delivery), Buffer.from("fine"), nowMs);
      }
      ended.push(...said.filter((line) => /^(reply|error) c1/.test(line)).map((line) => line.split(" ").slice(0, 4).join(" ")));
      if (w.worker!.held.size > 0) {
        core.workers.closed(w, false, nowMs);
        ended.push(...said.filter((line) => /^error c1/.test(line)).map((line) => line.split(" ").slice(0, 4).join(" ")));
        heard();
        w = ourWorker(`w${number}`);
      }
    }
    expect(ended.sort()).toEqual(["error c1 2 worker_lost", "reply c1 1 fine", "reply c1 3 fine"]);
  });

  test("that was handed back has not begun: it goes to another worker", () => {
    const c = ours("c1");
    const w1 = ourWorker("w1", 1);
    ask(c, 1);
    ourWorker("w2", 1);
    heard();
    core.workers.notStarted(w1, 1, nowMs);
    expect(requests()).toEqual([expect.stringMatching(/^request w2 1 30000 1 /)]);
  });

  test("is interrupted once a part of its reply was passed on", () => {
    const c = ours("c1");
    const w = ourWorker("w1");
    ask(c, 1, { partialCredit: 2 });
    heard();
    core.workers.partial(w, 1, Buffer.from("part"), nowMs);
    core.workers.closed(w, false, nowMs);
    expect(heard()).toEqual(["partial c1 1 part", "workerLeft w1 s connection-lost", expect.stringMatching(/^error c1 1 interrupted maybe/)]);
  });

  test("of a plain worker goes to the next one before those that came later", () => {
    const c = client("c1");
    const [w1, w2] = [worker("w1"), worker("w2")];
    ready(w1);
    askPlain(c, "first");
    askPlain(c, "second");
    heard();
    core.workers.closed(w1, true, nowMs);
    ready(w2);
    expect(requests()).toEqual(["plainRequest w2 MDP/0.2 1 first"]);
  });

  test("that could not even be handed over does not come nearer to MAX_DELIVERIES", () => {
    start({ maxDeliveries: 1 });
    const [w1, w2] = [worker("w1"), worker("w2")];
    ready(w1);
    sendable = false;
    askPlain(client("c1"), "first");
    sendable = true;
    ready(w2);
    expect(requests()).toEqual(["plainRequest w1 MDP/0.2 1 first", "plainRequest w2 MDP/0.2 1 first"]);
  });

  test("whose plain handler failed, as its DISCONNECT says, is not run again", () => {
    const w = worker("w1");
    ready(w);
    askPlain(client("c1"), "first");
    heard();
    core.workers.plain(w, { kind: "disconnect", form }, nowMs);
    ready(worker("w2"));
    expect(requests()).toEqual([]);
    expect(core.waiting + core.held).toBe(0);
  });
});

describe("a reply", () => {
  test("to another delivery is dropped, and the worker keeps its request", () => {
    const w = worker("w1");
    ready(w);
    askPlain(client("c1"), "first");
    heard();
    answer(w, 7, "wrong");
    answer(w, 1, "right");
    answer(w, 1, "again");
    expect(heard()).toEqual(["dropped stale_reply", "plainReply c1 MDP/0.2 final s right", "dropped stale_reply"]);
  });

  test("of a worker that this broker does not know makes it register anew", () => {
    answer(worker("w1"), 1, "late");
    expect(heard()).toEqual(["dropped stale_reply", "plainDisconnect w1 MDP/0.2"]);
  });

  test("in parts comes whole to who cannot take parts, and as parts to who can", () => {
    const w = worker("w1");
    ready(w);
    const part = (delivery: number, body: string): void => core.workers.plain(w, { kind: "partial", form, delivery, body: [Buffer.from(body)] }, nowMs);
    askPlain(client("old"), "first", "s", oldForm);
    askPlain(client("new"), "second");
    heard();
    part(1, "a");
    answer(w, 1, "b");
    part(2, "a");
    answer(w, 2, "b");
    expect(heard().filter((line) => line.startsWith("plainReply"))).toEqual([
      "plainReply old MDP/0.1 final s ab",
      "plainReply new MDP/0.2 partial s a",
      "plainReply new MDP/0.2 final s b",
    ]);
  });

  test("whose parts grow beyond MAX_MESSAGE_SIZE is too large", () => {
    const c = ours("c1");
    const w = ourWorker("w1");
    ask(c, 1);
    heard();
    core.workers.partial(w, 1, Buffer.alloc(600), nowMs);
    core.workers.partial(w, 1, Buffer.alloc(600), nowMs);
    expect(heard()).toEqual([expect.stringMatching(/^error c1 1 too_large maybe .*MAX_MESSAGE_SIZE/), "cancel w1 1"]);
  });
});

test("a client that said HELLO and then asks as a plain one does is turned away, and loses nothing that it had asked for", () => {
  const c = ours("c1");
  ask(c, 1);
  askPlain(c, "b2");
  askPlain(c, "b3", "mmi.service");
  const refused = ["dropped unexpected_command", "clientDisconnect c1 a plain request on a connection that said HELLO"];
  expect(heard()).toEqual([...refused, ...refused]);
  core.clients.closed(c, nowMs);
  ours("c1");
  const w = ourWorker("w1");
  core.workers.reply(w, 1, Buffer.from("r1"), nowMs);
  expect(heard().at(-1)).toBe("reply c1 1 r1");
});

describe("a client that asks again", () => {
  test("while its request is at work is not run twice, and gets the one reply", () => {
    const c = ours("c1");
    const w = ourWorker("w1");
    ask(c, 1);
    ask(c, 1);
    core.workers.reply(w, 1, Buffer.from("r"), nowMs);
    expect(heard().map((line) => line.split(" ")[0])).toEqual(["request", "duplicate", "reply"]);
  });

  test("on a new connection gets the reply that was lost with the old one", () => {
    const old = ours("c1", "00000000000000aa");
    const w = ourWorker("w1");
    ask(old, 1);
    core.clients.closed(old, nowMs);
    core.workers.reply(w, 1, Buffer.from("r"), nowMs);
    heard();
    const again = ours("c2", "00000000000000aa");
    ask(again, 1);
    expect(heard()).toEqual(["duplicate replayed", "reply c2 1 r"]);
  });

  test("gets an error again, too", () => {
    const c = ours("c1");
    const w = ourWorker("w1");
    ask(c, 1);
    core.workers.error(w, 1, "failed", "no luck", nowMs);
    heard();
    ask(c, 1);
    expect(heard()).toEqual(["duplicate replayed", "error c1 1 failed maybe no luck"]);
  });

  test("with another's instance and another key gets nothing of the other's", () => {
    const key = (name: string): Identity => ({ publicKey: name, name });
    const c = ours("c1", "00000000000000aa", key("k1"));
    const w = ourWorker("w1");
    ask(c, 1);
    core.workers.reply(w, 1, Buffer.from("secret"), nowMs);
    const thief = ours("c2", "00000000000000aa", key("k2"));
    ask(thief, 1);
    expect(heard().filter((line) => line.includes("secret"))).toEqual([]);
  });

  test("beyond the window runs again: it is bounded by number, bytes and age", () => {
    start({ dedupeMaxReplies: 2 });
    const c = ours("c1");
    const w = ourWorker("w1");
    for (const id of [1, 2, 3]) {
      ask(c, id);
      core.workers.reply(w, id, Buffer.from("r"), nowMs);
    }
    expect(core.remembered).toBe(2);
    heard();
    ask(c, 1);
    expect(heard()[0]).toMatch(/^request w1 4/);
    core.pulse(nowMs + 10_000);
    expect(core.remembered).toBe(0);
  });

  test("too late finds its requests dropped", () => {
    const c = ours("c1");
    ourWorker("w1", 1);
    ask(c, 1);
    ask(c, 2);
    heard();
    core.clients.closed(c, nowMs);
    core.pulse(4_999);
    expect(core.waiting + core.held).toBe(2);
    core.pulse(5_000);
    expect(heard()).toEqual(["cancel w1 1"]);
    expect([core.waiting, core.held, core.bytes, core.clients.count]).toEqual([0, 0, 0, 0]);
  });

  test("for a reply in parts, one of which was lost with its connection, is told so", () => {
    const old = ours("c1", "00000000000000aa");
    const w = ourWorker("w1");
    ask(old, 1, { partialCredit: 5 });
    core.workers.partial(w, 1, Buffer.from("a"), nowMs);
    core.clients.closed(old, nowMs);
    heard();
    ours("c2", "00000000000000aa");
    core.workers.reply(w, 1, Buffer.from("b"), nowMs);
    expect(heard()).toEqual([expect.stringMatching(/^error c2 1 interrupted maybe/)]);
  });
});

describe("time", () => {
  test("a request that is over its time is never begun", () => {
    const c = ours("c1");
    ask(c, 1, { timeoutMs: 100 });
    core.pulse(99);
    expect(heard()).toEqual([]);
    core.pulse(100);
    expect(heard()).toEqual([expect.stringMatching(/^error c1 1 no_such_service no/)]);
    ourWorker("w1");
    expect(requests()).toEqual([]);
  });

  test("one that waits behind busy workers is expired, not unknown", () => {
    const c = ours("c1");
    ourWorker("w1", 0);
    ask(c, 1, { timeoutMs: 100 });
    core.pulse(100);
    expect(heard()).toEqual([expect.stringMatching(/^error c1 1 expired no/)]);
  });

  test("one that a worker has may have run, and the worker is told", () => {
    const c = ours("c1");
    const w = ourWorker("w1", 1);
    ask(c, 1, { timeoutMs: 100 });
    heard();
    core.pulse(100);
    core.workers.reply(w, 1, Buffer.from("late"), 101);
    expect(heard()).toEqual([expect.stringMatching(/^error c1 1 expired maybe/), "cancel w1 1", "dropped stale_reply"]);
  });

  test("a worker gets what is left of it, and LONGEST_REQUEST bounds what a client asks for", () => {
    const c = ours("c1");
    ask(c, 1, { timeoutMs: 1_000 });
    ask(c, 2, { timeoutMs: 1e9 });
    nowMs = 400;
    ourWorker("w1");
    expect(requests().map((line) => line.split(" ")[3])).toEqual(["600", "29600"]);
  });

  test("a plain client's request for a service that nobody serves does not wait for ever", () => {
    askPlain(client("c1"), "x");
    core.pulse(30_000);
    expect(heard()).toEqual(["dropped plain_error"]);
    expect([core.waiting, core.services.size]).toEqual([0, 0]);
  });
});

describe("bounds:", () => {
  test.each([
    ["MAX_QUEUED_REQUESTS", { maxQueuedRequests: 2 }],
    ["MAX_QUEUED_BYTES", { maxQueuedBytes: 1_000 }],
    ["MAX_REQUESTS_PER_SERVICE", { maxRequestsPerService: 2 }],
    ["MAX_BYTES_PER_SERVICE", { maxBytesPerService: 1_000 }],
    ["MAX_REQUESTS_PER_CLIENT", { maxRequestsPerClient: 2 }],
    ["MAX_BYTES_PER_CLIENT", { maxBytesPerClient: 1_000 }],
  ] as const)("%s refuses by name what is beyond it, waiting and held ones alike, and takes more when there is room", (bound, changes) => {
    start(changes);
    const c = ours("c1");
    const w = ourWorker("w1", 1);
    for (const id of [1, 2, 3]) ask(c, id);
    expect(heard().slice(1)).toEqual([`rejected ${bound} s`, `error c1 3 busy no the broker takes no more: ${bound} is reached`]);
    core.workers.reply(w, 1, Buffer.from("r"), nowMs);
    ask(c, 4);
    expect(core.waiting + core.held).toBe(2);
  });

  test("one greedy client leaves room for the others", () => {
    start({ maxRequestsPerClient: 5 });
    const [greedy, other] = [ours("c1"), ours("c2")];
    for (let id = 1; id <= 50; id += 1) ask(greedy, id);
    heard();
    ask(other, 1);
    expect(heard()).toEqual([]);
    expect(core.waiting).toBe(6);
  });

  test("MAX_SERVICES: names that clients make up cannot pile up", () => {
    start({ maxServices: 2 });
    const c = ours("c1");
    for (const id of [1, 2, 3]) ask(c, id, { service: `s${id}`, timeoutMs: 100 });
    expect(heard()).toEqual(["rejected MAX_SERVICES s3", expect.stringContaining("MAX_SERVICES")]);
    core.pulse(100);
    expect(core.services.size).toBe(0);
  });

  test("MAX_WORKERS and MAX_CLIENTS turn away who is beyond", () => {
    start({ maxWorkers: 1, maxClients: 1 });
    ourWorker("w1");
    ourWorker("w2", 0);
    const c = ours("c1");
    const late = client("c2");
    core.clients.hello(late, 1, 1, "ffffffffffffffff", nowMs);
    expect(heard()).toEqual(["rejected MAX_CLIENTS ", "clientDisconnect c2 busy: MAX_CLIENTS is reached"]);
    expect([core.workers.count, core.clients.count, c.client !== undefined]).toEqual([1, 1, true]);
  });
});

describe("workers", () => {
  test("get no more than their credit, the one that waited longest first", () => {
    const c = ours("c1");
    ourWorker("w1", 2);
    ourWorker("w2", 1);
    for (const id of [1, 2, 3, 4]) ask(c, id);
    expect(requests().map((line) => line.split(" ").slice(1, 3).join(" "))).toEqual(["w1 1", "w2 1", "w1 2"]);
    expect(core.waiting).toBe(1);
  });

  test("of one service get nothing of another's", () => {
    ourWorker("w1", 5, "other");
    ask(ours("c1"), 1);
    expect(requests()).toEqual([]);
  });

  test("that leave get nothing new and still answer", () => {
    const c = ours("c1");
    const w = ourWorker("w1", 5);
    ask(c, 1);
    core.workers.leaving(w, nowMs);
    ask(c, 2);
    core.workers.reply(w, 1, Buffer.from("r"), nowMs);
    expect(heard().map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(["request w1 1", "reply c1 1"]);
  });

  test("that fall silent are told and forgotten; ours also while they work", () => {
    const w = ourWorker("w1", 1);
    ask(ours("c1"), 1);
    heard();
    core.tick(1_000);
    core.tick(2_000);
    core.workers.heartbeat(w, 2_500);
    core.tick(3_000);
    core.tick(4_000);
    core.tick(5_000);
    expect(core.workers.count).toBe(1);
    core.tick(6_000);
    expect(heard().filter((line) => line.includes("w1"))).toEqual(["workerDisconnect w1 silent", "workerLeft w1 s silent"]);
  });

  test("of the guide, silent while they work, keep their request until PLAIN_WORKER_TIMEOUT", () => {
    const w = worker("w1");
    ready(w);
    askPlain(client("c1"), "x");
    for (let at = 1_000; at < 20_000; at += 1_000) core.tick(at);
    expect(core.workers.count).toBe(1);
    core.tick(20_000);
    expect(core.workers.count).toBe(0);
    expect(core.waiting).toBe(1);
  });

  test("that have heartbeated while they worked lose their request when they fall silent", () => {
    const w = worker("w1");
    ready(w);
    askPlain(client("c1"), "x");
    for (const at of [1_000, 2_000]) core.workers.plain(w, { kind: "heartbeat", form }, at);
    for (const at of [1_000, 2_000, 3_000, 4_000, 5_000]) core.tick(at);
    expect(core.workers.count).toBe(0);
  });

  test("are not blamed for a pause of the broker itself", () => {
    ourWorker("w1");
    core.tick(1_000);
    core.tick(60_000);
    expect(core.workers.count).toBe(1);
  });

  test("that break the dialogue are turned away, and what they held goes on", () => {
    const w = worker("w1");
    ready(w);
    askPlain(client("c1"), "x");
    ready(w);
    expect(heard().slice(1)).toEqual(["dropped unexpected_command", "plainDisconnect w1 MDP/0.2", "workerLeft w1 s unexpected-command", "redelivered s"]);
    const stranger = worker("w2");
    core.workers.credit(stranger, 1, nowMs);
    expect(heard()).toEqual(["dropped unexpected_command", "workerDisconnect w2 HELLO and READY first"]);
    const impostor = worker("w3");
    core.workers.hello(impostor, 1, 1, nowMs);
    core.workers.ready(impostor, "mmi.service", nowMs);
    expect(heard().at(-1)).toMatch(/^workerDisconnect w3 names that begin mmi/);
    ready(ourWorker("w4"));
    expect(heard().slice(-4)).toEqual([
      "dropped unexpected_command",
      "workerDisconnect w4 a plain command on a connection that said HELLO",
      "workerLeft w4 s unexpected-command",
      "redelivered s",
    ]);
  });

  test("and clients of a version that this broker does not speak are told which it speaks", () => {
    core.workers.hello(worker("w1"), 3, 4, nowMs);
    core.clients.hello(client("c1"), 3, 4, "0000000000000000", nowMs);
    expect(heard()).toEqual(["workerDisconnect w1 version: this broker speaks 1 to 2", "clientDisconnect c1 version: this broker speaks 1 to 2"]);
  });
});

describe("partial replies", () => {
  test("credit goes on to the worker", () => {
    const c = ours("c1");
    ourWorker("w1");
    ask(c, 1, { partialCredit: 2 });
    heard();
    core.clients.partialCredit(c, 1, 3, nowMs);
    expect(heard()).toEqual(["partialCredit w1 1 3"]);
  });
});

test("CANCEL ends a request wherever it is, and nothing is said of it any more", () => {
  const c = ours("c1");
  const w = ourWorker("w1", 1);
  ask(c, 1);
  ask(c, 2);
  heard();
  core.clients.cancel(c, 2, nowMs);
  core.clients.cancel(c, 1, nowMs);
  core.workers.reply(w, 1, Buffer.from("r"), nowMs);
  expect(heard()).toEqual(["cancel w1 1", "dropped stale_reply"]);
  expect(core.waiting + core.held).toBe(0);
});

test("a key that is admitted to some services only is refused at others by name", () => {
  const c = ours("c1", undefined, { publicKey: "k", name: "shop", services: ["other"] });
  ask(c, 1);
  expect(heard()).toEqual(['error c1 1 forbidden no the key of shop is not admitted to "s"']);
});

describe("roles:", () => {
  test("a standby tells our clients to move and serves on", () => {
    const c = ours("c1");
    ourWorker("w1");
    core.setRole("standby");
    ask(c, 1);
    expect(heard().map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(["goAway c1 standby", "request w1 1"]);
    core.setRole("active");
    expect(heard()).toEqual(["goAway c1 active"]);
  });

  describe("plain clients, who cannot be told to move, are made to come back elsewhere:", () => {
    const plainPeers = (): ReturnType<typeof client>[] => {
      core.pulse(nowMs);
      const peers = [client("asked"), client("busy"), client("silent")];
      for (const peer of peers) core.clients.opened(peer);
      ourWorker("w1", 1);
      askPlain(peers[0]!, "x");
      core.workers.reply(workerOf("w1"), 1, Buffer.from("r"), nowMs);
      core.workers.credit(workerOf("w1"), 1, nowMs);
      askPlain(peers[1]!, "y");
      heard();
      return peers;
    };
    const workerOf = (name: string): WorkerPeer => [...core.workers.all()].find(({ peer }) => (peer as Named<WorkerPeer>).name === name)!.peer;
    const pulses = (untilMs: number): string[] => {
      for (; nowMs < untilMs; nowMs += 50) core.pulse(nowMs);
      return heard();
    };

    test("after the delay, once, those that something is held for when it is answered", () => {
      plainPeers();
      core.setRole("standby");
      expect(pulses(9_000)).toEqual([]);
      expect(pulses(12_000)).toEqual(["plainClose silent", "plainClose asked"]);
      core.workers.reply(workerOf("w1"), 2, Buffer.from("r"), nowMs);
      expect(pulses(13_000)).toEqual([expect.stringMatching(/^plainReply busy /), "plainClose busy"]);
      const again = client("asked again");
      core.clients.opened(again);
      askPlain(again, "z");
      expect(pulses(60_000).filter((line) => line.startsWith("plainClose"))).toEqual([]);
    });

    test("those that came to a standby, when it must have learned by then that it is active, and has not", () => {
      core.setRole("standby");
      pulses(90_000);
      const [early, late] = [client("early"), client("late")];
      core.clients.opened(early);
      askPlain(early, "x");
      ourWorker("w1", 1);
      core.workers.reply(workerOf("w1"), 1, Buffer.from("r"), nowMs);
      pulses(101_000);
      core.clients.opened(late);
      expect(pulses(199_000)).toEqual([]);
      expect(pulses(299_000)).toEqual(["plainClose early"]);
      core.clients.closed(early, nowMs);
      expect(pulses(301_000)).toEqual(["plainClose late"]);
    });

    test("not at once where the broker was on standby from the start, or is active again", () => {
      core.setRole("standby");
      plainPeers();
      expect(pulses(30_000)).toEqual([]);
      core.setRole("active");
      pulses(31_000);
      core.setRole("standby");
      pulses(32_000);
      core.setRole("active");
      expect(pulses(60_000)).toEqual([]);
    });

    test("of a terminating broker, too, before its grace ends", () => {
      plainPeers();
      core.setRole("terminating");
      expect(pulses(9_000)).toEqual([]);
      expect(pulses(12_000)).toEqual(["plainClose silent", "plainClose asked"]);
    });

    test("ours keep their connection", () => {
      ours("c1");
      heard();
      core.setRole("standby");
      expect(pulses(30_000).filter((line) => line.includes("lose"))).toEqual([]);
    });

    test("and all are counted, but who only asks for the state", () => {
      plainPeers();
      ours("c1");
      const watcher = ours("c2");
      ask(watcher, 1, { service: "mmi.status" });
      expect(core.clients.connected).toEqual({ ours: 1, plain: 3 });
      ask(watcher, 2);
      expect(core.clients.connected).toEqual({ ours: 2, plain: 3 });
    });
  });

  test("a terminating broker takes nothing new from ours, serves plain ones, finishes what it has, and stays terminating", () => {
    const c = ours("c1");
    const w = ourWorker("w1");
    ask(c, 1);
    heard();
    core.setRole("terminating");
    core.setRole("active");
    ask(c, 2);
    core.workers.reply(w, 1, Buffer.from("r"), nowMs);
    askPlain(client("p"), "x");
    expect(heard()).toEqual([
      "goAway c1 terminating",
      "error c1 2 draining no the broker is about to end",
      "reply c1 1 r",
      expect.stringMatching(/^request w1 2 /),
    ]);
  });

  test("what is left when the grace ends is handed back by name", () => {
    const c = ours("c1");
    ourWorker("w1", 1);
    ask(c, 1);
    ask(c, 2);
    heard();
    core.close(nowMs);
    expect(heard()).toEqual([
      "error c1 1 draining maybe the broker ended before it was answered",
      "workerDisconnect w1 the broker ends",
      "workerLeft w1 s draining",
      "error c1 2 draining no the broker ended before a worker was free",
    ]);
    expect([core.waiting, core.held, core.bytes]).toEqual([0, 0, 0]);
  });
});

describe("mmi.", () => {
  test.each([
    ["s", "200"],
    ["unknown", "404"],
  ])("service says of %s: %s", (name, code) => {
    ourWorker("w1");
    const c = ours("c2");
    askPlain(client("c1"), name, "mmi.service");
    ask(c, 1, { service: "mmi.service", body: name });
    expect(heard()).toEqual([`plainReply c1 MDP/0.2 final mmi.service ${code}`, `reply c2 1 ${code}`]);
  });

  test("service is asked by ours, too, and status answers JSON", () => {
    const c = ours("c1");
    ask(c, 1, { service: "mmi.service", body: "s" });
    ask(c, 2, { service: "mmi.status" });
    ask(c, 3, { service: "mmi.other" });
    expect(heard()).toEqual(["reply c1 1 404", "reply c1 2 {}", "reply c1 3 501"]);
  });
});
