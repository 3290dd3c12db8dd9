import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, vi } from "vitest";
import { programs } from "../../services/contract/image.ts";
import { freePort } from "../ports.ts";

export { freePort };

const services = join(import.meta.dirname, "../../services");

/** libzmq itself, for peers that know nothing of our code. */
export * as zmq from "zeromq";

/** Everything that a test starts or opens; it ends with the test. */
const ends: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(
    ends
      .splice(0)
      .reverse()
      .map((end) => end()),
  );
});
export function atEnd(end: () => unknown): void {
  ends.push(end);
}

/** An empty folder that lives as long as the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "zeromq-stack-"));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

export interface Running {
  readonly process: ChildProcess;
  /** The exit code; a signal's name where one ended it. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
  /** Log lines so far. */
  lines(): Record<string, unknown>[];
  output(): Buffer;
  errors(): string;
  /** Waits for a log line with this message. */
  said(message: string): Promise<Record<string, unknown>>;
}

export const waiting = { timeout: 45_000, interval: 20 } as const;

/** While coverage is measured, a program can be ended so that it counts. */
const isCounted = process.env["NODE_V8_COVERAGE"] !== undefined;
const countedOptions = isCounted ? ["--import", join(import.meta.dirname, "../coverage/end-on-signal.ts")] : [];

/** Ends a program at once; while coverage is measured, after it wrote what it ran, unless it is too busy to. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  if (isCounted) {
    for (const signal of ["SIGUSR2", "SIGCONT"] as const) child.kill(signal);
    await once(child, "exit", { signal: AbortSignal.timeout(10_000) }).catch(() => {});
  }
  child.kill("SIGKILL");
  await ended;
}

/**
 * Starts one of our programs, or any file of ours, with nothing in its environment but `env`. `shell`: what a shell does before.
 * `from`: where the program's release is, if it is another one than this.
 */
export function start(
  program: keyof typeof programs | `/${string}`,
  env: Record<string, string> = {},
  args: string[] = [],
  input?: Buffer,
  shell = "",
  from = services,
): Running {
  const file = program.startsWith("/") ? program : join(from, programs[program as keyof typeof programs]);
  const command = [process.execPath, ...countedOptions, file, ...args] as const;
  const [first, ...rest] = shell === "" ? command : ["/bin/sh", "-c", `${shell} && exec "$@"`, "sh", ...command];
  const child = spawn(first!, rest, { env, stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout!.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr!.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  atEnd(() => end(child));
  const running: Running = {
    process: child,
    exit: new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal))),
    output: () => Buffer.concat(output),
    errors: () => Buffer.concat(errors).toString(),
    lines: () => {
      const text = running.output().toString();
      return text
        .slice(0, text.lastIndexOf("\n") + 1)
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    said: (message) =>
      vi.waitFor(() => {
        const line = running.lines().find((one) => one["message"] === message);
        if (line === undefined) throw new Error(`${file} has not said "${message}":\n${running.output().toString()}${running.errors()}`);
        return line;
      }, waiting),
  };
  return running;
}

export interface RunningBroker extends Running {
  readonly frontend: string;
  readonly backend: string;
  readonly ports: { readonly frontend: number; readonly backend: number; readonly metrics: number };
}

/** A broker that is ready, on free ports, with quick heartbeats. */
export async function startBroker(env: Record<string, string> = {}, shell = "", from?: string): Promise<RunningBroker> {
  const ports = { frontend: await freePort(), backend: await freePort(), metrics: await freePort() };
  const running = start(
    "broker",
    {
      FRONTEND_ADDRESS: `tcp://127.0.0.1:${ports.frontend}`,
      BACKEND_ADDRESS: `tcp://127.0.0.1:${ports.backend}`,
      METRICS_PORT: String(ports.metrics),
      HEARTBEAT_INTERVAL: "0.3",
      ...env,
    },
    [],
    undefined,
    shell,
    from,
  );
  await running.said("ready");
  return { ...running, frontend: `tcp://127.0.0.1:${ports.frontend}`, backend: `tcp://127.0.0.1:${ports.backend}`, ports };
}

/** A worker that is registered with every one of `brokers`. */
export async function startWorker(
  brokers: readonly RunningBroker[],
  env: Record<string, string> = {},
  from?: string,
): Promise<Running & { metricsPort: number }> {
  const metricsPort = await freePort();
  const running = start(
    "worker",
    {
      BROKER_ADDRESS: brokers.map(({ backend }) => backend).join(","),
      METRICS_PORT: String(metricsPort),
      HEARTBEAT_INTERVAL: "0.3",
      WORKER_TIMEOUT: "30",
      ...env,
    },
    [],
    undefined,
    "",
    from,
  );
  await vi.waitFor(async () => {
    if ((await metric(metricsPort, "zeromq_worker_brokers")) !== brokers.length) throw new Error("not registered");
  }, waiting);
  return { ...running, metricsPort };
}

/** The sum of the series that begin so, labels given as they stand in the text, for instance `zeromq_queue_length{state="held"`. */
export async function metric(port: number, series: string): Promise<number | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const lines = text.split("\n").filter((one) => one.startsWith(series));
  return lines.length === 0 ? undefined : lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

/** Waits until a series has a value. */
export async function metricIs(port: number, series: string, value: number): Promise<void> {
  await vi.waitFor(async () => {
    const now = await metric(port, series);
    if (now !== value) throw new Error(`${series} is ${now}, not ${value}`);
  }, waiting);
}
