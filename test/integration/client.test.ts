import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { ClientClosed, HandlerFailed, NoSuchService, RequestAborted, RequestInvalid, RequestTimeout, TooLarge } from "../../services/client/errors.ts";
import { readFromClient, toClient } from "../../services/majordomo/extension/client.ts";
import { RecordWriter } from "../../services/majordomo/extension/writer.ts";
import { listen } from "../../services/transport/listen.ts";
import type { Connection } from "../../services/transport/zmtp/connection.ts";
import { createGate, gateHandler } from "./gate.ts";
import { atEnd, folder, freePort, metric, metricIs, start, startBroker, startWorker, waiting } from "./processes.ts";

function open(...endpoints: string[]) {
  const client = createClient({ endpoints });
  atEnd(() => client.close());
  return client;
}

describe("each way to fail has its own error", () => {
  test("an endpoint that is none is refused at once", () => {
    expect(() => createClient({ endpoints: ["localhost:5555"] })).toThrow(TypeError);
    expect(() => createClient({ endpoints: [] })).toThrow(TypeError);
  });

  test("what cannot be sent", async () => {
    const client = open(`tcp://127.0.0.1:${await freePort()}`);
    await expect(client.request("", "x")).rejects.toBeInstanceOf(RequestInvalid);
    await expect(client.request("echo", Buffer.alloc(16_777_217))).rejects.toBeInstanceOf(TooLarge);
  });

  test("no reply in time", async () => {
    const broker = await startBroker();
    const request = open(broker.frontend).request("nobody", "x", { timeoutMs: 3_000 });
    await expect(request).rejects.toBeInstanceOf(NoSuchService);
    await expect(request).rejects.toMatchObject({ service: "nobody", executed: "no", message: expect.stringContaining("no worker serves") });
  });

  test("no broker in time", async () => {
    const request = open(`tcp://127.0.0.1:${await freePort()}`).request("echo", "x", { timeoutMs: 3_000 });
    await expect(request).rejects.toBeInstanceOf(RequestTimeout);
    await expect(request).rejects.toMatchObject({ executed: "no", message: expect.stringContaining("connection refused") });
  });

  test("a handler that fails says what is safe to say, at once", async () => {
    const broker = await startBroker();
    await startWorker([broker], { SERVICE: "failing", HANDLER: `${import.meta.dirname}/handlers/failing.ts` });
    const request = open(broker.frontend).request("failing", "bad", { timeoutMs: 20_000 });
    await expect(request).rejects.toBeInstanceOf(HandlerFailed);
    await expect(request).rejects.toMatchObject({ executed: "maybe", message: expect.not.stringContaining("this handler fails") });
  });

  test("a name that cannot be resolved is named", async () => {
    await expect(open("tcp://nowhere.invalid:5555").request("echo", "x", { timeoutMs: 3_000 })).rejects.toThrow(
      /the name in tcp:\/\/nowhere.invalid:5555 cannot be resolved/,
    );
  });

  test("an abort, before and after it was sent", async () => {
    const broker = await startBroker();
    const client = open(broker.frontend);
    await expect(client.request("nobody", "x", { signal: AbortSignal.abort("early") })).rejects.toMatchObject({ executed: "no", cause: "early" });
    const abort = new AbortController();
    const request = client.request("nobody", "x", { signal: abort.signal });
    await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="waiting"', 1);
    abort.abort("late");
    await expect(request).rejects.toBeInstanceOf(RequestAborted);
    await expect(request).rejects.toMatchObject({ executed: "maybe", cause: "late" });
  });

  test("a closed client", async () => {
    const client = open(`tcp://127.0.0.1:${await freePort()}`);
    const request = client.request("echo", "x");
    client.close();
    client.close();
    await expect(request).rejects.toBeInstanceOf(ClientClosed);
    await expect(client.request("echo", "x")).rejects.toBeInstanceOf(ClientClosed);
  });
});

test("a closed client lets its process end", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "echo" });
  const program = start(`/${import.meta.dirname}/programs/closes-its-client.ts`, {}, [broker.frontend]);
  expect(await program.exit).toBe(0);
  expect(program.output().toString()).toBe("echo\nClientClosed, executed: maybe\nClientClosed\n");
});

test("many requests at once each get their own reply, from several workers", async () => {
  const broker = await startBroker();
  await Promise.all([startWorker([broker], { SERVICE: "echo" }), startWorker([broker], { SERVICE: "echo" })]);
  const client = open(broker.frontend);
  const bodies = Array.from({ length: 500 }, (_, index) => `body ${index}`);
  const replies = await Promise.all(bodies.map((body) => client.request("echo", body, { timeoutMs: 20_000 })));
  expect(replies.map(String)).toEqual(bodies);
});

test("a retry reaches another broker when the first one dies", async () => {
  const brokers = [await startBroker(), await startBroker()];
  await startWorker(brokers, { SERVICE: "gate", HANDLER: gateHandler, WORKER_CONCURRENCY: "2" });
  const gate = createGate();
  const reply = open(...brokers.map(({ frontend }) => frontend)).request("gate", gate.body, { timeoutMs: 2_000, retries: 3 });
  await gate.started();
  const holder = await Promise.any(brokers.map((broker) => metricIs(broker.ports.metrics, 'zeromq_queue_length{state="held"', 1).then(() => broker)));
  holder.process.kill("SIGKILL");
  await gate.started(2);
  gate.open();
  expect(Number(await reply)).toBeGreaterThan(0);
});

test("a client that comes back from a search in vain is the same to its broker, which so runs nothing twice", async () => {
  const said: string[] = [];
  const first = Promise.withResolvers<Connection>();
  const ignore = (): void => {};
  const listener = await listen({
    endpoint: `tcp://127.0.0.1:${await freePort()}`,
    limits: { maxFrameBytes: 1_000_000, maxFrames: 64, maxUnsentBytes: 1_000_000, handshakeTimeoutMs: 5_000, maxConnections: 10, maxHandshakes: 10 },
    onOpen: first.resolve,
    onClose: ignore,
    onHandshakeFailure: ignore,
    onRefused: ignore,
    onMessage(connection, frames) {
      readFromClient(frames, {
        hello(_from, _to, instance) {
          said.push(`hello ${instance}`);
          const writer = new RecordWriter();
          const about = {
            version: 1,
            instance: "0011223344556677",
            heartbeatIntervalMs: 10_000,
            heartbeatLiveness: 3,
            maxBodyBytes: 1_000,
            maxOutstanding: 10,
          };
          toClient.welcome(writer, { ...about, role: "standby" });
          connection.send(writer.take());
        },
        request: (id) => void said.push(`request ${id}`),
        // It looked for an active broker, and found this one again.
        disconnect: () => void first.promise.then((one) => one.destroy()),
        heartbeat: ignore,
        cancel: ignore,
        partialCredit: ignore,
      });
    },
  });
  const client = open(`tcp://127.0.0.1:${listener.port}`);
  const request = client.request("echo", "once", { timeoutMs: 60_000 }).catch(ignore);
  await vi.waitFor(() => expect(said.filter((line) => line === "request 1")).toHaveLength(2), waiting);
  client.close();
  await request;
  await listener.close(0);
  const again = said.lastIndexOf("request 1");
  expect(said.slice(0, again).findLast((line) => line.startsWith("hello"))).toBe(said[0]);
  expect(said[1]).not.toBe(said[0]);
});

test("a handler is told the request's id, what is left of its time, and the trace context", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "context", HANDLER: `${import.meta.dirname}/handlers/context.ts` });
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\nvendor=1";
  const told = JSON.parse((await open(broker.frontend).request("context", "", { timeoutMs: 8_000, trace })).toString()) as { remainingMs: number };
  expect(told).toMatchObject({
    service: "context",
    attempt: 1,
    aborted: false,
    requestId: expect.stringMatching(/^[0-9a-f]{16}-1$/),
    trace: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "vendor=1" },
  });
  expect(told.remainingMs).toBeGreaterThan(0);
  expect(told.remainingMs).toBeLessThanOrEqual(8_000);
});

describe("a reply in parts", () => {
  const parts = { SERVICE: "parts", HANDLER: `${import.meta.dirname}/handlers/parts.ts` };
  const made = (file: string): Promise<string> => vi.waitFor(() => readFileSync(file, "utf8"), waiting);

  test("comes part by part to who asks for them, and whole to who does not", async () => {
    const broker = await startBroker();
    await startWorker([broker], parts);
    const client = open(broker.frontend);
    const file = join(folder(), "made");
    const seen: string[] = [];
    for await (const part of client.stream("parts", `500 ${file}`, { timeoutMs: 20_000 })) seen.push(part.toString());
    expect(seen).toEqual([...Array.from({ length: 500 }, (_, index) => `part ${index};`), "end"]);
    expect((await client.request("parts", `3 ${file}`, { timeoutMs: 20_000 })).toString()).toBe("part 0;part 1;part 2;end");
  });

  test("is not made faster than it is taken, and ends when its reader leaves", async () => {
    const broker = await startBroker();
    await startWorker([broker], parts);
    const file = join(folder(), "made");
    for await (const part of open(broker.frontend).stream("parts", `1000000 ${file}`, { timeoutMs: 20_000 })) {
      if (part.toString() === "part 10;") break;
    }
    expect(Number(await made(file))).toBeLessThan(100);
    await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="held"', 0);
  });
});

test("a client that takes small replies only takes them packed, too", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "echo" });
  const client = createClient({ endpoints: [broker.frontend], maxMessageBytes: 1_000 });
  atEnd(() => client.close());
  const bodies = Array.from({ length: 100 }, (_, index) => Buffer.alloc(500, index));
  expect(await Promise.all(bodies.map((body) => client.request("echo", body, { timeoutMs: 20_000 })))).toEqual(bodies);
});

test("thousands of requests are outstanding on one connection", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "gate", HANDLER: gateHandler, WORKER_CONCURRENCY: "1" });
  const gate = createGate();
  const client = open(broker.frontend);
  const requests = Array.from({ length: 5_000 }, () => client.request("gate", gate.body, { timeoutMs: 50_000 }));
  await vi.waitFor(async () => expect(((await client.status()) as { waiting: number; held: number }).waiting).toBeGreaterThan(4_000), waiting);
  expect(await metric(broker.ports.metrics, 'zeromq_active_connections{side="frontend"')).toBe(1);
  gate.open();
  expect(new Set((await Promise.all(requests)).map(String)).size).toBe(1);
});
