import { beforeEach, describe, expect, test } from "vitest";
import { formOf } from "../../services/majordomo/message.ts";
import { backoff, createWorkerCore } from "../../services/worker/core.ts";
import type { JobResult, WorkerCore } from "../../services/worker/core.ts";
import type { Job, WorkerLimits } from "../../services/worker/outbox.ts";
import { frames } from "./frames.ts";

const form = formOf("0.2", false);
const limits: WorkerLimits = { heartbeatIntervalMs: 1000, heartbeatLiveness: 3, concurrency: 1, random: () => 0 };

let core: WorkerCore;
/** What left the core, as short texts in order; links are numbered as the core numbers them. */
let sent: string[];
let running: Job[];
let links: Map<string, number>;

function start(change: Partial<WorkerLimits> = {}): void {
  sent = [];
  running = [];
  links = new Map();
  core = createWorkerCore(
    { ...limits, ...change },
    {
      open(link, endpoint) {
        links.set(endpoint, link);
        sent.push(`open:${endpoint}`);
      },
      close: (_, endpoint, why) => sent.push(`close:${endpoint}:${why}`),
      send: (link, message) => sent.push(`${nameOf(link)}<${message.kind}${message.kind === "final" ? `:${message.body.join("|")}` : ""}`),
      registered: () => {},
      run(job) {
        running.push(job);
        sent.push(`run:${job.body.join("|")}`);
      },
      abort: (job, why) => sent.push(`abort:${job.body.join("|")}:${why}`),
      outcome: (_, outcome) => sent.push(`outcome:${outcome}`),
    },
  );
}

beforeEach(() => start());

function nameOf(link: number): string {
  return [...links].find(([, number]) => number === link)?.[0] ?? `?${link}`;
}
function link(endpoint: string): number {
  return links.get(endpoint)!;
}
function register(...endpoints: string[]): void {
  core.listed(endpoints, 0);
  for (const endpoint of endpoints) core.connected(link(endpoint), 0);
  sent.length = 0;
}
function request(endpoint: string, body: string, now = 0): void {
  core.received(link(endpoint), { kind: "request", form, address: frames(["client"]), body: frames([body]) }, now);
}
function end(body: string, result: JobResult = { kind: "replied", body: frames([`re:${body}`]) }, now = 0): void {
  core.ended(running.find((job) => job.body.join("|") === body)!, result, now);
}
function pass(from: number, to: number, each: (now: number) => void = () => {}): void {
  for (let now = from; now <= to; now += 250) {
    each(now);
    core.tick(now);
  }
}

describe("a worker serves every address of its brokers", () => {
  test("it registers with each, once each", () => {
    core.listed(["a", "b"], 0);
    for (const endpoint of ["a", "b"]) core.connected(link(endpoint), 0);
    core.listed(["a", "b"], 2000);
    core.connected(link("a"), 2000);
    expect(sent).toEqual(["open:a", "open:b", "a<ready", "b<ready"]);
    expect(core.brokers).toBe(2);
  });

  test("it keeps a broker whose name vanished", () => {
    register("a", "b");
    core.listed(["b"], 2000);
    request("a", "x");
    end("x");
    expect(sent).toEqual(["run:x", "outcome:replied", "a<final:re:x"]);
  });

  test("it does not come back to one that vanished and then said DISCONNECT", () => {
    register("a", "b");
    core.listed(["b"], 2000);
    core.received(link("a"), { kind: "disconnect", form }, 2000);
    pass(2000, 30_000, (now) => core.received(link("b"), { kind: "heartbeat", form }, now));
    expect(sent.filter((line) => line !== "b<heartbeat")).toEqual(["close:a:disconnected-by-broker"]);
    expect(core.brokers).toBe(1);
  });

  test("it gives up an address that never answered once its name vanishes", () => {
    core.listed(["a", "b"], 0);
    core.listed(["b"], 2000);
    expect(sent).toEqual(["open:a", "open:b", "close:a:no-longer-listed"]);
  });
});

describe("a lost broker is tried again on a new socket", () => {
  test.each([
    ["DISCONNECT", () => core.received(link("a"), { kind: "disconnect", form }, 0), "disconnected-by-broker"],
    ["a lost connection", () => core.disconnected(link("a"), 0), "connection-lost"],
  ])("after %s", (_, lose, why) => {
    register("a");
    const old = link("a");
    lose();
    core.tick(backoff.firstMs - 1);
    expect(sent).toEqual([`close:a:${why}`]);
    core.tick(backoff.firstMs);
    expect(sent).toEqual([`close:a:${why}`, "open:a"]);
    expect(link("a")).not.toBe(old);
  });

  test("after silence", () => {
    register("a");
    pass(250, 3000);
    expect(sent).toEqual(["a<heartbeat", "a<heartbeat", "close:a:silent"]);
  });

  test("a pause of the worker itself is nobody's silence", () => {
    register("a");
    pass(0, 1000, (now) => core.received(link("a"), { kind: "heartbeat", form }, now));
    core.tick(60_000);
    expect(sent).not.toContain("close:a:silent");
  });

  test("it waits longer after each failure, up to a limit, and shorter by chance", () => {
    start({ random: () => 0.999 });
    register("a");
    let now = 0;
    const pauses: number[] = [];
    for (let failure = 0; failure < 10; failure += 1) {
      core.disconnected(link("a"), now);
      sent.length = 0;
      const lostAt = now;
      while (!sent.includes("open:a")) core.tick((now += 1));
      pauses.push(now - lostAt);
      core.connected(link("a"), now);
    }
    expect(pauses[0]).toBeGreaterThanOrEqual(backoff.firstMs / 2);
    expect(pauses).toEqual([...pauses].sort((one, two) => one - two));
    expect(pauses.at(-1)).toBeLessThanOrEqual(backoff.lastMs);
  });

  test("its running request is aborted, and the reply that comes nevertheless is nobody's", () => {
    register("a");
    request("a", "x");
    core.disconnected(link("a"), 0);
    core.tick(1000);
    core.connected(link("a"), 1000);
    end("x");
    expect(sent).toEqual(["run:x", "close:a:connection-lost", "abort:x:connection-lost", "open:a", "a<ready", "outcome:broker_lost"]);
  });
});

describe("a worker runs no more than its concurrency", () => {
  test("further requests wait, in order, and run when a place is free", () => {
    register("a", "b", "c");
    for (const [endpoint, body] of [["a", "1"], ["b", "2"], ["c", "3"]] as const) request(endpoint, body);
    expect(sent).toEqual(["run:1"]);
    end("1");
    end("2");
    expect(sent.filter((line) => line.startsWith("run"))).toEqual(["run:1", "run:2", "run:3"]);
    expect(core.holding).toBe(1);
  });

  test("one that still waits is forgotten with its broker", () => {
    register("a", "b");
    request("a", "1");
    request("b", "2");
    core.disconnected(link("b"), 0);
    end("1");
    expect(sent.filter((line) => line.startsWith("run"))).toEqual(["run:1"]);
    expect(core.holding).toBe(0);
  });

  test("a broker that sends a second request before the reply is left", () => {
    register("a");
    request("a", "1");
    request("a", "2");
    expect(sent).toEqual(["run:1", "a<disconnect", "close:a:malformed", "abort:1:malformed"]);
  });
});

describe("a handler's end", () => {
  test.each(["failed", "timed_out"] as const)("%s is told by DISCONNECT, and the worker comes back", (kind) => {
    register("a");
    request("a", "x");
    end("x", { kind });
    core.tick(backoff.firstMs);
    expect(sent).toEqual(["run:x", `outcome:${kind}`, "a<disconnect", "close:a:handler-failed", "open:a"]);
  });

  test("heartbeats go on while it works", () => {
    register("a");
    request("a", "x");
    pass(250, 2000, (now) => core.received(link("a"), { kind: "heartbeat", form }, now));
    expect(sent).toEqual(["run:x", "a<heartbeat", "a<heartbeat"]);
  });
});

describe("stopping", () => {
  test("idle connections close at once without DISCONNECT, which a crossing request would pay for", () => {
    register("a");
    core.stop();
    expect(sent).toEqual(["close:a:stopping"]);
  });

  test("held requests are finished, those that wait here too, and each connection closes after its reply", () => {
    register("a", "b", "c");
    request("a", "1");
    request("b", "2");
    core.stop();
    end("1");
    end("2");
    expect(sent).toEqual([
      "run:1",
      "close:c:stopping",
      "outcome:replied",
      "a<final:re:1",
      "close:a:stopping",
      "run:2",
      "outcome:replied",
      "b<final:re:2",
      "close:b:stopping",
    ]);
    expect(core.holding).toBe(0);
  });

  test("nothing is opened again", () => {
    register("a");
    core.stop();
    core.listed(["a", "b"], 1000);
    pass(1000, 10_000);
    expect(sent).toEqual(["close:a:stopping"]);
  });
});
