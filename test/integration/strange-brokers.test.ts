import { expect, test } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { atEnd, freePort, startBroker, startWorker, start, zmq } from "./processes.ts";

/** Takes connections as a broker does, and answers whatever comes with what no broker says. */
async function strangeBroker(): Promise<string> {
  const router = new zmq.Router({ linger: 0 });
  atEnd(() => router.close());
  const endpoint = `tcp://127.0.0.1:${await freePort()}`;
  await router.bind(endpoint);
  void (async () => {
    for await (const [peer] of router) await router.send([peer!, "what do you mean?"]).catch(() => {});
  })();
  return endpoint;
}

test("a client says of a broker that makes no sense that it makes none, and is served by the next one", async () => {
  const [strange, broker] = [await strangeBroker(), await startBroker()];
  await startWorker([broker], { SERVICE: "echo" });
  const alone = createClient({ endpoints: [strange] });
  atEnd(() => alone.close());
  await expect(alone.request("echo", "x", { timeoutMs: 3_000 })).rejects.toThrow(`the broker at ${strange} says what makes no sense`);
  const client = createClient({ endpoints: [strange, broker.frontend] });
  atEnd(() => client.close());
  expect((await client.request("echo", "served", { timeoutMs: 30_000, retries: 3 })).toString()).toBe("served");
});

test("a worker says of a broker that it does not understand what it may be, and goes on serving the others", async () => {
  const [strange, broker] = [await strangeBroker(), await startBroker()];
  const worker = start("worker", {
    SERVICE: "echo",
    BROKER_ADDRESS: `${strange},${broker.backend}`,
    METRICS_PORT: String(await freePort()),
    HEARTBEAT_INTERVAL: "0.3",
  });
  expect(await worker.said("connection closed")).toMatchObject({
    broker: strange,
    why: "malformed",
    detail: "not a message of ZSTW01: is it a plain Majordomo broker?",
  });
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  expect((await client.request("echo", "served", { timeoutMs: 30_000 })).toString()).toBe("served");
});
