import { beforeEach, describe, expect, test } from "vitest";
import { backoff, createClientCore, lastWordMs } from "../../services/client/core.ts";
import type { ClientCore } from "../../services/client/core.ts";
import type { ClientOutbox } from "../../services/client/outbox.ts";
import type { Welcome } from "../../services/majordomo/extension/client.ts";
import { packedBytes, type Role } from "../../services/majordomo/extension/codes.ts";

let core: ClientCore<string>;
/** What left the core, as text: `settle one reply r`. */
let said: string[];

const welcome = (instance = "aaaaaaaaaaaaaaaa", role: Role = "active"): Welcome => ({
  version: 1,
  instance,
  role,
  heartbeatIntervalMs: 1000,
  heartbeatLiveness: 3,
  maxBodyBytes: 1000,
  maxOutstanding: 3,
});

beforeEach(() => {
  said = [];
  const text = (value: unknown): string => {
    if (Buffer.isBuffer(value)) return value.toString();
    if (typeof value !== "object" || value === null) return String(value);
    const outcome = value as { kind: string; body?: Buffer; name?: string; executed?: string };
    return outcome.kind === "reply" ? `reply ${outcome.body!.toString()}` : `${outcome.name} ${outcome.executed}`;
  };
  const outbox = new Proxy({} as ClientOutbox<string>, {
    get:
      (_, method: string) =>
      (...values: unknown[]) =>
        void said.push([method, ...values.filter((value) => value !== undefined).map(text)].join(" ")),
  });
  core = createClientCore<string>({ welcomeTimeoutMs: 500, random: () => 0 }, outbox);
});

const heard = (): string[] => said.splice(0);
const ask = (name: string, { timeoutMs = 1_000, retries = 0, partialCredit = 0, nowMs = 0 } = {}): number =>
  core.request(name, { service: "s", body: Buffer.from(name), timeoutMs, retries, trace: undefined, partialCredit }, nowMs);
function connect(link = 1, instance?: string, role?: Role, nowMs = 0): void {
  core.tick(nowMs);
  core.opened(link, nowMs);
  core.welcome(link, welcome(instance, role), nowMs);
}
const settled = (): string[] => heard().filter((line) => line.startsWith("settle"));

describe("a lost connection:", () => {
  test("at the same broker it asks again, which that broker recognises", () => {
    connect();
    ask("one");
    heard();
    core.lost(1, 10);
    core.tick(10 + backoff.firstMs);
    core.opened(2, 100);
    expect(heard()).toEqual(["close 1", "open 2 2", "hello 2 1"]);
    core.welcome(2, welcome(), 110);
    expect(heard()).toEqual(["request 2 1 890 true s 0 one"]);
    core.reply(2, 1, Buffer.from("r"), 120);
    expect(heard()).toEqual(["settle one reply r"]);
  });

  test("at another broker a request that may have run is not run again, and its caller is told", () => {
    connect();
    ask("one");
    core.lost(1, 10);
    connect(2, "bbbbbbbbbbbbbbbb", "active", 100);
    expect(settled()).toEqual(["settle one connection_lost maybe"]);
  });

  test("with retries it is", () => {
    connect();
    ask("one", { retries: 1 });
    core.lost(1, 10);
    connect(2, "bbbbbbbbbbbbbbbb", "active", 100);
    expect(heard()).toContain("request 2 1 900 true s 0 one");
    core.lost(2, 200);
    connect(3, "cccccccccccccccc", "active", 400);
    expect(settled()).toEqual(["settle one connection_lost maybe"]);
  });

  test("what was never sent waits for a connection, and fails as surely not run when its time is over", () => {
    core.tick(0);
    ask("one", { timeoutMs: 100 });
    core.lost(1, 1);
    core.tick(100);
    expect(settled()).toEqual(["settle one timeout no"]);
  });

  test("after a part of the reply it is interrupted", () => {
    connect();
    ask("one", { retries: 5, partialCredit: 4 });
    core.partial(1, 1, Buffer.from("part"), 5);
    core.lost(1, 10);
    expect(heard().slice(-2)).toEqual(["close 1", "settle one interrupted maybe"]);
  });

  test("no other broker can say that it did not run", () => {
    connect();
    ask("one", { retries: 1 });
    core.lost(1, 10);
    connect(2, "bbbbbbbbbbbbbbbb", "active", 100);
    core.error(2, 1, "expired", "no", "", 200);
    expect(settled()).toEqual(["settle one expired maybe"]);
  });
});

describe("time", () => {
  test("the broker has the last word on whether it ran; the client does not wait for ever for it", () => {
    connect();
    const id = ask("one", { timeoutMs: 100 });
    heard();
    core.tick(100 + lastWordMs - 1);
    expect(settled()).toEqual([]);
    core.tick(100 + lastWordMs + 64);
    expect(heard()).toEqual([`cancel 1 ${id}`, "settle one timeout maybe"]);
    core.reply(1, id, Buffer.from("late"), 500);
    expect(heard()).toEqual([]);
  });

  test("a pause of the client beyond that last word leaves no caller waiting", () => {
    connect();
    ask("one", { timeoutMs: 100 });
    core.tick(1_000);
    core.tick(1_001);
    expect(settled()).toEqual(["settle one timeout maybe"]);
  });

  test("a silent broker is left; a pause of the client itself is nobody's silence", () => {
    connect();
    core.tick(60_000);
    expect(heard().filter((line) => line.startsWith("close"))).toEqual([]);
    for (let at = 60_500; at <= 63_500; at += 500) core.tick(at);
    expect(heard()).toContain("close 1");
  });

  test("a broker that does not say WELCOME is left", () => {
    core.tick(0);
    core.opened(1, 0);
    core.tick(500);
    expect(heard()).toContain("close 1");
  });
});

describe("a broker that wants it to go:", () => {
  test("it opens a new connection, sends what is new there, and keeps the old one until its last outcome", () => {
    connect();
    ask("old");
    core.goAway(1, "standby", 10);
    core.tick(10);
    expect(heard().at(-1)).toBe("open 2 2");
    ask("meanwhile", { nowMs: 20 });
    expect(heard()).toEqual(["request 1 2 1000 false s 0 meanwhile"]);
    core.opened(2, 30);
    core.welcome(2, welcome("bbbbbbbbbbbbbbbb"), 40);
    ask("new", { nowMs: 50 });
    expect(heard()).toEqual(["hello 2 2", "request 2 3 1000 false s 0 new"]);
    core.reply(1, 1, Buffer.from("r"), 60);
    expect(heard()).toEqual(["settle old reply r"]);
    core.reply(1, 2, Buffer.from("r"), 70);
    expect(heard()).toEqual(["disconnect 1", "close 1", "settle meanwhile reply r"]);
  });

  test("an old one that is asked again elsewhere, since it is busy, is left with its last request", () => {
    connect();
    ask("one", { retries: 1 });
    core.goAway(1, "standby", 10);
    connect(2, "bbbbbbbbbbbbbbbb", "active", 20);
    heard();
    core.error(1, 1, "busy", "no", "", 30);
    expect(heard()).toEqual(["disconnect 1", "close 1"]);
  });

  test("what was lost with an old one is asked again at the new one, which may be a standby by now, too", () => {
    connect();
    ask("one", { retries: 1 });
    core.goAway(1, "standby", 10);
    connect(2, "bbbbbbbbbbbbbbbb", "active", 20);
    core.heartbeat(2, "standby", 30);
    core.tick(30);
    core.lost(1, 40);
    expect(heard().slice(-3)).toEqual(["open 3 3", "close 1", "request 2 1 960 true s 0 one"]);
  });

  test("where it lands on a standby again it stays, backs off and tries again", () => {
    connect();
    core.goAway(1, "standby", 10);
    core.tick(10);
    core.opened(2, 20);
    core.welcome(2, welcome("bbbbbbbbbbbbbbbb", "standby"), 30);
    expect(heard().slice(-2)).toEqual(["disconnect 2", "close 2"]);
    ask("one", { nowMs: 40 });
    expect(heard()).toEqual(["request 1 1 1000 false s 0 one"]);
    core.tick(30 + backoff.firstMs);
    expect(heard()).toEqual(["open 3 3"]);
  });

  describe("however long it has looked for an active broker in vain,", () => {
    /** It is at a standby, and waits long before the next try. */
    const searchInVain = (): number => {
      connect();
      core.goAway(1, "standby", 0);
      let nowMs = 0;
      for (let link = 2; link < 12; link += 1) {
        core.tick(nowMs);
        core.opened(link, nowMs);
        core.welcome(link, welcome("bbbbbbbbbbbbbbbb", "standby"), nowMs);
        core.heartbeat(1, "standby", nowMs);
        nowMs += backoff.lastMs;
      }
      core.tick(nowMs - backoff.lastMs + 1);
      heard();
      return nowMs - backoff.lastMs + 1;
    };

    test("it connects again at once where its broker is lost: that one had served", () => {
      const nowMs = searchInVain();
      core.lost(1, nowMs);
      core.tick(nowMs + backoff.firstMs);
      expect(heard()).toContain("open 12 12");
    });

    test("it looks at once, and often, where its broker begins to end", () => {
      const nowMs = searchInVain();
      core.goAway(1, "terminating", nowMs);
      core.tick(nowMs);
      expect(heard()).toEqual(["open 12 12"]);
      core.opened(12, nowMs);
      core.welcome(12, welcome("bbbbbbbbbbbbbbbb", "terminating"), nowMs);
      core.tick(nowMs + backoff.firstMs);
      expect(heard()).toContain("open 13 13");
    });

    test("it begins anew where its broker has been active in between", () => {
      const nowMs = searchInVain();
      core.goAway(1, "active", nowMs);
      core.tick(nowMs + backoff.lastMs);
      core.goAway(1, "standby", nowMs + backoff.lastMs);
      core.tick(nowMs + backoff.lastMs);
      core.opened(12, nowMs + backoff.lastMs);
      core.welcome(12, welcome("bbbbbbbbbbbbbbbb", "standby"), nowMs + backoff.lastMs);
      core.tick(nowMs + backoff.lastMs + backoff.firstMs);
      expect(heard()).toContain("open 13 13");
    });
  });

  test("what it answers with draining is sent elsewhere, at no cost", () => {
    connect();
    ask("one");
    core.error(1, 1, "draining", "no", "", 10);
    core.tick(20);
    core.opened(2, 30);
    core.welcome(2, welcome("bbbbbbbbbbbbbbbb"), 40);
    core.reply(2, 1, Buffer.from("r"), 50);
    expect(settled()).toEqual(["settle one reply r"]);
  });
});

test("a busy broker is asked again as often as retries allow", () => {
  connect();
  ask("one", { retries: 1 });
  core.error(1, 1, "busy", "no", "", 10);
  core.tick(10 + backoff.firstMs);
  core.error(1, 1, "busy", "no", "full", 100);
  expect(settled()).toEqual(["settle one busy no"]);
});

test("no more is sent than the broker takes from one client: the rest waits here", () => {
  connect();
  for (const name of ["a", "b", "c", "d"]) ask(name);
  expect(heard().filter((line) => line.startsWith("request"))).toHaveLength(3);
  core.reply(1, 2, Buffer.from("r"), 1);
  expect(heard()).toEqual(["settle b reply r", "request 1 4 999 false s 0 d"]);
});

test("a request that is larger than its broker takes is not sent there; whether it is, is known by its WELCOME", () => {
  core.tick(0);
  core.opened(1, 0);
  core.request("large", { service: "s", body: Buffer.alloc(packedBytes + 1), timeoutMs: 1_000, retries: 0, trace: undefined, partialCredit: 0 }, 0);
  ask("one");
  core.tick(1);
  expect(heard().filter((line) => line.startsWith("request"))).toEqual(["request 1 2 999 false s 0 one"]);
  core.welcome(1, welcome(), 2);
  expect(settled()).toEqual(["settle large too_large no"]);
});

test("a cancelled request is cancelled at the broker, and settled once", () => {
  connect();
  const id = ask("one");
  core.cancel(id, 5);
  core.cancel(id, 6);
  core.reply(1, id, Buffer.from("late"), 7);
  expect(settled()).toEqual(["settle one cancelled maybe"]);
});

test("closing sends nothing more: what was never sent surely did not run", () => {
  connect();
  for (const name of ["a", "b", "c", "d"]) ask(name);
  heard();
  core.close();
  expect(heard()).toEqual(["settle a closed maybe", "settle b closed maybe", "settle c closed maybe", "settle d closed no", "disconnect 1", "close 1"]);
});

test("closing ends every request once and leaves every connection", () => {
  ask("unsent");
  connect();
  ask("sent");
  heard();
  core.close();
  expect(heard().sort()).toEqual(["close 1", "disconnect 1", "settle sent closed maybe", "settle unsent closed maybe"]);
  expect(core.outstanding).toBe(0);
});
