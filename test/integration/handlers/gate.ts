import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Handler } from "../../../services/worker/handler.ts";

/** Writes its process id to `<body>.started`, and replies it once `<body>.open` exists, padded if the file says how far. */
export const handler: Handler = async (body, { signal }) => {
  const path = body.toString();
  appendFileSync(`${path}.started`, `${process.pid}\n`);
  while (!existsSync(`${path}.open`)) await sleep(10, undefined, { signal });
  return String(process.pid).padEnd(Number(readFileSync(`${path}.open`, "utf8")));
};
