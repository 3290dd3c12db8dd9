import { getCallSites } from "node:util";
import { pino } from "pino";
import type { Logger } from "pino";
import { logFields } from "../contract/logs.ts";
import { describeError } from "./error-fields.ts";
import type { LogLevel } from "./values.ts";

export type { Logger } from "pino";

const pinoLevel: Record<LogLevel, string> = { DEBUG: "debug", INFO: "info", WARNING: "warn", ERROR: "error", CRITICAL: "fatal" };
const seedLevel: Record<string, LogLevel> = { trace: "DEBUG", debug: "DEBUG", info: "INFO", warn: "WARNING", error: "ERROR", fatal: "CRITICAL" };

export interface LogOptions {
  /** Who writes, for instance `zeromq.broker`. */
  logger: string;
  level: LogLevel;
  /** Fields of every line. */
  fields?: Record<string, unknown>;
  /** Whether the messages of errors are written, which may quote what they are about. */
  errorMessages?: boolean;
}

/** A log and those of its parts, which have levels of their own. */
const families = new WeakMap<Logger, Set<Logger>>();

/**
 * One JSON object a line on standard output, with the fields of contract/logs.ts: `timestamp` (ISO 8601, UTC), `level` (the seed's
 * names), `logger`, `message`, `module` (see `moduleLog`), `function` and `line` of the call, and the call's own. Written
 * synchronously, so the last line before a crash is not lost.
 */
export function createLog({ logger, level, fields, errorMessages = false }: LogOptions): Logger {
  const family = new Set<Logger>();
  const log = pino({
    level: pinoLevel[level],
    messageKey: logFields.message.name,
    base: { logger, ...fields },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    mixin: calledFrom,
    formatters: { level: (label) => ({ level: seedLevel[label] ?? label.toUpperCase() }) },
    serializers: { [logFields.error.name]: (error: unknown) => describeError(error, errorMessages) },
    onChild: (child) => void family.add(child as Logger),
  });
  families.set(log, family.add(log));
  return log;
}

/** Changes what a log of `createLog` and its parts write, from the next line on. */
export function setLevel(log: Logger, level: LogLevel): void {
  for (const one of families.get(log) ?? [log]) one.level = pinoLevel[level];
}

/** Where a line is written from: the first place that is neither the log's nor a library's. */
function calledFrom(): { function?: string; line?: number } {
  const site = getCallSites(16).find(
    ({ scriptName }) => scriptName !== "" && !scriptName.includes("/node_modules/") && !/\/process\/((limited-)?log|log-level)\.[tj]s$/.test(scriptName),
  );
  return site === undefined ? {} : { function: site.functionName || "(anonymous)", line: site.lineNumber };
}

/** The same log with the name of the part of the program that writes. */
export function moduleLog(log: Logger, module: string): Logger {
  return log.child({ module });
}
