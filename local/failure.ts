import { existsSync, readFileSync } from "node:fs";

export interface Advice {
  /** A file whose last lines say why. */
  readonly log?: string;
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

/** How a failure is printed. */
export function describe(error: unknown): string {
  if (!(error instanceof Failure)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const { log, todo } = error.advice;
  const lines = [error.message];
  if (log !== undefined && existsSync(log)) {
    lines.push(...lastLines(log, 12).map((line) => `  | ${line}`), `The whole log: ${log}`);
  }
  if (todo !== undefined) lines.push(todo);
  return lines.join("\n");
}

function lastLines(file: string, count: number): string[] {
  return readFileSync(file, "utf8").trimEnd().split("\n").slice(-count);
}
