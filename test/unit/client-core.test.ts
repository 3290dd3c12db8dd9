import { beforeEach, describe, expect, test } from "vitest";
import { createClientCore } from "../../services/client/core.ts";
import type { ClientCore } from "../../services/client/core.ts";
import { frames } from "./frames.ts";

let core: ClientCore;
let sent: string[];

beforeEach(() => {
  sent = [];
  core = createClientCore(
    { maxConnections: 2 },
    {
      open: (connection) => sent.push(`open:${connection}`),
      send: (connection, service, body) => sent.push(`${connection}<${service}:${body.join("|")}`),
      close: (connection) => sent.push(`close:${connection}`),
      settle: (request, outcome) => sent.push(`${request}=${outcome.kind === "reply" ? outcome.body.join("|") : `${outcome.kind}:${outcome.tries}`}`),
    },
  );
});

function request(id: number, { retries = 0, now = 0 } = {}): void {
  core.request(id, { service: "echo", body: frames([`b${id}`]), timeoutMs: 100, retries }, now);
}
function reply(connection: number, text: string, { part = "final" as "final" | "partial", service = "echo" } = {}): void {
  core.received(connection, part, service, frames([text]), 0);
}

describe("a reply never reaches another request", () => {
  test("a connection carries one request at a time and is then used again", () => {
    request(1);
    reply(1, "r1");
    request(2);
    expect(sent).toEqual(["open:1", "1<echo:b1", "1=r1", "1<echo:b2"]);
  });

  test("one that timed out loses its connection: the late reply would be the next one's", () => {
    request(1);
    core.tick(100);
    reply(1, "late");
    request(2);
    expect(sent).toEqual(["open:1", "1<echo:b1", "close:1", "1=timeout:1", "open:2", "2<echo:b2"]);
  });

  test("a reply that nobody asked for is ignored", () => {
    request(1);
    reply(1, "r1");
    reply(1, "again");
    reply(7, "from nowhere");
    expect(sent.filter((line) => line.startsWith("1="))).toEqual(["1=r1"]);
  });

  test("a reply of another service ends the connection", () => {
    request(1, { retries: 1 });
    reply(1, "wrong", { service: "other" });
    expect(sent).toEqual(["open:1", "1<echo:b1", "close:1", "open:2", "2<echo:b1"]);
  });

  test("partial replies come before the final one, and those of a broken try are forgotten", () => {
    request(1, { retries: 1 });
    reply(1, "lost", { part: "partial" });
    core.broken(1, 0);
    reply(2, "a", { part: "partial" });
    reply(2, "b");
    expect(sent.at(-1)).toBe("1=a|b");
  });
});

describe("a request always ends", () => {
  test("after its tries, each with its own time", () => {
    request(1, { retries: 1 });
    core.tick(99);
    expect(core.nextDeadlineMs).toBe(100);
    core.tick(100);
    expect(core.nextDeadlineMs).toBe(200);
    core.tick(200);
    expect(sent.at(-1)).toBe("1=timeout:2");
    expect(core.nextDeadlineMs).toBeUndefined();
  });

  test("in time, though no connection was ever free: it cannot have run", () => {
    for (const id of [1, 2, 3]) request(id, { now: id === 3 ? 0 : 50 });
    core.tick(100);
    expect(sent.at(-1)).toBe("3=timeout:0");
  });

  test("when it is cancelled", () => {
    request(1);
    core.cancel(1);
    core.cancel(1);
    expect(sent.slice(2)).toEqual(["close:1", "1=cancelled:1"]);
  });

  test("when the client is closed, and no connection stays open", () => {
    for (const id of [1, 2, 3]) request(id);
    reply(1, "r1");
    core.close();
    expect(sent.filter((line) => line.includes("="))).toEqual(["1=r1", "2=cancelled:1", "3=cancelled:1"]);
    const count = (word: string): number => sent.filter((line) => line.startsWith(word)).length;
    expect(count("close:")).toBe(count("open:"));
  });
});

test("requests beyond the pool wait their turn", () => {
  for (const id of [1, 2, 3, 4]) request(id);
  reply(2, "r2");
  reply(2, "r3");
  expect(sent.filter((line) => line.includes("<"))).toEqual(["1<echo:b1", "2<echo:b2", "2<echo:b3", "2<echo:b4"]);
});
