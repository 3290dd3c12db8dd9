import { countBuffersAsHeap } from "./external-memory.ts";
import { SettingsError } from "./settings.ts";
import type { Logger } from "./log.ts";

/** Exit codes of our services. 78 is EX_CONFIG of sysexits.h. */
export const exitCodes = { done: 0, failed: 1, settings: 78 } as const;

/** Why a program cannot start, in words meant for whoever runs it: no stack is shown. */
export class StartError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "StartError";
  }
}

const stopSignals = ["SIGTERM", "SIGINT"] as const;

function endAtStart(): void {
  process.exit(exitCodes.done);
}

/** Runs a program's start; what it throws is printed on standard error and ends the process. */
export async function runProgram(start: () => Promise<void>): Promise<void> {
  countBuffersAsHeap();
  // The first process of a container ignores signals that it does not ask for, and a start can take seconds.
  for (const signal of stopSignals) process.once(signal, endAtStart);
  try {
    await start();
  } catch (error) {
    const expected = error instanceof SettingsError || error instanceof StartError;
    process.stderr.write(`${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(error instanceof SettingsError ? exitCodes.settings : exitCodes.failed);
  }
}

/**
 * Calls `stop` at the first SIGTERM or SIGINT; when it is done the process ends with 0 by itself, once the sockets have
 * sent what they took (exiting would cut that off), or after `lingerMs` and a moment. A second signal ends it at once.
 * An error that nobody caught is logged and ends it with 1: its state is unknown.
 */
export function stopOnSignal(log: Logger, lingerMs: number, stop: (signal: NodeJS.Signals) => Promise<void>): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.warn({ signal }, "second signal: ending at once");
      process.exit(exitCodes.failed);
    }
    stopping = true;
    stop(signal).then(
      () => {
        process.exitCode = exitCodes.done;
        setTimeout(() => process.exit(), lingerMs + 500).unref();
      },
      (error: unknown) => fail(error, "stopping failed"),
    );
  };
  const fail = (err: unknown, message: string): void => {
    log.fatal({ err }, message);
    process.exit(exitCodes.failed);
  };
  for (const signal of stopSignals) process.off(signal, endAtStart).on(signal, onSignal);
  process.on("uncaughtException", (error) => fail(error, "uncaught error"));
  process.on("unhandledRejection", (reason) => fail(reason, "unhandled rejection"));
}

/** What to tell somebody whose port cannot be bound: the address, the reason and the variable that changes it. */
export function bindProblem(endpoint: string, variables: string, error: unknown): StartError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === "EADDRINUSE" ? "the port is in use" : code === "EACCES" ? "permission denied" : message;
  return new StartError(`cannot listen on ${endpoint}: ${reason}. Set ${variables} to another one, or stop what listens there.`, error);
}
