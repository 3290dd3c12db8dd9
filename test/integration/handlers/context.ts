import type { Handler } from "../../../services/worker/handler.ts";

/** Answers what it is told besides the body. */
export const handler: Handler = (_, context) => {
  const { service, requestId, attempt, trace } = context;
  return JSON.stringify({ service, requestId, attempt, trace, remainingMs: context.remainingMs(), aborted: context.signal.aborted });
};
