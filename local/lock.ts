import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "./failure.ts";

/** One for the machine: the local node's link and the registry's port are the machine's, whoever starts them. */
const file = join(tmpdir(), "zeromq-stack.lock");

/** Lets one program at a time change what `local/` runs. A lock whose holder has ended is taken over. */
export async function locked<Result>(work: () => Promise<Result>): Promise<Result> {
  take();
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(): void {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = Number(readFileSync(file, "utf8"));
    if (isOurs(holder)) {
      throw new Failure(`another \`npm run up\`, \`down\` or \`test\` is at work (process ${holder})`, { todo: "Wait for it, or end it." });
    }
    rmSync(file, { force: true });
    take();
  }
}

/** Whether a process lives and, where that can be seen, is one of our commands: a number is given out again in time. */
function isOurs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== "linux") return true;
    return /(local\/(up|down|tools)|test\/run)\.ts/.test(readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  } catch {
    return false;
  }
}
