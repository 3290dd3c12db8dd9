import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { createClient } from "../../services/client/client.ts";
import { cable } from "./cable.ts";
import type { Cable } from "./cable.ts";
import { createGate, gateHandler } from "./gate.ts";
import type { Gate } from "./gate.ts";
import { atEnd, freePort, metric, metricIs, startBroker, startWorker, waiting } from "./processes.ts";
import type { Running, RunningBroker } from "./processes.ts";

const size = "67108864";
/** More than the kernel keeps for a connection, so that some of it is still in the process when that is hit. */
const replyBytes = 30_000_000;
const gated = { SERVICE: "gate", HANDLER: gateHandler, MAX_MESSAGE_SIZE: size };

type Moment = "idle" | "mid-job" | "mid-reply";
const signals = ["SIGKILL", "SIGSTOP"] as const;
const moments: readonly Moment[] = ["idle", "mid-job", "mid-reply"];
const cases = signals.flatMap((signal) => moments.map((moment) => [signal, moment] as const));

function ask(endpoint: string, gate: Gate): Promise<Buffer> {
  const client = createClient({ endpoints: [endpoint], maxMessageBytes: Number(size) });
  atEnd(() => client.close());
  const reply = client.request("gate", gate.body, { timeoutMs: 40_000, retries: 3 });
  reply.catch(() => {});
  return reply;
}

/** Hits a process at a moment of its request; `way` carries the reply of who is hit. */
async function hit(process: Running["process"], signal: (typeof signals)[number], moment: Moment, gate: Gate, way: Cable, from: "near" | "far"): Promise<void> {
  if (moment !== "idle") await gate.started();
  if (moment === "mid-reply") {
    const half = way.stopAfter(1_000_000, from);
    gate.open(replyBytes);
    await half;
  }
  process.kill(signal);
}

/** One outcome, the whole reply of one that has run it, and no more runs than the deliveries that are allowed. */
async function answered(reply: Promise<Buffer>, gate: Gate): Promise<void> {
  const text = (await reply).toString();
  const pids = readFileSync(`${gate.body}.started`, "utf8").trim().split("\n");
  expect(text).toHaveLength(replyBytes);
  expect(pids).toContain(text.trim());
  expect(pids.length).toBeLessThanOrEqual(3);
}

test.each(cases)("a worker that gets %s, %s, costs nobody a request", async (signal, moment) => {
  const broker = await startBroker({ MAX_MESSAGE_SIZE: size });
  const way = await cable(broker.ports.backend);
  const victim = await startWorker([{ ...broker, backend: `tcp://127.0.0.1:${way.port}` }], gated);
  const gate = createGate();
  const reply = moment === "idle" ? undefined : ask(broker.frontend, gate);
  await hit(victim.process, signal, moment, gate, way, "near");
  const other = await startWorker([broker], gated);
  way.goOn();
  gate.open(replyBytes);
  await answered(reply ?? ask(broker.frontend, gate), gate);
  if (signal === "SIGKILL") return;
  // It comes back, on a new connection, and both are of use.
  victim.process.kill("SIGCONT");
  await metricIs(broker.ports.metrics, 'zeromq_known{kind="workers"', 2);
  other.process.kill("SIGTERM");
  await other.exit;
  const again = createGate();
  again.open(replyBytes);
  await answered(ask(broker.frontend, again), again);
  expect(await metric(broker.ports.metrics, 'zeromq_queue_length{state="held"')).toBe(0);
});

test.each(cases)("a broker that gets %s, %s, costs nobody a request that may be retried", async (signal, moment) => {
  const ports = { frontend: await freePort(), backend: await freePort(), metrics: await freePort() };
  const at = {
    FRONTEND_ADDRESS: `tcp://127.0.0.1:${ports.frontend}`,
    BACKEND_ADDRESS: `tcp://127.0.0.1:${ports.backend}`,
    METRICS_PORT: String(ports.metrics),
    MAX_MESSAGE_SIZE: size,
  };
  const begin = async (): Promise<RunningBroker> => ({ ...(await startBroker(at)), frontend: at.FRONTEND_ADDRESS, backend: at.BACKEND_ADDRESS, ports });
  const broker = await begin();
  const worker = await startWorker([broker], gated);
  const way = await cable(ports.frontend);
  const frontend = `tcp://127.0.0.1:${way.port}`;
  const gate = createGate();
  const reply = moment === "idle" ? undefined : ask(frontend, gate);
  await hit(broker.process, signal, moment, gate, way, "far");
  if (signal === "SIGKILL") await begin();
  else {
    // It stands still until its worker has given it up.
    await vi.waitFor(async () => expect(await metric(worker.metricsPort, "zeromq_worker_brokers")).toBe(0), waiting);
    broker.process.kill("SIGCONT");
  }
  way.goOn();
  gate.open(replyBytes);
  await answered(reply ?? ask(frontend, gate), gate);
});
