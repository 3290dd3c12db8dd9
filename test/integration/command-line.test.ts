import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { folder, freePort, metricIs, start, startBroker, startWorker } from "./processes.ts";

/** Every byte value, and more than a pipe or a TCP buffer holds. */
const binary = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), randomBytes(5_000_000)]);

describe("a request that cannot be answered", () => {
  test.each([
    ["nobody listens", 'no reply from service "nobody" at ADDRESS within 2000 ms \\(ADDRESS: nobody listens there \\(connection refused\\)\\)'],
    ["nobody serves", 'service "nobody" at ADDRESS: no worker serves "nobody"; waited \\d+ ms for one'],
  ])("ends with one clear line and exit code 1: %s", async (why, text) => {
    const address = why === "nobody serves" ? (await startBroker()).frontend : `tcp://127.0.0.1:${await freePort()}`;
    const client = start("client", {}, ["request", "--service", "nobody", "--body", "x", "--address", address, "--timeout-ms", "2000", "--retries", "1"]);
    expect(await client.exit).toBe(1);
    expect(client.output()).toHaveLength(0);
    expect(client.errors()).toMatch(new RegExp(`^error: ${text.replaceAll("ADDRESS", address)}\\n$`));
  });

  test.each([
    ["no service", ["request", "--body", "x"]],
    ["an unknown option", ["request", "--service", "echo", "--bdoy", "x"]],
    ["an address that is none", ["request", "--service", "echo", "--body", "x", "--address", "localhost:5555"]],
    ["a time-out that is none", ["request", "--service", "echo", "--body", "x", "--timeout-ms", "0"]],
    ["both a file and a text", ["request", "--service", "echo", "--body", "x", "--file", "x"]],
    ["a file that is not there", ["request", "--service", "echo", "--file", "/nowhere"]],
    ["a service that is none", ["request", "--service", "grüße", "--body", "x"]],
    ["no command", []],
  ])("ends with exit code 2 when the usage is wrong: %s", async (_, args) => {
    const client = start("client", {}, args);
    expect(await client.exit).toBe(2);
    expect(client.errors()).not.toMatch(/^ +at /m);
    expect(client.errors()).not.toBe("");
  });

  test("ends with exit code 1 on Ctrl-C", async () => {
    const broker = await startBroker();
    const client = start("client", {}, ["request", "--service", "nobody", "--body", "x", "--address", broker.frontend, "--timeout-ms", "60000"]);
    await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="waiting"', 1);
    client.process.kill("SIGINT");
    expect(await client.exit).toBe(1);
    expect(client.errors()).toBe(`error: service "nobody" at ${broker.frontend}: the client was closed\n`);
  });
});

describe("a file compressed by a worker is the same when unpacked", () => {
  test("from a file, from standard input and from text; to standard output and to a file", async () => {
    const broker = await startBroker();
    await startWorker([broker], { SERVICE: "gzip" });
    const path = join(folder(), "binary");
    writeFileSync(path, binary);
    const request = ["request", "--service", "gzip", "--timeout-ms", "20000"];
    const env = { BROKER_FRONTEND: broker.frontend };

    const fromFile = start("client", env, [...request, "--file", path]);
    expect(await fromFile.exit).toBe(0);
    expect(gunzipSync(fromFile.output()).equals(binary)).toBe(true);

    const fromInput = start("client", env, [...request, "--output", `${path}.gz`], binary);
    expect(await fromInput.exit).toBe(0);
    expect(fromInput.output()).toHaveLength(0);
    expect(gunzipSync(readFileSync(`${path}.gz`)).equals(binary)).toBe(true);

    const fromText = start("client", {}, [...request, "--body", "grüße", "--address", broker.frontend]);
    expect(await fromText.exit).toBe(0);
    expect(gunzipSync(fromText.output()).toString()).toBe("grüße");

    const empty = start("client", env, [...request], Buffer.alloc(0));
    expect(await empty.exit).toBe(0);
    expect(gunzipSync(empty.output())).toHaveLength(0);
  });
});

describe("ping and the health check", () => {
  test("say what is wrong", async () => {
    const address = `tcp://127.0.0.1:${await freePort()}`;
    const healthcheck = start("healthcheck", {}, ["--address", address, "--timeout-ms", "2000"]);
    expect([await healthcheck.exit, healthcheck.output().toString()]).toEqual([1, `Unhealthy: ${address}: nobody listens there (connection refused)\n`]);
    const ping = start("client", {}, ["ping", "--address", address, "--timeout-ms", "2000"]);
    expect([await ping.exit, ping.errors()]).toEqual([1, `error: ${address}: nobody listens there (connection refused)\n`]);
  });

  test("the health check finds the broker by the broker's own settings", async () => {
    const { ports, frontend } = await startBroker();
    const environments: Record<string, string>[] = [{ FRONTEND_ADDRESS: `tcp://*:${ports.frontend}` }, { FRONTEND_PORT: String(ports.frontend) }];
    for (const env of environments) {
      const healthcheck = start("healthcheck", env);
      expect([await healthcheck.exit, healthcheck.output().toString()]).toEqual([0, "Healthy\n"]);
    }
    const ping = start("client", { BROKER_FRONTEND: frontend }, ["ping"]);
    expect([await ping.exit, ping.output().toString()]).toEqual([0, expect.stringMatching(/^PONG from tcp:/)]);
  });
});

describe("many requests at once", () => {
  test("a line each, answered in their order", async () => {
    const broker = await startBroker();
    await startWorker([broker], { SERVICE: "echo" });
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`).join("\n");
    const client = start(
      "client",
      {},
      ["request", "--service", "echo", "--lines", "--concurrency", "7", "--address", broker.frontend],
      Buffer.from(`${lines}\n`),
    );
    expect([await client.exit, client.output().toString()]).toEqual([0, `${lines}\n`]);
  });

  test("as JSON, with what failed and whether it may have run", async () => {
    const broker = await startBroker();
    const client = start("client", {}, ["request", "--service", "nobody", "--body", "x", "--json", "--timeout-ms", "3000", "--address", broker.frontend]);
    expect(await client.exit).toBe(1);
    expect(JSON.parse(client.output().toString())).toMatchObject({
      error: "NoSuchService",
      executed: "no",
      requestId: expect.stringMatching(/^[0-9a-f]{16}-1$/),
    });
  });

  test("a load's ledger says what became of each, and how often it was run", async () => {
    const broker = await startBroker();
    const file = join(folder(), "ledger");
    await startWorker([broker], { SERVICE: "ledger", LEDGER_FILE: file });
    const args = [
      "load",
      "--service",
      "ledger",
      "--count",
      "2000",
      "--connections",
      "3",
      "--concurrency",
      "50",
      "--size",
      "200",
      "--json",
      "--executions",
      file,
      "--address",
      broker.frontend,
    ];
    const client = start("client", {}, args);
    expect(await client.exit).toBe(0);
    expect(JSON.parse(client.output().toString())).toMatchObject({
      sent: 2000,
      replied: 2000,
      failed: {},
      duplicated: 0,
      wrong: 0,
      executions: { 1: 2000 },
      wronglyNo: 0,
    });
  });
});

test("a load at a rate ends when all it began have, and says as a table what became of them", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "echo" });
  const client = start("client", {}, ["load", "--service", "echo", "--count", "200", "--rate", "400", "--connections", "2", "--address", broker.frontend]);
  expect(await client.exit).toBe(0);
  expect(client.output().toString()).toMatch(/^sent +200\nreplied +200\nduplicated outcomes +0\nwrong replies +0\nseconds +[\d.]+\nrequests\/s +\d+\nlatency /);
});

test("status shows what a broker holds, for people and as JSON", async () => {
  const broker = await startBroker({ COLOR: "green" });
  await startWorker([broker], { SERVICE: "echo" });
  const text = start("client", {}, ["status", "--address", broker.frontend]);
  expect(await text.exit).toBe(0);
  expect(text.output().toString()).toMatch(/^broker [0-9a-f]{16}, version .*, green, active, up \d+ s\n[^]*echo +0 +0 +1 +1 +0\n$/);
  const json = start("client", {}, ["status", "--json", "--address", broker.frontend]);
  expect(await json.exit).toBe(0);
  expect(JSON.parse(json.output().toString())).toMatchObject({ color: "green", workers: 1, services: [{ name: "echo", workers: 1 }] });
});
