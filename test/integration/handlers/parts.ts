import { writeFileSync } from "node:fs";
import type { Handler } from "../../../services/worker/handler.ts";

/** `COUNT FILE`: so many parts; the file gets their number when it ends, however it ends. */
export const handler: Handler = async function* (body) {
  const [count, file] = body.toString().split(" ") as [string, string];
  let made = 0;
  try {
    for (; made < Number(count); made += 1) yield `part ${made};`;
  } finally {
    writeFileSync(file, String(made));
  }
  return "end";
};
