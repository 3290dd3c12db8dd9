import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { createLog } from "../../services/process/log.ts";
import { worker } from "../../services/worker/worker.ts";
import { atEnd } from "./processes.ts";

const log = createLog({ logger: "test", level: "CRITICAL" });

/** Computes, so that nothing else is heard of meanwhile. */
function compute(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test("a worker that computes while its connections end has ended well, whichever news it hears first", async () => {
  const fatal: unknown[] = [];
  const hear = (error: unknown): void => void fatal.push(error);
  process.on("uncaughtException", hear);
  try {
    for (const delayMs of [0, 1, 0, 1]) {
      const broker = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
      atEnd(() => broker.close());
      await once(broker, "listening");
      const busy = worker("echo", (body) => body, { brokers: [`tcp://127.0.0.1:${(broker.address() as AddressInfo).port}`], log });
      await once(broker, "connection"); // its thread runs; where it does not yet, the order is another one
      const stopped = busy.stop(1_000);
      if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
      compute(500);
      expect(await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 20_000, "not told"))])).toBe(true);
    }
  } finally {
    process.off("uncaughtException", hear);
  }
  expect(fatal).toEqual([]);
});
