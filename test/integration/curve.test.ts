import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { createKeyPair } from "../../services/transport/curve-keys.ts";
import type { KeyPair } from "../../services/transport/curve-keys.ts";
import { atEnd, folder, metric, start, startBroker, startWorker, waiting, zmq } from "./processes.ts";

async function secured() {
  const [server, client, worker] = [createKeyPair(), createKeyPair(), createKeyPair()];
  const path = folder();
  const files = { clients: join(path, "clients"), workers: join(path, "workers") };
  writeFileSync(files.clients, `${client.publicKey} shop\n`);
  writeFileSync(files.workers, `${worker.publicKey} till\n`);
  const broker = await startBroker({
    CURVE_PUBLIC_KEY: server.publicKey,
    CURVE_SECRET_KEY: server.secretKey,
    CURVE_CLIENT_KEYS_FILE: files.clients,
    CURVE_WORKER_KEYS_FILE: files.workers,
  });
  const environment = (pair: KeyPair): Record<string, string> => ({
    CURVE_SERVER_KEY: server.publicKey,
    CURVE_PUBLIC_KEY: pair.publicKey,
    CURVE_SECRET_KEY: pair.secretKey,
  });
  const ask = (curve: { serverKey: string; publicKey: string; secretKey: string } | undefined, timeoutMs = 3_000) => {
    const one = createClient({ endpoints: [broker.frontend], curve });
    return one
      .request("echo", "hello", { timeoutMs })
      .then(String)
      .finally(() => one.close());
  };
  return { broker, server, client, worker, files, environment, ask };
}

test("who has an admitted key is served: our peers, and libzmq's", async () => {
  const { broker, server, client, worker, environment, ask } = await secured();
  await startWorker([broker], { SERVICE: "echo", ...environment(worker) });
  expect(await ask({ serverKey: server.publicKey, ...client }, 10_000)).toBe("hello");
  const program = start("client", environment(client), ["request", "--service", "echo", "--body", "typed", "--address", broker.frontend]);
  expect([await program.exit, program.output().toString()]).toEqual([0, "typed"]);
  const plain = new zmq.Dealer({
    linger: 0,
    receiveTimeout: 20_000,
    curveServerKey: server.publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey,
  });
  atEnd(() => plain.close());
  plain.connect(broker.frontend);
  const body = Buffer.alloc(300_000, 7);
  await plain.send(["MDPC02", "\x01", "echo", body]);
  expect((await plain.receive()).at(-1)!.equals(body)).toBe(true);
});

test("nobody else is, each failure is counted, and the log and the client say which side got what wrong", async () => {
  const { broker, server, client, worker, ask } = await secured();
  const stranger = createKeyPair();
  await expect(ask({ serverKey: server.publicKey, ...stranger })).rejects.toMatchObject({
    executed: "no",
    message: expect.stringContaining("does not admit our key (400)"),
  });
  await expect(ask({ serverKey: server.publicKey, ...worker })).rejects.toThrow("does not admit our key (400)");
  await expect(ask({ serverKey: stranger.publicKey, ...client })).rejects.toThrow("does not have the server key that this side expects");
  await expect(ask(undefined)).rejects.toThrow("the peer speaks CURVE, this side NULL");
  const failures = (): Promise<number | undefined> => metric(broker.ports.metrics, 'zeromq_handshake_failures_total{side="frontend"');
  const before = await failures();
  expect(before).toBeGreaterThanOrEqual(4);
  const rogue = new zmq.Dealer({
    linger: 0,
    receiveTimeout: 300,
    curveServerKey: server.publicKey,
    curvePublicKey: stranger.publicKey,
    curveSecretKey: stranger.secretKey,
  });
  atEnd(() => rogue.close());
  rogue.connect(broker.frontend);
  await rogue.send(["MDPC02", "\x01", "mmi.service", "x"]);
  await vi.waitFor(async () => expect(await failures()).toBeGreaterThan(before!), waiting);
  await expect(rogue.receive()).rejects.toThrow();
  expect(await metric(broker.ports.metrics, 'zeromq_messages_received_total{side="frontend"')).toBe(0);
  const reasons = (): string[] =>
    broker
      .lines()
      .filter(({ message }) => message === "handshake failed")
      .map(({ reason }) => String(reason));
  await vi.waitFor(
    () =>
      expect(reasons()).toEqual(
        expect.arrayContaining([
          expect.stringContaining("is not admitted here"),
          "the peer used a server key that is not ours",
          "the peer speaks NULL, this side CURVE",
        ]),
      ),
    waiting,
  );
  expect(broker.output().toString()).not.toContain(server.secretKey);
});

test("a changed list is applied without a restart, a file that is gone admits nobody, and who is connected stays", async () => {
  const { broker, server, client, worker, files, environment, ask } = await secured();
  await startWorker([broker], { SERVICE: "echo", ...environment(worker) });
  const added = createKeyPair();
  const old = createClient({ endpoints: [broker.frontend], curve: { serverKey: server.publicKey, ...client } });
  atEnd(() => old.close());
  await old.request("echo", "x", { timeoutMs: 10_000 });
  writeFileSync(files.clients, `${added.publicKey} new-shop\nthis is no key\n`);
  await vi.waitFor(async () => expect(await ask({ serverKey: server.publicKey, ...added }, 400)).toBe("hello"), waiting);
  await expect(ask({ serverKey: server.publicKey, ...client })).rejects.toThrow("does not admit our key");
  expect((await old.request("echo", "still here")).toString()).toBe("still here");
  expect(await broker.said("admitted keys")).toMatchObject({ problem: expect.stringContaining("clients:2: the first word must be a public key") });
  rmSync(files.clients);
  await vi.waitFor(async () => await expect(ask({ serverKey: server.publicKey, ...added }, 400)).rejects.toThrow("does not admit our key"), waiting);
});

test.each([
  [{ CURVE_SECRET_KEY: createKeyPair().secretKey }, "must be set too: CURVE needs all four"],
  [
    { CURVE_PUBLIC_KEY: createKeyPair().publicKey, CURVE_SECRET_KEY: createKeyPair().secretKey, CURVE_CLIENT_KEYS_FILE: "/x", CURVE_WORKER_KEYS_FILE: "/x" },
    "are not of one pair",
  ],
  [{ CURVE_SECRET_KEY: "short and secret" }, "CURVE_SECRET_KEY=… must be a CURVE key of 40 characters of Z85"],
])("half a configuration does not start, and no secret is printed", async (env, text) => {
  const broker = start("broker", env as Record<string, string>);
  expect(await broker.exit).toBe(78);
  expect(broker.errors()).toContain(text);
  expect(broker.errors()).not.toContain(env.CURVE_SECRET_KEY);
});
