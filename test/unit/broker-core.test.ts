import { beforeEach, describe, expect, test } from "vitest";
import { createBroker } from "../../services/broker/core.ts";
import type { Broker } from "../../services/broker/core.ts";
import type { BrokerLimits, Outbox, ToWorker } from "../../services/broker/outbox.ts";
import { formOf } from "../../services/majordomo/message.ts";
import { frames } from "./frames.ts";

const plain = formOf("0.2", false);
const limits: BrokerLimits = { heartbeatIntervalMs: 1000, heartbeatLiveness: 3, maxQueuedRequests: 100, maxDeliveries: 3, firstDelivery: 1 };

let broker: Broker;
/** Everything that left the core, as short texts in order: `c1<final:body`, `w1<request:body`, `drop:reason`, `left:w1:why`. */
let sent: string[];
let deliveries: Map<string, number>;

function start(change: Partial<BrokerLimits> = {}): void {
  sent = [];
  deliveries = new Map();
  const outbox: Outbox = {
    toClient: (client, message) => sent.push(`${client}<${message.kind === "pong" ? "pong" : `${message.part}:${message.body.join("|")}`}`),
    toWorker(worker, message: ToWorker) {
      if (message.kind === "request") deliveries.set(worker, message.delivery);
      if (message.kind !== "heartbeat") sent.push(`${worker}<${message.kind}${message.kind === "request" ? `:${message.body.join("|")}` : ""}`);
    },
    answered: () => {},
    dropped: (reason) => sent.push(`drop:${reason}`),
    workerJoined: () => {},
    workerLeft: (worker, _, why) => sent.push(`left:${worker}:${why}`),
  };
  broker = createBroker({ ...limits, ...change }, outbox);
}

beforeEach(() => start());

function request(client: string, body: string, { service = "echo", now = 0, form = plain } = {}): void {
  broker.fromClient(client, { kind: "request", form, service, body: frames([body]) }, now);
}
function ready(worker: string, { service = "echo", now = 0 } = {}): void {
  broker.fromWorker(worker, { kind: "ready", form: plain, service }, now);
}
function reply(worker: string, body: string, { delivery = deliveries.get(worker), now = 0, kind = "final" as "final" | "partial" } = {}): void {
  broker.fromWorker(worker, { kind, form: plain, delivery, body: frames([body]) }, now);
}
function beat(worker: string, now: number): void {
  broker.fromWorker(worker, { kind: "heartbeat", form: plain }, now);
}
function disconnect(worker: string): void {
  broker.fromWorker(worker, { kind: "disconnect", form: plain }, 0);
}
/** Ticks once an interval, as the program does. */
function pass(from: number, to: number, each: (now: number) => void = () => {}): void {
  for (let now = from; now <= to; now += limits.heartbeatIntervalMs) {
    each(now);
    broker.tick(now);
  }
}

describe("a request survives its worker's death", () => {
  test("an unreachable worker's request goes to another one", () => {
    ready("w1");
    request("c1", "a");
    ready("w2");
    broker.workerUnreachable("w1", 0);
    reply("w2", "A");
    expect(sent).toEqual(["w1<request:a", "left:w1:unreachable", "w2<request:a", "c1<final:A"]);
    expect([broker.waiting, broker.held]).toEqual([0, 0]);
  });

  test("it waits at the head of its queue, before those that came later", () => {
    ready("w1");
    request("c1", "first");
    request("c2", "second");
    broker.workerUnreachable("w1", 0);
    ready("w2");
    reply("w2", "1");
    expect(sent).toEqual(["w1<request:first", "left:w1:unreachable", "w2<request:first", "c1<final:1", "w2<request:second"]);
  });

  test("the dead worker's late reply is dropped: its client sees one reply only", () => {
    ready("w1");
    request("c1", "a");
    broker.workerUnreachable("w1", 0);
    ready("w2");
    reply("w1", "late");
    reply("w2", "good");
    expect(sent.filter((line) => line.startsWith("c1"))).toEqual(["c1<final:good"]);
    expect(sent).toContain("drop:stale_reply");
    expect(sent).toContain("w1<disconnect");
  });

  test("a worker that breaks the protocol loses its request to another one", () => {
    ready("w1");
    request("c1", "a");
    broker.malformedFromWorker("w1", 0);
    ready("w2");
    expect(sent).toEqual(["w1<request:a", "w1<disconnect", "left:w1:malformed", "w2<request:a"]);
  });

  test("a request that kills every worker is dropped after MAX_DELIVERIES and the next one served", () => {
    start({ maxDeliveries: 2 });
    request("c1", "poison");
    request("c2", "good");
    for (const worker of ["w1", "w2"]) {
      ready(worker);
      broker.workerUnreachable(worker, 0);
    }
    ready("w3");
    reply("w3", "ok");
    expect(sent.filter((line) => line.includes("poison"))).toHaveLength(2);
    expect(sent).toContain("drop:max_deliveries");
    expect(sent.at(-1)).toBe("c2<final:ok");
    expect([broker.waiting, broker.held]).toEqual([0, 0]);
  });

  test("a request that could not even be handed over does not come nearer to MAX_DELIVERIES", () => {
    start({ maxDeliveries: 1 });
    request("c1", "a");
    for (const worker of ["w1", "w2", "w3"]) {
      ready(worker);
      broker.workerUnreachable(worker, 0, deliveries.get(worker));
    }
    ready("w4");
    reply("w4", "A");
    expect(sent.at(-1)).toBe("c1<final:A");
    expect([broker.waiting, broker.held]).toEqual([0, 0]);
  });

  test("a heartbeat that could not be sent takes back no delivery", () => {
    start({ maxDeliveries: 1 });
    ready("w1");
    request("c1", "a");
    broker.workerUnreachable("w1", 0, undefined);
    expect(sent.at(-1)).toBe("drop:max_deliveries");
  });

  test("one that was partly answered is not run again", () => {
    ready("w1");
    request("c1", "a");
    reply("w1", "part", { kind: "partial" });
    ready("w2");
    broker.workerUnreachable("w1", 0);
    expect(sent).toEqual(["w1<request:a", "c1<partial:part", "left:w1:unreachable", "drop:interrupted"]);
  });

  test("one whose handler failed is not run again", () => {
    ready("w1");
    ready("w2");
    request("c1", "a");
    disconnect("w1");
    expect(sent).toEqual(["w1<request:a", "left:w1:failed", "drop:worker_failed"]);
    expect([broker.waiting, broker.held]).toEqual([0, 0]);
  });
});

describe("only the worker that holds a request can answer it", () => {
  test("a reply to another delivery is dropped and the worker keeps its request", () => {
    ready("w1");
    request("c1", "a");
    reply("w1", "forged", { delivery: 999 });
    expect(sent).toEqual(["w1<request:a", "drop:stale_reply"]);
    expect(broker.held).toBe(1);
  });

  test("a second reply is dropped", () => {
    ready("w1");
    request("c1", "a");
    reply("w1", "one");
    reply("w1", "two");
    expect(sent).toEqual(["w1<request:a", "c1<final:one", "drop:stale_reply"]);
  });

  test("a worker that this broker does not know must register anew", () => {
    reply("w1", "from before the restart", { delivery: 1 });
    beat("w2", 0);
    expect(sent).toEqual(["drop:stale_reply", "w1<disconnect", "w2<disconnect"]);
  });

  test("MDP/0.1 clients get no partial reply, and still the final one", () => {
    ready("w1");
    request("c1", "a", { form: formOf("0.1", true) });
    reply("w1", "part", { kind: "partial" });
    reply("w1", "whole");
    expect(sent).toEqual(["w1<request:a", "drop:partial_unsupported", "c1<final:whole"]);
  });
});

describe("READY comes once", () => {
  test("a second READY is answered with DISCONNECT, and the held request goes to another worker", () => {
    ready("w1");
    request("c1", "a");
    ready("w1");
    ready("w2");
    expect(sent).toEqual(["w1<request:a", "drop:unexpected_command", "w1<disconnect", "left:w1:unexpected-command", "w2<request:a"]);
  });

  test("nobody can serve the broker's own names", () => {
    ready("w1", { service: "mmi.service" });
    expect(sent).toEqual(["w1<disconnect"]);
  });
});

describe("nothing grows without a bound", () => {
  test("a request beyond MAX_QUEUED_REQUESTS is dropped and counted, waiting and held ones alike", () => {
    start({ maxQueuedRequests: 2 });
    ready("w1");
    request("c1", "a");
    request("c2", "b");
    request("c3", "c");
    expect([broker.held, broker.waiting]).toEqual([1, 1]);
    expect(sent).toEqual(["w1<request:a", "drop:queue_full"]);
    reply("w1", "A");
    request("c3", "again");
    expect(broker.waiting).toBe(1);
  });

  test("each worker holds one request, and the one that waited longest is next", () => {
    for (const worker of ["w1", "w2"]) ready(worker);
    for (const body of ["a", "b", "c"]) request("c1", body);
    reply("w2", "B");
    expect(sent).toEqual(["w1<request:a", "w2<request:b", "c1<final:B", "w2<request:c"]);
  });

  test("services do not take each other's workers", () => {
    ready("w1", { service: "other" });
    request("c1", "a");
    expect([sent, broker.waiting]).toEqual([[], 1]);
  });
});

describe("heartbeats", () => {
  test("an idle worker that falls silent is told DISCONNECT and forgotten", () => {
    ready("w1");
    pass(1000, 3000);
    expect(sent).toEqual(["w1<disconnect", "left:w1:silent"]);
  });

  test("an idle worker that heartbeats stays", () => {
    ready("w1");
    pass(1000, 20_000, (now) => beat("w1", now));
    expect(sent).toEqual([]);
  });

  test("a busy worker of the guide, which is silent while it works, keeps its request", () => {
    ready("w1");
    request("c1", "a");
    beat("w1", 100); // sent before the request reached it
    pass(1000, 60_000);
    reply("w1", "A", { now: 60_000 });
    expect(sent).toEqual(["w1<request:a", "c1<final:A"]);
  });

  test("a busy worker that has heartbeated while it worked loses its request when it falls silent", () => {
    ready("w1");
    request("c1", "a");
    ready("w2", { now: 3000 });
    pass(1000, 3000, (now) => beat("w1", now));
    pass(4000, 8000, (now) => beat("w2", now));
    expect(sent).toEqual(["w1<request:a", "w1<disconnect", "left:w1:silent", "w2<request:a"]);
  });

  test("a pause of the broker itself is nobody's silence", () => {
    ready("w1");
    pass(0, 2000, (now) => beat("w1", now));
    broker.tick(60_000);
    expect(sent).toEqual([]);
  });
});

describe("the end", () => {
  test("workers are told, and what is still held is counted", () => {
    ready("w1");
    for (const body of ["a", "b"]) request("c1", body);
    broker.close();
    expect(sent).toEqual(["w1<request:a", "drop:grace_ended", "w1<disconnect", "drop:grace_ended"]);
    expect([broker.waiting, broker.held]).toEqual([0, 0]);
  });
});

describe("the broker's own answers", () => {
  test.each([["echo", "200"], ["unknown", "404"]])("mmi.service says of %s: %s", (service, code) => {
    ready("w1");
    request("c1", service, { service: "mmi.service" });
    expect(sent).toEqual([`c1<final:${code}`]);
  });

  test("a service whose workers have left is unknown, though requests wait for it", () => {
    ready("w1");
    disconnect("w1");
    request("c1", "a");
    request("c1", "echo", { service: "mmi.service" });
    expect(sent.at(-1)).toBe("c1<final:404");
  });

  test("other mmi. names are not implemented", () => {
    request("c1", "x", { service: "mmi.discover" });
    expect(sent).toEqual(["c1<final:501"]);
  });

  test("PING is answered with PONG", () => {
    broker.fromClient("c1", { kind: "ping", delimited: true }, 0);
    expect(sent).toEqual(["c1<pong"]);
  });
});
