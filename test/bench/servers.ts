import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createKeyPair } from "../../services/transport/curve-keys.ts";
import { connect } from "node:net";
import { inherited } from "../../dev/programs.ts";
import { freePort } from "../ports.ts";
import type { Endpoints, System } from "./peers.ts";
import type { Pod } from "./pod.ts";

const checkout = join(import.meta.dirname, "../..");

export interface Server {
  readonly endpoints: Endpoints;
  readonly process: ReturnType<typeof launch>;
}

/** Ended with the run, whatever happens to it. */
const children = new Set<ChildProcess>();
export function endAll(): void {
  for (const child of children) if (child.pid !== undefined) tryKill(child.pid);
}
function tryKill(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended already.
  }
}

/** A child with a process group of its own, whose last words are kept for the error message. */
export function launch(command: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess & { words(): string } {
  const child = spawn(command, args, { env: { ...inherited(), ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let words = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2_000)));
  child.on("exit", () => children.delete(child));
  children.add(child);
  return Object.assign(child, { words: () => words });
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  tryKill(child.pid!);
  await gone;
}

async function listening(port: number, child: ReturnType<typeof launch>): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) break;
    const socket = connect(port, "127.0.0.1");
    const open = await new Promise<boolean>((resolve) => socket.once("connect", () => resolve(true)).once("error", () => resolve(false)));
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nobody listens on port ${port}: ${child.words()}`);
}

export const programs: Partial<Record<System, { path: string; package: string }>> = {
  NATS: { path: "/usr/sbin/nats-server", package: "nats-server" },
  RabbitMQ: { path: "/usr/sbin/rabbitmq-server", package: "rabbitmq-server" },
};

/** Starts a system's server on free ports of loopback. @throws Error in words where it does not come up */
export async function startServer(system: System, folder: string, options: { env?: Record<string, string>; pod?: Pod } = {}): Promise<Server> {
  const needed = programs[system];
  if (needed !== undefined && !existsSync(needed.path)) throw new Error(`${needed.path} is not there: apt-get install ${needed.package}`);
  const [one, two, three] = [await freePort(), await freePort(), await freePort()];
  const tcp = (port: number): string => `tcp://127.0.0.1:${port}`;
  const keys = join(folder, "keys.json");
  const begin = (command: string, args: readonly string[], env?: Record<string, string>): ReturnType<typeof launch> => {
    const [first, ...rest] = [...(options.pod?.command ?? []), command, ...args] as [string, ...string[]];
    return launch(first, rest, env);
  };
  mkdirSync(folder, { recursive: true });
  if (system === "NATS") {
    const child = begin(needed!.path, ["-a", "127.0.0.1", "-p", String(one)]);
    await listening(one, child);
    return { process: child, endpoints: { frontend: `nats://127.0.0.1:${one}`, backend: `nats://127.0.0.1:${one}`, keys } };
  }
  if (system === "RabbitMQ") {
    writeFileSync(join(folder, "rabbitmq.conf"), `listeners.tcp.1 = 127.0.0.1:${one}\nloopback_users.guest = true\nlog.console = false\n`);
    const child = begin("/usr/lib/rabbitmq/bin/rabbitmq-server", [], {
      HOME: folder,
      RABBITMQ_NODENAME: "bench@localhost",
      RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
      RABBITMQ_LOG_BASE: join(folder, "log"),
      RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq"),
      RABBITMQ_DIST_PORT: String(two),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "plugins"),
      RABBITMQ_PID_FILE: join(folder, "pid"),
      ERL_EPMD_ADDRESS: "127.0.0.1",
      ERL_EPMD_PORT: String(three),
    });
    await listening(one, child);
    return { process: child, endpoints: { frontend: `amqp://guest:guest@127.0.0.1:${one}`, backend: `amqp://guest:guest@127.0.0.1:${one}`, keys } };
  }
  const endpoints = { frontend: tcp(one), backend: tcp(two), keys };
  if (system === "libzmq's native proxy") {
    const child = begin(process.execPath, [join(import.meta.dirname, "native-proxy.ts"), endpoints.frontend, endpoints.backend]);
    await listening(two, child);
    return { process: child, endpoints };
  }
  const env: Record<string, string> = {
    FRONTEND_ADDRESS: endpoints.frontend,
    BACKEND_ADDRESS: endpoints.backend,
    METRICS_PORT: String(three),
    LOG_LEVEL: "WARNING",
    ...options.env,
  };
  if (system === "zeromq-stack, curve") {
    const pairs = { server: createKeyPair(), client: createKeyPair(), worker: createKeyPair() };
    writeFileSync(keys, JSON.stringify(pairs), { mode: 0o600 });
    for (const side of ["client", "worker"] as const) writeFileSync(join(folder, side), `${pairs[side].publicKey} ${side}\n`);
    Object.assign(env, {
      CURVE_PUBLIC_KEY: pairs.server.publicKey,
      CURVE_SECRET_KEY: pairs.server.secretKey,
      CURVE_CLIENT_KEYS_FILE: join(folder, "client"),
      CURVE_WORKER_KEYS_FILE: join(folder, "worker"),
    });
  }
  const child = begin(process.execPath, [join(checkout, "services/broker/main.ts")], env);
  await listening(two, child);
  return { process: child, endpoints };
}

/** Seconds of processor time that the processes of a child's group have used, their threads included. */
export function cpuSeconds(group: number): number {
  let ticks = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      if (Number(fields[2]) === group) ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It has ended meanwhile.
    }
  }
  return ticks / 100;
}

/** Resident bytes, and the most there have ever been. */
export function residentBytes(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024;
  return { now: of("VmRSS"), most: of("VmHWM") };
}
