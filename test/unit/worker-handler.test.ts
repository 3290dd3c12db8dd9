import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { HandlerTimeout, runHandler } from "../../services/worker/handler.ts";
import type { Handler, HandlerContext, RunOptions } from "../../services/worker/handler.ts";

const body = Buffer.from("body");

test("a request that is over leaves nobody listening, or each one would cost memory for ever", async () => {
  let signal: AbortSignal | undefined;
  await run((_, context) => ((signal = context.signal), "reply"));
  expect(getEventListeners(signal!, "abort")).toEqual([]);
});

function run(handler: Handler, change: Partial<RunOptions> = {}): Promise<Buffer> {
  return runHandler(handler, body, { service: "echo", deliveryId: "1", timeoutMs: 5_000, attempts: 3, signal: new AbortController().signal, ...change });
}

function failing(times: number, error: unknown): { handler: Handler; attempts: number[] } {
  const attempts: number[] = [];
  return {
    attempts,
    handler(_, { attempt }) {
      attempts.push(attempt);
      if (attempt <= times) throw error;
      return `attempt ${attempt}`;
    },
  };
}

const retryable = Object.assign(new Error("later"), { retryable: true });

describe("a handler that fails", () => {
  test("is not tried again by default", async () => {
    const { handler, attempts } = failing(1, new Error("broken"));
    await expect(run(handler)).rejects.toThrow("broken");
    expect(attempts).toEqual([1]);
  });

  test("is tried again where its error is retryable", async () => {
    const { handler, attempts } = failing(2, retryable);
    expect(String(await run(handler))).toBe("attempt 3");
    expect(attempts).toEqual([1, 2, 3]);
  });

  test("fails with its last error after RETRY_ATTEMPTS tries", async () => {
    const { handler, attempts } = failing(9, retryable);
    await expect(run(handler, { attempts: 2 })).rejects.toBe(retryable);
    expect(attempts).toEqual([1, 2]);
  });

  test.each([[undefined, "undefined"], [null, "null"], [7, "number"], [{}, "object"]])("with %s instead of a reply says so", async (reply, name) => {
    await expect(run((() => reply) as unknown as Handler)).rejects.toThrow(`a handler must return a Buffer or a string, not ${name}`);
  });

  test.each([undefined, null, "text"])("with %s thrown fails with just that", async (thrown) => {
    const outcome = await run(() => Promise.reject(thrown)).catch((error: unknown) => ({ error }));
    expect(outcome).toEqual({ error: thrown });
  });
});

describe("a handler that takes too long", () => {
  test("is told by its signal and given up", async () => {
    let context: HandlerContext | undefined;
    const never: Handler = (_, given) => ((context = given), new Promise(() => {}));
    await expect(run(never, { timeoutMs: 10 })).rejects.toBeInstanceOf(HandlerTimeout);
    expect(context?.signal.aborted).toBe(true);
  });

  test("is given up between two tries as well", async () => {
    await expect(run(failing(99, retryable).handler, { timeoutMs: 120, attempts: 99 })).rejects.toBeInstanceOf(HandlerTimeout);
  });

  test("is given up when nobody waits any more", async () => {
    const abort = new AbortController();
    const started = vi.fn<Handler>(() => new Promise(() => {}));
    const outcome = run(started, { signal: abort.signal });
    abort.abort(new Error("gone"));
    await expect(outcome).rejects.toThrow("gone");
  });
});

describe("a reply", () => {
  test.each<[string, unknown]>([
    ["a Buffer", Buffer.from("ä")],
    ["a string", "ä"],
    ["a part of a Uint8Array", new Uint8Array([1, ...Buffer.from("ä"), 1]).subarray(1, 3)],
  ])("may be %s", async (_, reply) => {
    expect(String(await run((() => reply) as Handler))).toBe("ä");
  });
});
