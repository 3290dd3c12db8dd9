import type { Handler } from "../../../services/worker/handler.ts";

/** Computes for so many milliseconds without giving anybody else a turn. */
export const handler: Handler = (body) => {
  for (const untilMs = performance.now() + Number(body.toString()); performance.now() < untilMs; ) Math.sqrt(2);
  return "done";
};
