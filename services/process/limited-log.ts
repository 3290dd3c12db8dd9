import type { Logger } from "./log.ts";

/** A log for what peers can cause as often as they like: one line of a kind in so many milliseconds, with the number of those left out. */
export interface LimitedLog {
  warn(kind: string, fields: Record<string, unknown>, message: string): void;
}

const everyMs = 5_000;
/** Kinds that are told apart: peers may have a say in what a kind is called, and must not fill the log with new ones. */
const mostKinds = 20;
const otherKind = "";

export function createLimitedLog(log: Logger, now: () => number): LimitedLog {
  const kinds = new Map<string, { untilMs: number; suppressed: number }>();
  return {
    warn(kind, fields, message) {
      const nowMs = now();
      if (!kinds.has(kind) && kinds.size >= mostKinds) {
        for (const [old, { untilMs }] of kinds) if (nowMs >= untilMs) kinds.delete(old);
        if (kinds.size >= mostKinds) kind = otherKind;
      }
      const seen = kinds.get(kind);
      if (seen !== undefined && nowMs < seen.untilMs) {
        seen.suppressed += 1;
        return;
      }
      kinds.set(kind, { untilMs: nowMs + everyMs, suppressed: 0 });
      log.warn(seen === undefined || seen.suppressed === 0 ? fields : { ...fields, suppressed: seen.suppressed }, message);
    },
  };
}
