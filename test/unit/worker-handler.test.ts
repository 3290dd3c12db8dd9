import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { HandlerError } from "../../services/worker/handler.ts";
import type { Handler, HandlerContext } from "../../services/worker/handler.ts";
import { createRunner } from "../../services/worker/runner.ts";
import type { Runner, RunnerOptions } from "../../services/worker/runner.ts";

const client = Buffer.from("0011223344556677", "hex");
const now = (): number => performance.now();
const waiting = { timeout: 20_000 } as const;

let runner: Runner;
/** What left the handlers, as short texts in order. */
let sent: string[];
let logged: unknown[];
let revoked: Set<number>;

function start(handler: Handler, change: Partial<RunnerOptions> = {}): void {
  sent = [];
  logged = [];
  revoked = new Set();
  runner = createRunner(handler, {
    service: "echo",
    concurrency: 1,
    timeoutMs: 5_000,
    attempts: 3,
    maxBodyBytes: 1_000,
    slots: { claim: (slot) => !revoked.has(slot) },
    replies: {
      reply: (slot, body) => void sent.push(`${slot} reply ${body}`),
      partial: (slot, body) => void sent.push(`${slot} partial ${body}`),
      error: (slot, name, message) => void sent.push(`${slot} ${name}: ${message}`),
      dropped: (slot) => void sent.push(`${slot} dropped`),
      wake() {},
    },
    log: {
      isLevelEnabled: () => false,
      error: (...line: unknown[]) => void logged.push(line),
      warn: (...line: unknown[]) => void logged.push(line),
    } as unknown as RunnerOptions["log"],
    now,
    onOutcome: () => {},
    ...change,
  });
}

afterEach(() => runner.abandon("the test is over"));

function request(slot: number, change: { body?: string; leftMs?: number; attempt?: number; credit?: number; trace?: string } = {}): void {
  const { body = "body", leftMs = 60_000, attempt = 1, credit, trace } = change;
  runner.request(slot, attempt, client, 7, now() + leftMs, credit, trace, Buffer.from(body), "green");
}

async function says(...lines: string[]): Promise<void> {
  await vi.waitFor(() => expect(sent).toEqual(lines), waiting);
}

const retryable = Object.assign(new Error("later"), { retryable: true });
const never: Handler = () => new Promise(() => {});

describe("a handler that fails", () => {
  test("tells its client nothing of what it threw, and the log everything", async () => {
    const error = new Error("password=1234");
    start(() => Promise.reject(error));
    request(1);
    await says("1 failed: the handler failed (request 0011223344556677-7)");
    expect(logged).toEqual([[expect.objectContaining({ err: error, request_id: "0011223344556677-7", color: "green" }), "handler failed"]]);
  });

  test.each([new HandlerError("no such customer"), Object.assign(new Error("no such customer"), { expose: true })])(
    "tells what is meant for the client: %o",
    async (error) => {
      start(() => {
        throw error;
      });
      request(1);
      await says("1 failed: no such customer");
    },
  );

  test.each([undefined, null, "text", 7])("with %s thrown fails like any other", async (thrown) => {
    start(() => Promise.reject(thrown));
    request(1);
    await says("1 failed: the handler failed (request 0011223344556677-7)");
  });

  test("is tried again only where its error is retryable, and knows at which try it is", async () => {
    const attempts: number[] = [];
    start((_, { attempt }) => {
      attempts.push(attempt);
      if (attempts.length < 3) throw retryable;
      return "done";
    });
    request(1, { attempt: 2 });
    await says("1 reply done");
    expect(attempts).toEqual([2, 3, 4]);
  });

  test("gives up after RETRY_ATTEMPTS tries", async () => {
    const handler = vi.fn(() => Promise.reject(new HandlerError("still busy", { retryable: true })));
    start(handler, { attempts: 2 });
    request(1);
    await says("1 failed: still busy");
    expect(handler).toHaveBeenCalledTimes(2);
  });

  test("is not tried again once a part of its reply has gone out", async () => {
    const handler = vi.fn(async function* () {
      yield "part";
      throw retryable;
    });
    start(handler);
    request(1, { credit: 9 });
    await says("1 partial part", "1 failed: the handler failed (request 0011223344556677-7)");
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test.each([
    [undefined, "undefined"],
    [null, "null"],
    [7, "number"],
  ])("with %s instead of a reply says so in the log", async (reply, name) => {
    start((() => reply) as unknown as Handler);
    request(1);
    await vi.waitFor(() => expect(sent).toHaveLength(1), waiting);
    expect(logged).toEqual([
      [expect.objectContaining({ err: expect.objectContaining({ message: expect.stringContaining(`not ${name}`) }) }), "handler failed"],
    ]);
  });

  test("with a reply that is too large names both sizes", async () => {
    start(() => "x".repeat(1_001));
    request(1);
    await says("1 too_large: the reply has 1001 bytes, at most 1000 are allowed (MAX_MESSAGE_SIZE)");
  });
});

describe("a request whose time is over", () => {
  test("never begins", async () => {
    const handler = vi.fn<Handler>(() => "reply");
    start(handler);
    request(1, { leftMs: 0 });
    await says("1 expired: its time was over before its handler began");
    expect(handler).not.toHaveBeenCalled();
  });

  test("is ended once, its handler is told, and what that still answers is nobody's", async () => {
    let context: HandlerContext | undefined;
    start(async (_, given) => {
      context = given;
      await sleep(60_000, undefined, { signal: given.signal }).catch(() => {});
      return "late";
    });
    request(1, { leftMs: 1_000 });
    await vi.waitFor(() => expect(context?.signal.aborted).toBe(true), waiting);
    expect(context?.remainingMs()).toBe(0);
    await says("1 expired: its time was over before its handler ended");
  });

  test("is ended once between two tries as well, and the next one runs", async () => {
    const outcomes: string[] = [];
    start(
      (body) => {
        if (body.toString() === "good") return "fine";
        throw retryable;
      },
      { timeoutMs: 120, attempts: 99, onOutcome: (outcome) => void outcomes.push(outcome) },
    );
    request(1);
    request(2, { body: "good" });
    await says("1 expired: its time was over before its handler ended", "2 reply fine");
    expect(outcomes).toEqual(["timed_out", "replied"]);
  });
});

describe("requests behind a running one", () => {
  test("wait, in their order, and no more run at once than are allowed", async () => {
    const ends: (() => void)[] = [];
    start((body) => new Promise((resolve) => ends.push(() => resolve(body))), { concurrency: 2 });
    for (const slot of [1, 2, 3]) request(slot, { body: `${slot}` });
    await vi.waitFor(() => expect(ends).toHaveLength(2), waiting);
    ends[1]!();
    await vi.waitFor(() => expect(ends).toHaveLength(3), waiting);
    expect(sent).toEqual(["2 reply 2"]);
  });

  test("that were taken back are passed over", async () => {
    start((body) => body);
    revoked.add(1);
    request(1);
    request(2);
    await says("1 dropped", "2 reply body");
  });
});

test("a handler that nobody waits for is told by its signal", async () => {
  let context: HandlerContext | undefined;
  start((body, given) => {
    context = given;
    return never(body, given);
  });
  request(1);
  await vi.waitFor(() => expect(context).toBeDefined(), waiting);
  runner.cancel(1, "cancelled");
  expect(context!.signal.aborted).toBe(true);
});

describe("a reply", () => {
  test.each<[string, Handler]>([
    ["a Buffer", () => Buffer.from("ä")],
    ["a string", () => "ä"],
    ["a part of a Uint8Array", () => new Uint8Array([1, ...Buffer.from("ä"), 1]).subarray(1, 3)],
    ["a promise", async () => "ä"],
    [
      "what a generator yields, joined where parts are not asked for",
      function* () {
        yield Buffer.from("ä").subarray(0, 1);
        return Buffer.from("ä").subarray(1);
      },
    ],
  ])("may be %s", async (_, handler) => {
    start(handler);
    request(1);
    await says("1 reply ä");
  });

  test("in parts goes out part by part; the generator is not asked for more than there is credit", async () => {
    let made = 0;
    start(async function* () {
      for (made = 1; made <= 3; made += 1) yield `part ${made}`;
    });
    request(1, { credit: 2 });
    await says("1 partial part 1", "1 partial part 2");
    expect(made).toBe(2);
    runner.partialCredit(1, 5);
    await says("1 partial part 1", "1 partial part 2", "1 partial part 3", "1 reply ");
  });

  test("in parts that nobody takes any more lets the generator clean up", async () => {
    const cleaned = vi.fn();
    start(async function* () {
      try {
        for (;;) yield "part";
      } finally {
        cleaned();
      }
    });
    request(1, { credit: 1 });
    await says("1 partial part");
    runner.cancel(1, "cancelled");
    await vi.waitFor(() => expect(cleaned).toHaveBeenCalled(), waiting);
  });

  test("in parts that is cancelled while its next part is made ends at once, out of credit or not", async () => {
    const made = Promise.withResolvers<void>();
    let cleaned = false;
    start(
      async function* () {
        try {
          await made.promise;
          yield "a part";
        } finally {
          cleaned = true;
        }
      },
      { timeoutMs: 60_000 },
    );
    request(1, { credit: 1 });
    await sleep(0);
    runner.cancel(1, "cancelled");
    made.resolve();
    await says("1 partial a part", expect.stringMatching(/^1 failed: /) as unknown as string);
    await vi.waitFor(() => expect(cleaned).toBe(true), waiting);
  });

  test.each([
    ["at once", (value: unknown) => value],
    ["later", (value: unknown) => Promise.resolve(value)],
  ])("that cannot be read ends its request and nothing else, given %s", async (_, given) => {
    const locked = new ReadableStream();
    locked.getReader();
    start((body) => given(body.toString() === "locked" ? locked : body) as Buffer);
    request(1, { body: "locked" });
    request(2);
    await says(expect.stringMatching(/^1 failed: /) as unknown as string, "2 reply body");
  });
});

test("the context tells what came with the request", async () => {
  let context: HandlerContext | undefined;
  start((_, given) => {
    context = given;
    return "reply";
  });
  request(1, { trace: "00-abc-def-01\nvendor=1" });
  await says("1 reply reply");
  expect(context).toMatchObject({
    service: "echo",
    requestId: "0011223344556677-7",
    attempt: 1,
    trace: { traceparent: "00-abc-def-01", tracestate: "vendor=1" },
  });
});
