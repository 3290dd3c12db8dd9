import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { atEnd, folder, freePort, metricIs, start, startBroker, startWorker, waiting, zmq } from "./processes.ts";
import type { RunningBroker } from "./processes.ts";

/** The mounted file that says which colour is active; a ConfigMap's file is swapped, never half written. */
function colorFile(color: string): { readonly path: string; set(color: string): void } {
  const directory = folder();
  const path = join(directory, "active");
  const set = (next: string): void => {
    writeFileSync(`${path}.new`, next);
    renameSync(`${path}.new`, path);
  };
  set(color);
  return { path, set };
}

async function bothColors(active: ReturnType<typeof colorFile>, env: Record<string, string> = {}): Promise<{ blue: RunningBroker; green: RunningBroker }> {
  const broker = (color: string) => startBroker({ COLOR: color, ACTIVE_COLOR_FILE: active.path, ...env });
  return { blue: await broker("blue"), green: await broker("green") };
}

const connected = (kind: string): string => `zeromq_connected_clients{kind="${kind}"`;

describe("when the other colour becomes active,", () => {
  test("our client moves there, and every request gets its reply, one that runs for long and one in parts too", async () => {
    const active = colorFile("blue");
    const { blue, green } = await bothColors(active);
    await startWorker([blue, green], { SERVICE: "work", WORKER_CONCURRENCY: "64" });
    const client = createClient({ endpoints: [blue.frontend, green.frontend] });
    atEnd(() => client.close());
    const work = (id: number, milliseconds: number, parts = 0): string =>
      `${"r".repeat(16)}-${String(id).padStart(12, "0")} ${JSON.stringify({ milliseconds, parts })}`;
    await client.request("work", work(0, 1));
    await metricIs(blue.ports.metrics, connected("ours"), 1);

    let stopped = false;
    const steady = (async () => {
      for (let id = 100; !stopped; id += 1) await client.request("work", work(id, 1));
    })();
    const long = client.request("work", work(1, 4_000), { timeoutMs: 20_000 });
    const parts: string[] = [];
    const inParts = (async () => {
      for await (const part of client.stream("work", work(2, 4_000, 3), { timeoutMs: 20_000 })) parts.push(part.toString());
    })();
    await metricIs(blue.ports.metrics, 'zeromq_queue_length{state="held"', 2).catch(() => {}); // more while a short one is at work
    active.set("green");
    await metricIs(green.ports.metrics, connected("ours"), 1);
    expect((await long).toString()).toMatch(/end\n$/);
    await inParts;
    expect(parts).toHaveLength(4);
    await metricIs(blue.ports.metrics, connected("ours"), 0);
    stopped = true;
    await steady;
  });

  test("a plain client loses its connection once, after the delay, and is served again where it comes back", async () => {
    const active = colorFile("blue");
    const { blue } = await bothColors(active, { PLAIN_CLIENT_DELAY: "1" });
    await startWorker([blue], { SERVICE: "echo" });
    const socket = new zmq.Dealer({ linger: 0, reconnectInterval: 50 });
    atEnd(() => socket.close());
    let disconnects = 0;
    socket.events.on("disconnect", () => (disconnects += 1));
    socket.connect(blue.frontend);
    const ask = async (): Promise<string> => {
      await socket.send(["MDPC02", Buffer.of(1), "echo", "hello"]);
      return (await socket.receive()).at(-1)!.toString();
    };
    expect(await ask()).toBe("hello");
    active.set("green");
    await vi.waitFor(() => expect(disconnects).toBe(1), waiting);
    expect(await ask()).toBe("hello");
    expect(disconnects).toBe(1);
  });
});

describe("check", () => {
  const args = (broker: { frontend: string }, ...more: string[]): string[] => [
    "check",
    "--address",
    broker.frontend,
    "--within-seconds",
    "1",
    "--otherwise",
    "the way back",
    ...more,
  ];

  test("passes where the brokers have the colour and answer, and says which did", async () => {
    const broker = await startBroker({ COLOR: "green" });
    await startWorker([broker], { SERVICE: "echo" });
    for (const how of [
      ["--brokers", "1"],
      ["--times", "3"],
    ]) {
      const client = start("client", {}, args(broker, "--color", "green", "--service", "echo", "--body", "hi", "--reply", "hi", ...how));
      expect(await client.exit, client.errors()).toBe(0);
      expect(client.output().toString()).toMatch(/^green broker [0-9a-f]{16}, version [\d.]+, at tcp:\S+: "echo" answered in [\d.]+ ms\n/);
    }
  });

  test("waits for a worker that is late", async () => {
    const broker = await startBroker();
    const client = start("client", {}, [
      "check",
      "--address",
      broker.frontend,
      "--color",
      "blue",
      "--service",
      "echo",
      "--within-seconds",
      "30",
      "--times",
      "1",
    ]);
    await metricIs(broker.ports.metrics, 'zeromq_queue_length{state="waiting"', 1);
    await startWorker([broker], { SERVICE: "echo" });
    expect(await client.exit, client.errors()).toBe(0);
  });

  test.each([
    ["another colour", ["--color", "blue"], "is green, not blue"],
    ["a wrong answer", ["--color", "green", "--service", "echo", "--body", "hi", "--reply", "ho"], 'answers "hi"; right is "ho"'],
    ["nobody who answers", ["--color", "green", "--service", "nobody"], 'no worker serves "nobody"'],
    ["too few brokers", ["--color", "green", "--brokers", "2"], "1 of 2 brokers are ready"],
  ])("fails, and says why and what to do, with %s", async (_, how, reason) => {
    const broker = await startBroker({ COLOR: "green" });
    await startWorker([broker], { SERVICE: "echo" });
    const client = start("client", {}, args(broker, ...how));
    expect(await client.exit).toBe(1);
    expect(client.errors()).toContain(reason);
    expect(client.errors()).toMatch(/the way back\n$/);
  });

  test("fails where nobody listens", async () => {
    const client = start("client", {}, args({ frontend: `tcp://127.0.0.1:${await freePort()}` }, "--color", "green"));
    expect(await client.exit).toBe(1);
    expect(client.errors()).toContain("connection refused");
  });
});

describe("moved", () => {
  const args = (broker: RunningBroker, ...more: string[]): string[] => ["moved", "--address", broker.frontend, "--color", "blue", ...more];

  test("ends when the last client has left, who only looks at the brokers aside", async () => {
    const broker = await startBroker();
    const client = createClient({ endpoints: [broker.frontend] });
    const watcher = createClient({ endpoints: [broker.frontend] });
    atEnd(() => watcher.close());
    await watcher.status();
    await metricIs(broker.ports.metrics, connected("ours"), 1);
    const waits = start("client", {}, args(broker));
    await vi.waitFor(() => expect(waits.output().toString()).toContain("clients: 1 ours, 0 plain"), waiting);
    client.close();
    expect(await waits.exit, waits.errors()).toBe(0);
    expect(waits.output().toString()).toMatch(/clients: 0 ours, 0 plain; requests: 0\nnobody is left there\n$/);
  });

  test("does not wait for ever", async () => {
    const broker = await startBroker();
    const client = createClient({ endpoints: [broker.frontend] });
    atEnd(() => client.close());
    await metricIs(broker.ports.metrics, connected("ours"), 1);
    const waits = start("client", {}, args(broker, "--at-most-seconds", "1"));
    expect(await waits.exit).toBe(0);
    expect(waits.output().toString()).toContain("some are still there after 1 s");
  });

  test("has nothing to wait for where no more brokers are there than stay, or none at all", async () => {
    const broker = await startBroker();
    const client = createClient({ endpoints: [broker.frontend] });
    atEnd(() => client.close());
    await metricIs(broker.ports.metrics, connected("ours"), 1);
    const stays = start("client", {}, args(broker, "--keep", "1", "--at-least-seconds", "60"));
    expect(await stays.exit).toBe(0);
    const none = start("client", {}, ["moved", "--address", broker.frontend, "--color", "green", "--at-least-seconds", "60"]);
    expect(await none.exit, none.errors()).toBe(0);
  });
});

test("status --each shows a line for every broker behind the names", async () => {
  const { blue, green } = await bothColors(colorFile("blue"));
  const client = start("client", {}, ["status", "--each", "--address", `${blue.frontend},${green.frontend}`]);
  expect(await client.exit, client.errors()).toBe(0);
  const lines = client.output().toString().trimEnd().split("\n");
  expect(lines[0]).toMatch(/^COLOR +ROLE +VERSION +ADDRESS/);
  expect(lines[1]).toMatch(/^blue +active +\d/);
  expect(lines[2]).toMatch(/^green +standby +\d/);
});

test("a load of requests that take time and come in parts has every reply checked, and each second told", async () => {
  const broker = await startBroker();
  await startWorker([broker], { SERVICE: "work", WORKER_CONCURRENCY: "32" });
  const args = [
    "load",
    "--service",
    "work",
    "--count",
    "300",
    "--concurrency",
    "32",
    "--work-ms",
    "1-40",
    "--parts-percent",
    "50",
    "--per-second",
    "--json",
    "--address",
    broker.frontend,
  ];
  const client = start("client", {}, args);
  expect(await client.exit, client.errors()).toBe(0);
  const report = JSON.parse(client.output().toString()) as { perSecond: { replied: number }[] };
  expect(report).toMatchObject({ sent: 300, replied: 300, failed: {}, duplicated: 0, wrong: 0 });
  expect(report.perSecond.reduce((sum, { replied }) => sum + replied, 0)).toBe(300);
});
