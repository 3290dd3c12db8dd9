import { openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Handler } from "../../../services/worker/handler.ts";

const file = openSync(process.env["LEDGER_FILE"]!, "a");

/** Writes down what it runs, works for a while, and answers what it was sent. A body with `poison` in it ends the process. */
export const handler: Handler = async (body) => {
  writeSync(file, `${body.toString("latin1", 0, 29)}\n`);
  if (body.includes("poison")) process.kill(process.pid, "SIGKILL");
  await sleep(Math.random() * 8);
  return body;
};
