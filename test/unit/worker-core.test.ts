import { beforeEach, describe, expect, test } from "vitest";
import type { Welcome } from "../../services/majordomo/extension/client.ts";
import { packedBytes } from "../../services/majordomo/extension/codes.ts";
import { backoff, createWorkerCore, stuckMs } from "../../services/worker/core.ts";
import type { WorkerCore } from "../../services/worker/core.ts";
import type { Job, WorkerLimits, WorkerOutbox } from "../../services/worker/outbox.ts";

const welcome: Welcome = {
  version: 1,
  instance: "0123456789abcdef",
  role: "active",
  heartbeatIntervalMs: 1000,
  heartbeatLiveness: 3,
  maxBodyBytes: 1000,
  maxOutstanding: 100,
};
const who = Buffer.alloc(8);

let core: WorkerCore;
/** What left the core, as text: `credit 1 2`. Jobs are named by their body. */
let said: string[];
let jobs: Map<string, Job>;
let begun: Set<string>;
let links: number;
let room: number;

function start(change: Partial<WorkerLimits> = {}): void {
  said = [];
  jobs = new Map();
  begun = new Set();
  links = 0;
  room = Number.POSITIVE_INFINITY;
  const text = (value: unknown): string =>
    Buffer.isBuffer(value) ? value.toString() : typeof value === "object" && value !== null ? (value as Job).body.toString() : String(value);
  const outbox = new Proxy({} as WorkerOutbox, {
    get:
      (_, method: string) =>
      (...values: unknown[]) => {
        if (method === "room") return room;
        if (method === "open") links += 1;
        if (method === "run") jobs.set((values[0] as Job).body.toString(), values[0] as Job);
        if (method === "revoke") return !begun.has((values[0] as Job).body.toString());
        said.push([method, ...values.map(text)].join(" "));
        return undefined;
      },
  });
  core = createWorkerCore({ concurrency: 1, welcomeTimeoutMs: 5_000, random: () => 0, ...change }, outbox);
}
beforeEach(() => start());

const heard = (): string[] => said.splice(0);
function register(...endpoints: string[]): void {
  core.listed(endpoints, 0);
  for (let link = 1; link <= endpoints.length; link += 1) {
    core.opened(link, 0);
    core.welcome(link, welcome, 0);
  }
  heard();
}
const request = (link: number, delivery: number, body: string, nowMs = 0, timeoutMs = 60_000, partialCredit = 0): void =>
  core.request(link, delivery, timeoutMs, 1, who, delivery, undefined, partialCredit, Buffer.from(body), nowMs);
const reply = (body: string, nowMs = 0): void => core.reply(jobs.get(body)!.number, Buffer.from(`re ${body}`), nowMs);
/** Lets it see fast handlers, so that it asks for more than it runs at once. */
function hurry(): void {
  for (let round = 1; round <= 200; round += 1) {
    request(1, round, "quick", round);
    reply("quick", round);
    core.took(1, round + 0.001);
  }
  heard();
}

describe("a worker of several addresses", () => {
  test("says HELLO and READY to each, and gives credit when it is welcome", () => {
    core.listed(["a", "b"], 0);
    core.opened(1, 0);
    core.welcome(1, welcome, 0);
    expect(heard()).toEqual(["open 1 a", "open 2 b", "hello 1", "ready 1", "registered a", "credit 1 1"]);
    expect(core.brokers).toBe(1);
  });

  test("keeps a broker whose name vanished, and does not come back to it after DISCONNECT", () => {
    register("a");
    core.listed([], 10);
    expect(heard()).toEqual([]);
    core.disconnect(1, 20);
    core.tick(100_000);
    expect(heard()).toEqual(["close 1 a disconnected-by-broker"]);
  });

  test.each([
    ["disconnected-by-broker", () => core.disconnect(1, 0)],
    ["connection-lost", () => core.lost(1, 0)],
  ])("comes back on a new connection: %s", (why, how) => {
    register("a");
    how();
    core.tick(backoff.firstMs - 1);
    expect(heard()).toEqual([`close 1 a ${why}`]);
    core.tick(backoff.firstMs);
    expect(heard()).toEqual(["open 2 a"]);
  });

  test("holds a silent broker for dead, and blames nobody for a pause of its own", () => {
    register("a");
    core.tick(500);
    core.tick(60_000);
    expect(core.brokers).toBe(1);
    for (let at = 61_000; at <= 64_000; at += 500) core.tick(at);
    expect(heard().filter((line) => !line.startsWith("heartbeat"))).toContain("close 1 a silent");
  });

  test("waits longer after each failure, up to a limit, and shorter by chance", () => {
    const delays = [0, 0.9].map((chance) => {
      start({ random: () => chance });
      core.listed(["a"], 0);
      const seen: number[] = [];
      for (let at = 0, round = 0; round < 9; round += 1) {
        core.lost(links, at);
        const lostAt = at;
        for (const before = links; links === before; at += 1) core.tick(at);
        seen.push(at - 1 - lostAt);
      }
      return seen;
    });
    expect(delays[0]).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    expect(delays[1]!.every((delay, round) => delay < delays[0]![round]!)).toBe(true);
  });
});

describe("credit", () => {
  test("is what handlers can begin soon: slow ones get nothing ahead of time", () => {
    start({ concurrency: 3 });
    core.listed(["a"], 0);
    core.opened(1, 0);
    core.welcome(1, welcome, 0);
    expect(heard().at(-1)).toBe("credit 1 3");
    request(1, 1, "slow", 0);
    reply("slow", 500);
    core.took(1, 500);
    expect(heard().filter((line) => line.startsWith("credit"))).toEqual(["credit 1 1"]);
  });

  test("grows with fast handlers", () => {
    register("a");
    hurry();
    request(1, 201, "quick", 201);
    reply("quick", 201);
    core.took(1, 201.001);
    const granted = core.holding;
    for (let delivery = 300; delivery < 400; delivery += 1) request(1, delivery, `b${delivery}`, 202);
    expect(core.holding - granted).toBeGreaterThan(50);
  });

  test.each([4, 5, 8])("is all of %i where three brokers have more than enough to do", (concurrency) => {
    start({ concurrency });
    core.listed(["a", "b", "c"], 0);
    for (const link of [1, 2, 3]) {
      core.opened(link, 0);
      core.welcome(link, welcome, 0);
      core.backlog(link, 100, 0);
    }
    const delivered = [0, 0, 0, 0];
    const running: string[] = [];
    /** The brokers use whatever credit they have. */
    const deliver = (nowMs: number): void => {
      for (let lines = heard(); lines.length > 0; lines = heard()) {
        for (const line of lines) {
          const [what, link, count] = line.split(" ");
          if (what === "run") running.push(link!);
          for (let left = what === "credit" ? Number(count) : 0; left > 0; left -= 1)
            request(Number(link), (delivered[Number(link)]! += 1), `${link}.${delivered[Number(link)]}`, nowMs);
        }
      }
    };
    deliver(0);
    for (let nowMs = 1; nowMs < 40; nowMs += 1) {
      reply(running.shift()!, nowMs);
      deliver(nowMs);
    }
    expect(running.length).toBe(concurrency);
  });

  test("lets every broker find an idle worker, and what is too much goes back as not started", () => {
    register("a", "b");
    request(1, 1, "x");
    request(2, 1, "y");
    expect(heard()).toEqual(["started 1 1", "run x", "notStarted 2 1"]);
    reply("x", 5);
    expect(heard()).toEqual(["reply 1 1 re x", "credit 1 1", "credit 2 1"]);
  });
});

describe("requests", () => {
  test("begin in their order, never more at once than are allowed, and STARTED goes before", () => {
    start({ concurrency: 2 });
    register("a");
    request(1, 1, "x");
    request(1, 2, "y");
    request(1, 3, "z");
    expect(heard()).toEqual(["started 1 1", "run x", "started 1 2", "run y", "notStarted 1 3"]);
  });

  test("whose time is over never begin", () => {
    register("a");
    request(1, 1, "x", 0, 0);
    expect(heard()).toEqual(["error 1 1 expired its time was over before it began", "outcome expired"]);
    expect(core.holding).toBe(0);
  });

  test("behind a handler that hangs are handed back, and the heartbeat goes on", () => {
    register("a");
    hurry();
    request(1, 301, "hangs", 1_000);
    begun.add("hangs");
    request(1, 302, "waits", 1_000);
    request(1, 303, "waits too", 1_000);
    heard();
    core.tick(1_000 + stuckMs);
    expect(heard().filter((line) => line.startsWith("notStarted"))).toEqual(["notStarted 1 303", "notStarted 1 302"]);
    core.tick(2_500);
    expect(heard()).toContain("heartbeat 1");
  });

  test("that are all handed back, since no handler had its turn, leave the worker with credit for one: it goes on when it can", () => {
    register("a");
    hurry();
    // Until all credit is used up, and one is handed back at once.
    for (let delivery = 500; !said.some((line) => line.startsWith("notStarted")); delivery += 1) request(1, delivery, "waits", 1_000);
    heard();
    core.tick(1_000 + stuckMs);
    expect(core.holding).toBe(0);
    expect(heard().at(-1)).toBe("credit 1 1");
  });

  test("that are cancelled are handed back if they have not begun, and aborted if they have", () => {
    register("a");
    request(1, 1, "x");
    begun.add("x");
    heard();
    core.cancel(1, 1, 1);
    expect(heard()).toEqual(["cancel x cancelled"]);
    core.error(jobs.get("x")!.number, "failed", "aborted", 2);
    expect(heard().slice(0, 1)).toEqual(["error 1 1 failed aborted"]);
  });

  test("with the number of one that is still here are a broker's mistake: nothing that it sent goes on", () => {
    register("a:1");
    request(1, 1, "one");
    request(1, 1, "two");
    expect(heard().filter((line) => !line.startsWith("run") && !line.startsWith("started"))).toEqual([
      "disconnect 1",
      "close 1 a:1 malformed",
      "outcome broker_lost",
    ]);
    expect(core.holding).toBe(0);
  });

  test("wait where the handlers have no room, since they have not passed over what was taken back", () => {
    register("a:1");
    room = 0;
    request(1, 1, "one");
    expect(heard()).toEqual([]);
    room = 1;
    core.tick(10);
    expect(heard()).toEqual(["started 1 1", "run one"]);
  });

  test("whose reply is more than their broker takes end by name, in one piece or in parts, and cost nobody the connection", () => {
    start({ concurrency: 2 });
    register("a:1");
    for (const [delivery, name] of ["one", "two"].entries()) request(1, delivery + 1, name);
    heard();
    const large = Buffer.alloc(packedBytes + 1);
    core.reply(jobs.get("one")!.number, large, 1);
    core.partial(jobs.get("two")!.number, large, 1);
    core.error(jobs.get("two")!.number, "failed", "cancelled", 2);
    const why = "too_large the reply has 65537 bytes, at most 1000 are allowed there (MAX_MESSAGE_SIZE)";
    expect(heard().filter((line) => !line.startsWith("credit"))).toEqual([`error 1 1 ${why}`, `error 1 2 ${why}`, "cancel two cancelled"]);
    expect(core.holding).toBe(0);
  });

  test("of a lost broker are aborted, and what they answer nevertheless is nobody's", () => {
    register("a");
    request(1, 1, "x");
    begun.add("x");
    heard();
    core.lost(1, 1);
    expect(heard()).toEqual(["close 1 a connection-lost", "cancel x connection-lost"]);
    expect(core.holding).toBe(1);
    reply("x", 2);
    expect(heard()).toEqual([]);
    expect(core.holding).toBe(0);
  });

  test("in parts are passed on, and their credit to the handler", () => {
    register("a");
    request(1, 1, "x", 0, 60_000, 2);
    heard();
    core.partial(jobs.get("x")!.number, Buffer.from("part"), 1);
    core.partialCredit(1, 1, 5, 2);
    expect(heard()).toEqual(["partial 1 1 part", "partialCredit x 5"]);
  });
});

describe("a worker that is stopped", () => {
  test("takes nothing new, hands back what has not begun, finishes the rest and leaves", () => {
    register("a", "b");
    hurry();
    request(1, 301, "x", 300);
    request(1, 302, "y", 300);
    begun.add("x");
    heard();
    core.stop(310);
    expect(heard()).toEqual(["notStarted 1 302", "leaving 1", "leaving 2", "disconnect 2", "close 2 b stopping"]);
    request(1, 303, "late", 311);
    expect(heard()).toEqual(["notStarted 1 303"]);
    reply("x", 320);
    expect(heard()).toEqual(["reply 1 301 re x", "disconnect 1", "close 1 a stopping"]);
    core.tick(100_000);
    expect([core.brokers, core.holding, heard()]).toEqual([0, 0, []]);
  });
});
