import { logFields, requestIdOf } from "../contract/logs.ts";
import type { Outcome } from "../contract/metrics.ts";
import { createLimitedLog } from "../process/limited-log.ts";
import type { Logger } from "../process/log.ts";
import type { Outbox } from "./outbox.ts";

/** Lines of one kind in five seconds: a fault that hits all requests is known after some of them. */
const mostLines = 50;

/** Ends that nobody needs to look at: at DEBUG there is a line for each all the same. */
const ordinary: ReadonlySet<Outcome> = new Set(["replied", "cancelled", "client_gone", "draining"]);

/** What the broker's log says of single requests, by their ids. */
export function createRequestLines(log: Logger, now: () => number): Pick<Outbox, "ended" | "rejected" | "redelivered"> {
  const limited = createLimitedLog(log, now, mostLines);
  const about = (instance: Buffer, id: number) => ({ [logFields.requestId.name]: requestIdOf(instance, id) });
  return {
    ended(outcome, service, milliseconds, instance, id) {
      const isOrdinary = ordinary.has(outcome);
      // A string for each request would cost more than the rest.
      if (isOrdinary && !log.isLevelEnabled("debug")) return;
      const fields = { ...about(instance, id), service, outcome, milliseconds: Math.round(milliseconds * 1000) / 1000 };
      if (isOrdinary) log.debug(fields, "request ended");
      else limited.warn(outcome, fields, "request ended without a reply");
    },
    rejected(bound, service, request) {
      limited.warn(bound, { ...(request && about(request.instance, request.id)), bound, service }, "refused: a bound is reached");
    },
    redelivered: (service, instance, id) =>
      limited.warn("redelivered", { ...about(instance, id), service }, "request given to another worker: its own was lost"),
  };
}
