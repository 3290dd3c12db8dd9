import { existsSync, readFileSync } from "node:fs";

export interface Advice {
  /** A file whose last lines say why, or those that `reason` picks. */
  readonly log?: string;
  reason?(log: string): string;
  /** What the reader can do about it. */
  readonly todo?: string;
}

/** An error that is meant for the person at the terminal: what failed, the end of its log, and what to do. */
export class Failure extends Error {
  readonly advice: Advice;

  constructor(message: string, advice: Advice = {}) {
    super(message);
    this.name = "Failure";
    this.advice = advice;
  }
}

const usualAdvice = "The same command goes on from here; `npm run down -- --all` removes what was started, for a new beginning.";

/** How a failure is printed. */
export function describe(error: unknown): string {
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOSPC") {
    return `The disk is full: ${(error as Error).message}\nMake room, then: ${usualAdvice}`;
  }
  if (!(error instanceof Failure)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { log, reason, todo = usualAdvice } = error.advice;
  const lines = [error.message];
  if (log !== undefined && existsSync(log)) {
    const text = readFileSync(log, "utf8").trimEnd();
    const part = reason === undefined ? text.split("\n").slice(-12).join("\n") : reason(text);
    lines.push(part.replace(/^/gm, "  | "), `The whole log: ${log}`);
  }
  return [...lines, todo].join("\n");
}
