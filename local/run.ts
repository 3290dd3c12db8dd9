import { appendFileSync, writeFileSync } from "node:fs";
import { execa } from "execa";
import { Failure } from "./failure.ts";
import { logOf } from "./processes.ts";

export interface RunOptions {
  /** The log's name below the state folder. */
  readonly log: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Told each line as it is printed. */
  onLine?(line: string): void;
  /** What the reader can do when it fails. */
  readonly todo?: string;
  /** The part of the log that says why it failed; its end where this is not given. */
  reason?(log: string): string;
}

/** Runs a command to its end with its output in a log; a failure shows the log's end. */
export async function run(command: readonly string[], options: RunOptions): Promise<void> {
  const log = logOf(options.log);
  writeFileSync(log, `$ ${command.join(" ")}\n`);
  const [program, ...args] = command;
  const child = execa(program!, args, {
    all: true,
    buffer: false,
    reject: false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
  });
  for await (const line of child.iterable({ from: "all" })) {
    appendFileSync(log, `${line}\n`);
    options.onLine?.(String(line));
  }
  const result = await child;
  if (!result.failed) return;
  const how = result.exitCode === undefined ? (result.signal ?? result.code ?? "could not start") : `exit ${result.exitCode}`;
  throw new Failure(`${program} failed (${how})`, {
    log,
    ...(options.todo === undefined ? {} : { todo: options.todo }),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  });
}

/** The standard output of a short command, or undefined when it fails or does not exist. */
export async function output(command: readonly string[], env: Record<string, string> = {}, timeoutMs = 30_000): Promise<string | undefined> {
  const [program, ...args] = command;
  const result = await execa(program!, args, { reject: false, stdin: "ignore", env, timeout: timeoutMs });
  return result.failed ? undefined : result.stdout;
}
