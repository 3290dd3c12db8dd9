import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { paths } from "./paths.ts";
import { Failure } from "./failure.ts";
import { goOn } from "./interruption.ts";

/**
 * Every process that `local/` leaves running carries this variable. So what runs is read from the machine itself: a
 * killed `up` leaves no stale file, and `down` finds what a lost file would have hidden.
 */
const marker = "ZEROMQ_STACK_PROCESS";

export interface Service {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The condition that the next step rests on. */
  ready(): Promise<boolean>;
  readonly readyTimeoutMs?: number;
}

/** The ids of the living processes of one service, or of all of them. */
export function find(name?: string): number[] {
  if (!existsSync("/proc")) return []; // not Linux: nothing of ours runs there outside of containers
  const wanted = `${marker}=${paths.state}/${name ?? ""}`;
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const variables = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
        return variables.some((variable) => (name === undefined ? variable.startsWith(wanted) : variable === wanted));
      } catch {
        return false; // it ended while we looked, or it is somebody else's
      }
    })
    .map(Number);
}

/** Waits for a condition; false when the time is over. @throws interruption */
export async function until(condition: () => Promise<boolean> | boolean, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() > end) return false;
    goOn();
    await delay(200);
  }
}

/** Starts a service that outlives this program, unless it runs; a running one that does not get ready is replaced. */
export async function ensure(service: Service): Promise<"running" | "started"> {
  const timeoutMs = service.readyTimeoutMs ?? 120_000;
  if (find(service.name).some((pid) => runs(pid, service))) {
    if (await until(service.ready, Math.min(timeoutMs, 20_000))) return "running";
  }
  await stop(service.name); // not ready, or a program of another version
  const log = logOf(service.name);
  start(service, log);
  const ended = () => find(service.name).length === 0;
  let ready = false;
  await until(async () => (ready = await service.ready()) || ended(), timeoutMs);
  if (!ready) {
    const what = ended() ? "ended at once" : `was not ready after ${timeoutMs / 1000} s`;
    throw new Failure(`${service.name} ${what}`, { log });
  }
  return "started";
}

/** Whether a process runs the program that the service names now: a new version has a folder of its own. */
function runs(pid: number, { command }: Service): boolean {
  const program = command.find((argument) => argument.startsWith(paths.cache));
  if (program === undefined) return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(program);
  } catch {
    return false;
  }
}

export function logOf(name: string): string {
  mkdirSync(paths.logs, { recursive: true });
  return join(paths.logs, `${name}.log`);
}

function start(service: Service, log: string): void {
  if (existsSync(log)) renameSync(log, `${log}.previous`);
  const output = openSync(log, "w");
  const [program, ...args] = service.command;
  const child = spawn(program!, args, {
    detached: true,
    stdio: ["ignore", output, output],
    env: { ...inherited(), ...service.env, [marker]: `${paths.state}/${service.name}` },
  });
  child.on("error", () => undefined); // seen as "ended at once"
  child.unref();
  closeSync(output);
}

/** A daemon gets none of the shell's tokens and passwords. */
function inherited(): Record<string, string> {
  const wanted = /^(PATH|HOME|LANG|(https?|no)_proxy|SSL_CERT_(FILE|DIR))$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name, value]) => wanted.test(name) && value !== undefined)) as Record<string, string>;
}

/** Ends one service with SIGTERM, and with SIGKILL what is left after ten seconds; all of them, whose files go too, at once. */
export async function stop(name?: string): Promise<void> {
  for (const signal of name === undefined ? (["SIGKILL"] as const) : (["SIGTERM", "SIGKILL"] as const)) {
    for (const pid of find(name)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself.
      }
    }
    if (await until(() => find(name).length === 0, 10_000)) return;
  }
  throw new Failure(`these processes do not end: ${find(name).join(", ")}`);
}
