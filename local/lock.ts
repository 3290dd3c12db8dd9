import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./failure.ts";
import { paths } from "./paths.ts";

/** Lets one program at a time change what `local/` runs. A lock whose holder has ended is taken over. */
export async function locked<Result>(work: () => Promise<Result>): Promise<Result> {
  mkdirSync(paths.state, { recursive: true });
  const file = join(paths.state, "lock");
  const holder = Number(read(file) ?? 0);
  if (holder !== 0 && holder !== process.pid && (read(`/proc/${holder}/cmdline`) ?? "").includes("local/")) {
    throw new Failure(`another \`npm run up\`, \`down\` or \`test\` is at work (process ${holder})`, { todo: "Wait for it, or end it." });
  }
  writeFileSync(file, String(process.pid));
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
