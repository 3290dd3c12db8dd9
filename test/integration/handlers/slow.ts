import { setTimeout as sleep } from "node:timers/promises";
import type { Handler } from "../../../services/worker/handler.ts";
import { handler as faulty } from "./faulty.ts";

/** Like faulty.ts, and takes many times as long. */
export const handler: Handler = async (body, context) => {
  await sleep(200);
  return (await faulty(body, context)) as Buffer;
};
