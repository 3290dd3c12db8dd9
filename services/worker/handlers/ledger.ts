/** Answers like echo, and writes the id that the load generator put before each body to the file LEDGER_FILE, one a line, before it answers. */
import { openSync, writeSync } from "node:fs";
import { loadIdLength } from "../../contract/load.ts";
import type { Handler } from "../handler.ts";

const path = process.env["LEDGER_FILE"];
if (path === undefined) throw new Error("LEDGER_FILE must name the file to which the ids of executed requests are appended");
const file = openSync(path, "a");

export const handler: Handler = (body) => {
  writeSync(file, `${body.toString("latin1", 0, loadIdLength - 1)}\n`);
  return body;
};
