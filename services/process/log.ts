import { getCallSites } from "node:util";
import { pino } from "pino";
import type { Logger } from "pino";
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
}

/**
 * One JSON object a line on standard output: `timestamp` (ISO 8601, UTC), `level` (the seed's names), `logger`, `message`,
 * `module` (see `moduleLog`), `function` and `line` of the call, and the call's own fields; an error under `err` keeps its stack. Written synchronously, so the
 * last line before a crash is not lost.
 */
export function createLog({ logger, level, fields }: LogOptions): Logger {
  return pino({
    level: pinoLevel[level],
    messageKey: "message",
    base: { logger, ...fields },
    timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
    mixin: calledFrom,
    formatters: { level: (label) => ({ level: seedLevel[label] ?? label.toUpperCase() }) },
  });
}

/** Where a line is written from: the first place that is neither the log's nor a library's. */
function calledFrom(): { function?: string; line?: number } {
  const site = getCallSites(16).find(({ scriptName }) => scriptName !== "" && !scriptName.includes("/node_modules/") && !/\/process\/(limited-)?log\.[tj]s$/.test(scriptName));
  return site === undefined ? {} : { function: site.functionName || "(anonymous)", line: site.lineNumber };
}

/** The same log with the name of the part of the program that writes. */
export function moduleLog(log: Logger, module: string): Logger {
  return log.child({ module });
}
