import type { Logger } from "./log.ts";

/** A log for what others can cause as often as they like: so many lines of a kind in so many milliseconds, with the number of those left out. */
export interface LimitedLog {
  debug(kind: string, fields: Record<string, unknown>, message: string): void;
  warn(kind: string, fields: Record<string, unknown>, message: string): void;
  error(kind: string, fields: Record<string, unknown>, message: string): void;
}

const everyMs = 5_000;
/** Kinds that are told apart: peers may have a say in what a kind is called, and must not fill the log with new ones. */
const mostKinds = 20;
const otherKind = "";

/** @param most lines of a kind in five seconds */
export function createLimitedLog(log: Pick<Logger, "debug" | "warn" | "error">, now: () => number, most = 1): LimitedLog {
  const kinds = new Map<string, { untilMs: number; written: number; suppressed: number }>();

  /** What to say besides, or nothing where the line is left out. */
  const admit = (kind: string): Record<string, unknown> | undefined => {
    const nowMs = now();
    if (!kinds.has(kind) && kinds.size >= mostKinds) {
      for (const [old, { untilMs }] of kinds) if (nowMs >= untilMs) kinds.delete(old);
      if (kinds.size >= mostKinds) kind = otherKind;
    }
    const seen = kinds.get(kind);
    if (seen !== undefined && nowMs < seen.untilMs) {
      if (seen.written >= most) {
        seen.suppressed += 1;
        return undefined;
      }
      seen.written += 1;
      return {};
    }
    kinds.set(kind, { untilMs: nowMs + everyMs, written: 1, suppressed: 0 });
    return seen === undefined || seen.suppressed === 0 ? {} : { suppressed: seen.suppressed };
  };

  const say =
    (level: keyof LimitedLog) =>
    (kind: string, fields: Record<string, unknown>, message: string): void => {
      const besides = admit(`${level} ${kind}`);
      if (besides !== undefined) log[level]({ ...fields, ...besides }, message);
    };
  return { debug: say("debug"), warn: say("warn"), error: say("error") };
}
