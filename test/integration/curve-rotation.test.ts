import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import type { Status } from "../../services/broker/status.ts";
import { createKeyPair } from "../../services/transport/curve-keys.ts";
import { atEnd, folder, metricIs, start, startBroker, startWorker, waiting, zmq } from "./processes.ts";

/** The files of a stack, as its ConfigMap and Secrets bring them to the pods. */
function stackFiles() {
  const [client, worker] = [createKeyPair(), createKeyPair()];
  const old = { ...createKeyPair(), createdSeconds: 1_700_000_000 };
  const next = { ...createKeyPair(), createdSeconds: 1_800_000_000 };
  const path = folder();
  const at = (name: string): string => join(path, name);
  const peer = (pair: typeof client, keys: readonly string[]): string =>
    `CURVE_SERVER_KEY=${keys.join(",")}\nCURVE_PUBLIC_KEY=${pair.publicKey}\nCURVE_SECRET_KEY=${pair.secretKey}\n`;
  /** A step of a rotation. */
  const step = (...pairs: (typeof old)[]): void => {
    writeFileSync(at("pairs"), pairs.map(({ publicKey, secretKey, createdSeconds }) => `${publicKey} ${secretKey} ${createdSeconds}\n`).join(""));
    writeFileSync(
      at("client"),
      peer(
        client,
        pairs.map(({ publicKey }) => publicKey),
      ),
    );
    writeFileSync(
      at("worker"),
      peer(
        worker,
        pairs.map(({ publicKey }) => publicKey),
      ),
    );
  };
  writeFileSync(at("clients"), `${client.publicKey} shop\n`);
  writeFileSync(at("workers"), `${worker.publicKey} worker\n`);
  step(old);
  const broker = {
    CURVE_PUBLIC_KEY: old.publicKey,
    CURVE_SECRET_KEY: old.secretKey,
    CURVE_PAIRS_FILE: at("pairs"),
    CURVE_CLIENT_KEYS_FILE: at("clients"),
    CURVE_WORKER_KEYS_FILE: at("workers"),
  };
  return { old, next, client, at, step, peer, broker };
}

test("a server key is changed under load: no request is lost, and who holds both keys never notices", async () => {
  const { old, next, client, at, step, broker: env } = stackFiles();
  const broker = await startBroker(env);
  await startWorker([broker], { SERVICE: "echo", CURVE_PEER_FILE: at("worker") });
  const accepted = (...pairs: readonly { publicKey: string }[]): Promise<void> =>
    vi.waitFor(async () => {
      const status = (await looking.status()) as Status;
      expect(status.serverKeys.filter(({ accepted }) => accepted).map(({ publicKey }) => publicKey)).toEqual(pairs.map(({ publicKey }) => publicKey));
    }, waiting);
  const looking = createClient({ endpoints: [broker.frontend], curve: { file: at("client") } });
  atEnd(() => looking.close());
  // Asks again and again, with a connection of its own each time, beside one that stays; each holds its file's keys.
  const load = start("client", { CURVE_PEER_FILE: at("client") }, [
    "load",
    "--service",
    "echo",
    "--address",
    broker.frontend,
    "--duration-seconds",
    "600",
    "--concurrency",
    "8",
    "--json",
  ]);
  let ending = false;
  const outcomes: string[] = [];
  const comers = (async () => {
    while (!ending) {
      const one = createClient({ endpoints: [broker.frontend], curve: { file: at("client") } });
      outcomes.push(await one.request("echo", "hello", { timeoutMs: 20_000 }).then(String, (error: Error) => error.message));
      one.close();
    }
  })();

  for (const pairs of [[old, next], [next, old], [next]]) {
    step(...pairs);
    await accepted(...pairs);
    // The age that an alert asks for is that of the oldest key that still opens.
    await metricIs(broker.ports.metrics, "zeromq_curve_keys_created_timestamp_seconds", pairs.includes(old) ? old.createdSeconds : next.createdSeconds);
    const before = outcomes.length;
    await vi.waitFor(() => expect(outcomes.length).toBeGreaterThan(before + 5), waiting);
  }
  // A worker that comes now finds its way, too, and a peer that has not learned it does not.
  await startWorker([broker], { SERVICE: "late", HANDLER: "echo", CURVE_PEER_FILE: at("worker") });
  const stale = createClient({ endpoints: [broker.frontend], curve: { serverKey: old.publicKey, ...client } });
  atEnd(() => stale.close());
  await expect(stale.request("echo", "x", { timeoutMs: 3_000 })).rejects.toThrow("does not have the server key that this side expects");

  ending = true;
  await comers;
  expect(outcomes.filter((outcome) => outcome !== "hello")).toEqual([]);
  load.process.kill("SIGINT");
  expect(await load.exit, load.errors()).toBe(0);
  expect(JSON.parse(load.output().toString())).toMatchObject({ failed: {}, duplicated: 0, wrong: 0 });
  expect(broker.output().toString()).not.toContain(next.secretKey);
});

test("a peer that holds the old key and the next one comes in before the change and after it", async () => {
  const { old, next, client, at, step, broker: env } = stackFiles();
  const broker = await startBroker(env);
  const ask = async (serverKey: string[]): Promise<void> => {
    const one = createClient({ endpoints: [broker.frontend], curve: { serverKey, ...client } });
    atEnd(() => one.close());
    await one.status(10_000);
  };
  await ask([next.publicKey, old.publicKey]);
  step(next);
  await vi.waitFor(() => expect(broker.lines().filter(({ message }) => message === "server keys read")).toHaveLength(2), waiting);
  await ask([old.publicKey, next.publicKey]);
  // The same by the environment, as programs get it.
  const program = start(
    "client",
    { CURVE_SERVER_KEY: `${old.publicKey},${next.publicKey}`, CURVE_PUBLIC_KEY: client.publicKey, CURVE_SECRET_KEY: client.secretKey },
    ["status", "--address", broker.frontend, "--timeout-ms", "10000"],
  );
  expect(await program.exit, program.errors()).toBe(0);
  expect(program.output().toString()).toContain(`server key ${next.publicKey.slice(0, 8)}…: `);
  expect(at("pairs")).toBeTruthy();
});

test("the status tells who still uses the old key", async () => {
  const { old, next, client, step, broker: env } = stackFiles();
  const broker = await startBroker(env);
  const slow = new zmq.Dealer({ linger: 0, curveServerKey: old.publicKey, curvePublicKey: client.publicKey, curveSecretKey: client.secretKey });
  atEnd(() => slow.close());
  slow.connect(broker.frontend);
  await metricIs(broker.ports.metrics, 'zeromq_active_connections{side="frontend"', 1);
  step(next);
  const looking = createClient({ endpoints: [broker.frontend], curve: { serverKey: [next.publicKey, old.publicKey], ...client } });
  atEnd(() => looking.close());
  await vi.waitFor(async () => {
    const { serverKeys } = (await looking.status()) as Status;
    expect(serverKeys).toEqual([
      { publicKey: next.publicKey, accepted: true, frontend: expect.any(Number), backend: 0 },
      { publicKey: old.publicKey, accepted: false, frontend: expect.any(Number), backend: 0 },
    ]);
  }, waiting);
});

test("a broker whose pairs' file is wrong goes on with what it had, and says so without a secret", async () => {
  const { old, client, at, broker: env } = stackFiles();
  const broker = await startBroker(env);
  await broker.said("server keys read");
  writeFileSync(at("pairs"), `${old.publicKey} ${client.secretKey}\n`);
  expect(await broker.said("server keys")).toMatchObject({ problem: expect.stringContaining("stay as they were") });
  const one = createClient({ endpoints: [broker.frontend], curve: { serverKey: old.publicKey, ...client } });
  atEnd(() => one.close());
  await one.status(10_000);
  expect(broker.output().toString()).not.toContain(client.secretKey);
});

test("the health check and the client of a broker's container take the keys of their file, whatever pair its broker has", async () => {
  const { at, broker: env } = stackFiles();
  const broker = await startBroker(env);
  const container = { ...env, CURVE_PEER_FILE: at("client"), FRONTEND_ADDRESS: broker.frontend };
  for (const [program, args] of [
    ["healthcheck", []],
    ["client", ["ping", "--address", broker.frontend]],
  ] as const) {
    const running = start(program, container, [...args]);
    expect(await running.exit, running.output().toString() + running.errors()).toBe(0);
  }
  const { CURVE_PEER_FILE: _, ...without } = container;
  const unhealthy = start("healthcheck", without);
  expect(await unhealthy.exit).toBe(1);
  expect(unhealthy.output().toString()).toContain("CURVE_PEER_FILE");
});
