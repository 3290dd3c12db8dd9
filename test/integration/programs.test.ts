import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { folder, freePort, start, startBroker, startWorker, waiting } from "./processes.ts";

describe("a program that cannot start says why, without a stack, and binds nothing", () => {
  test.each(["broker", "worker"] as const)("%s: all wrong settings at once", async (program) => {
    const running = start(program, { METRICS_PORT: "0", LOG_LEVEL: "LOUD", HEARTBEAT_LIVENESS: "x", RCVTIMEO: "never", SNDTIMEO: "0" });
    expect(await running.exit).toBe(78);
    expect(running.output()).toHaveLength(0);
    expect(running.errors()).toMatch(/^5 settings are wrong:\n( {2}[A-Z_]+="\w+" must be .+\n){5}$/);
  });

  test("broker: a port in use names the address and the variable", async () => {
    const { frontend, backend, ports } = await startBroker();
    for (const [env, message] of [
      [{ FRONTEND_ADDRESS: frontend }, `cannot listen on ${frontend}: the port is in use. Set FRONTEND_ADDRESS or FRONTEND_PORT`],
      [{ BACKEND_ADDRESS: backend }, `cannot listen on ${backend}: the port is in use. Set BACKEND_ADDRESS or BACKEND_PORT`],
      [{ METRICS_PORT: String(ports.metrics) }, `cannot listen on port ${ports.metrics}: the port is in use. Set METRICS_PORT`],
    ] as const) {
      const free = { FRONTEND_PORT: String(await freePort()), BACKEND_PORT: String(await freePort()), METRICS_PORT: String(await freePort()) };
      const second = start("broker", { ...free, ...env });
      expect(await second.exit).toBe(1);
      expect(second.errors()).toContain(message);
      expect(second.errors()).not.toMatch(/^ +at /m);
    }
  });

  test.each([
    ["a name that no handler has", "nothing", undefined, 'HANDLER="nothing" must be one of echo, gzip, ledger, work, or the path'],
    ["a file that is not there", "/nowhere.ts", undefined, 'HANDLER="/nowhere.ts" must be one of'],
    ["a module without a handler", "module.ts", "export const handle = 1;", "exports handle, but no function named handler"],
    ["a module that throws", "module.ts", 'throw new Error("broken at import");', "broken at import"],
  ])("worker: %s", async (_, handler, source, message) => {
    const path = source === undefined ? handler : join(folder(), handler);
    if (source !== undefined) writeFileSync(path, source);
    const worker = start("worker", { HANDLER: path, METRICS_PORT: String(await freePort()) });
    expect(await worker.exit).toBe(1);
    expect(worker.errors()).toContain(message);
  });
});

test("a worker that is still loading its handler ends at once on SIGTERM", async () => {
  const path = join(folder(), "slow.ts");
  writeFileSync(path, 'process.stdout.write("loading\\n"); await new Promise((resolve) => setTimeout(resolve, 600_000)); export const handler = () => "";');
  const worker = start("worker", { HANDLER: path, METRICS_PORT: String(await freePort()) });
  await vi.waitFor(() => expect(worker.output().toString()).toContain("loading"), waiting);
  worker.process.kill("SIGTERM");
  expect(await worker.exit).toBe(0);
});

test("a worker whose connections' thread fails ends with 1, for who restarts it, and says why", async () => {
  const broker = await startBroker();
  const fault = join(import.meta.dirname, "programs/fails-in-its-thread.ts");
  const worker = start("worker", {
    SERVICE: "echo",
    BROKER_ADDRESS: broker.backend,
    METRICS_PORT: String(await freePort()),
    NODE_OPTIONS: `--import=${fault}`,
  });
  expect(await worker.exit).toBe(1);
  for (const message of ["the connections' thread failed", "uncaught error"]) {
    const line = await worker.said(message);
    expect([line["level"], JSON.stringify(line)]).toEqual(["CRITICAL", expect.stringContaining("fails-in-its-thread.ts")]);
  }
});

describe("every log line is one JSON object", () => {
  test("with the seed's fields, and a warning that connections are plain text", async () => {
    const broker = await startBroker({ COLOR: "green" });
    for (const line of broker.lines()) {
      expect(line).toMatchObject({
        logger: "zeromq.broker",
        module: "main",
        color: "green",
        message: expect.any(String),
        function: expect.any(String),
        line: expect.any(Number),
      });
      expect(line["timestamp"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
    expect(broker.lines().map(({ level }) => level)).toEqual(["WARNING", "INFO"]);
  });

  test("and LOG_LEVEL says which there are", async () => {
    const broker = await startBroker();
    const worker = await startWorker([broker], { LOG_LEVEL: "ERROR" });
    worker.process.kill("SIGTERM");
    await worker.exit;
    expect(worker.lines()).toEqual([]);
  });
});

describe("over HTTP", () => {
  test("a broker shows every metric from the start", async () => {
    const { ports } = await startBroker({ COLOR: "green" });
    const text = await (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text();
    for (const series of [
      'zeromq_queue_length{state="waiting",service="other",color="green"} 0',
      'zeromq_queue_length{state="held",service="other",color="green"} 0',
      'zeromq_active_connections{side="frontend",color="green"} 0',
      'zeromq_messages_sent_total{side="backend",color="green"} 0',
      'zeromq_messages_received_total{side="frontend",color="green"} 0',
      'zeromq_message_latency_seconds_count{color="green"} 0',
      'zeromq_requests_rejected_total{bound="MAX_QUEUED_BYTES",color="green"} 0',
    ]) {
      expect(text).toContain(`${series}\n`);
    }
  });

  test("a worker is alive but not ready while it has no broker", async () => {
    const metricsPort = await freePort();
    const brokers = `tcp://127.0.0.1:${await freePort()}`;
    const worker = start("worker", { BROKER_ADDRESS: brokers, METRICS_PORT: String(metricsPort) });
    await worker.said("started");
    const answers = await Promise.all(["/livez", "/readyz", "/elsewhere"].map((path) => fetch(`http://127.0.0.1:${metricsPort}${path}`)));
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 404]);
    expect(await answers[1]!.text()).toBe(`not connected to a broker at ${brokers}\n`);
    worker.process.kill("SIGTERM");
    expect(await worker.exit).toBe(0);
  });
});
