import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { logFields } from "../../services/contract/logs.ts";
import { createKeyPair } from "../../services/transport/curve-keys.ts";
import { atEnd, folder, type Running, start, startBroker, startWorker, waiting, zmq } from "./processes.ts";

const quoting = join(import.meta.dirname, "handlers/quoting.ts");
const requestId = logFields.requestId.name;

/** Waits for a line about a request. */
function about(program: Running, id: string): Promise<Record<string, unknown>> {
  return vi.waitFor(() => {
    const line = program.lines().find((one) => one[requestId] === id);
    if (line === undefined) throw new Error(`no line about ${id}`);
    return line;
  }, waiting);
}

test("a request has one name at the client, the broker and the worker, and its lines the broker's colour", async () => {
  const broker = await startBroker({ COLOR: "green", LOG_LEVEL: "DEBUG" });
  const worker = await startWorker([broker], { SERVICE: "echo", LOG_LEVEL: "DEBUG" });
  const client = start("client", {}, ["request", "--json", "--service", "echo", "--body", "x", "--timeout-ms", "20000", "--address", broker.frontend]);
  expect(await client.exit).toBe(0);
  const { requestId: id } = JSON.parse(client.output().toString()) as { requestId: string };
  expect(id).toMatch(/^[0-9a-f]{16}-1$/);
  expect(await about(broker, id)).toMatchObject({
    level: "DEBUG",
    logger: "zeromq.broker",
    module: "broker",
    color: "green",
    service: "echo",
    outcome: "replied",
    milliseconds: expect.any(Number),
  });
  expect(await about(worker, id)).toMatchObject({
    level: "DEBUG",
    logger: "zeromq.worker",
    module: "worker",
    color: "green",
    service: "echo",
    outcome: "replied",
  });
});

test("a request that gets no reply is told of at the ordinary level, as a warning, with why", async () => {
  const broker = await startBroker();
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  let id = "";
  await expect(client.request("nobody", "x", { timeoutMs: 500, onSent: (name) => void (id = name) })).rejects.toThrow();
  expect(await about(broker, id)).toMatchObject({ level: "WARNING", color: "blue", service: "nobody", outcome: "no_such_service" });
});

test("the level of the mounted file is followed while the programs run", async () => {
  const path = folder();
  const files = { broker: join(path, "broker.conf"), worker: join(path, "worker.conf") };
  const level = (word: string): void => {
    for (const file of Object.values(files)) writeFileSync(file, `log_level = ${word}\n`);
  };
  level("INFO");
  const broker = await startBroker({ CONFIG_FILE: files.broker });
  const worker = await startWorker([broker], { SERVICE: "echo", CONFIG_FILE: files.worker });
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  const ask = async (): Promise<string> => {
    let id = "";
    await client.request("echo", "x", { timeoutMs: 20_000, onSent: (name) => void (id = name) });
    return id;
  };
  const quiet = await ask();
  level("DEBUG");
  for (const program of [broker, worker]) expect(await program.said("log level changed")).toMatchObject({ to: "DEBUG" });
  const told = await ask();
  for (const program of [broker, worker]) {
    await about(program, told);
    expect(program.lines().filter((line) => line[requestId] === quiet)).toEqual([]);
  }
});

test("no line holds a key, or anything of a request or a reply, whatever goes wrong, at any level", async () => {
  const payload = "hunter2-hunter2-hunter2";
  const [server, clientPair, workerPair] = [createKeyPair(), createKeyPair(), createKeyPair()];
  const path = folder();
  const files = { clients: join(path, "clients"), workers: join(path, "workers") };
  writeFileSync(files.clients, `${clientPair.publicKey} shop\n`);
  writeFileSync(files.workers, `${workerPair.publicKey} till\n`);
  const broker = await startBroker({
    LOG_LEVEL: "DEBUG",
    CURVE_PUBLIC_KEY: server.publicKey,
    CURVE_SECRET_KEY: server.secretKey,
    CURVE_CLIENT_KEYS_FILE: files.clients,
    CURVE_WORKER_KEYS_FILE: files.workers,
    MAX_REQUESTS_PER_SERVICE: "1",
  });
  const worker = await startWorker([broker], {
    SERVICE: "quoting",
    HANDLER: quoting,
    LOG_LEVEL: "DEBUG",
    MAX_MESSAGE_SIZE: "2000",
    RETRY_ATTEMPTS: "2",
    CURVE_SERVER_KEY: server.publicKey,
    CURVE_PUBLIC_KEY: workerPair.publicKey,
    CURVE_SECRET_KEY: workerPair.secretKey,
  });
  const client = createClient({ endpoints: [broker.frontend], curve: { serverKey: server.publicKey, ...clientPair } });
  atEnd(() => client.close());
  for (const how of ["echo", "throw", "json", "cause", "thrown text", "number", "large"])
    await client.request("quoting", `${payload} ${how}`, { timeoutMs: 20_000 }).catch(() => {});
  await Promise.allSettled(Array.from({ length: 20 }, () => client.request("quoting", `${payload} echo`, { timeoutMs: 20_000 })));

  // A peer that is no Majordomo one at all, and one that says the wrong thing.
  const plain = new zmq.Dealer({
    linger: 0,
    receiveTimeout: 20_000,
    curveServerKey: server.publicKey,
    curvePublicKey: clientPair.publicKey,
    curveSecretKey: clientPair.secretKey,
  });
  atEnd(() => plain.close());
  plain.connect(broker.frontend);
  for (const frames of [
    [payload],
    ["", payload, payload],
    ["MDPC02", payload, "quoting", payload],
    ["MDPC02", "\x01", `${payload}\n`, payload],
    [`ZSTC01${payload}`],
    ["MDPC01", payload.slice(0, 6)],
  ])
    await plain.send(frames);
  await vi.waitFor(() => expect(broker.lines().filter(({ message }) => message === "malformed message").length).toBeGreaterThanOrEqual(2), waiting);
  await vi.waitFor(() => expect(worker.lines().filter(({ message }) => message === "handler failed").length).toBeGreaterThanOrEqual(4), waiting);

  const written = [broker, worker].map((program) => program.output().toString() + program.errors()).join("\n");
  for (const part of [payload, payload.slice(0, 7), server.secretKey, clientPair.secretKey, workerPair.secretKey]) {
    for (const form of [
      part,
      JSON.stringify(part).slice(1, -1),
      Buffer.from(part).toString("hex"),
      Buffer.from(part)
        .toString("base64")
        .slice(0, Math.floor(part.length / 3) * 4),
    ])
      expect(written).not.toContain(form);
  }
});

test("a handler that fails for everybody does not fill the log: some are told, and how many were not", async () => {
  const broker = await startBroker();
  const worker = await startWorker([broker], { SERVICE: "quoting", HANDLER: quoting, WORKER_CONCURRENCY: "10" });
  const client = createClient({ endpoints: [broker.frontend] });
  atEnd(() => client.close());
  const flood = () => Promise.allSettled(Array.from({ length: 1_000 }, () => client.request("quoting", "x throw", { timeoutMs: 60_000 })));
  const told = () => worker.lines().filter(({ message }) => message === "handler failed");
  await flood();
  await vi.waitFor(
    async () => {
      await flood();
      expect(told().some(({ suppressed }) => Number(suppressed) > 0)).toBe(true);
    },
    { timeout: 40_000, interval: 500 },
  );
  const failed = told().reduce((sum, { suppressed = 0 }) => sum + 1 + Number(suppressed), 0);
  expect(told().length * 2).toBeLessThan(failed);
});
