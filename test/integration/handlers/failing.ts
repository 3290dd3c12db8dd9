import type { Handler } from "../../../services/worker/handler.ts";

/** Throws, unless the body is `good`. */
export const handler: Handler = (body) => {
  if (body.toString() === "good") return "fine";
  throw new Error("this handler fails");
};
