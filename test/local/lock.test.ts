import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const directory = mkdtempSync(join(tmpdir(), "zeromq-stack-lock-"));
let locked: typeof import("../../local/lock.ts").locked;

beforeAll(async () => {
  vi.stubEnv("TMPDIR", directory);
  ({ locked } = await import("../../local/lock.ts"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const held = (pid: number) => writeFileSync(join(directory, "zeromq-stack.lock"), String(pid));

test("a command waits for no other: it is refused while one of ours is at work", async () => {
  // A process whose command line is that of `npm run up`; the program itself only waits.
  const other = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)", "local/up.ts"]);
  await new Promise((resolve) => other.once("spawn", resolve));
  held(other.pid!);
  await expect(locked(async () => "done")).rejects.toThrow(`process ${other.pid}`);
  other.kill();
});

test("a lock whose holder has ended is taken over", async () => {
  const gone = spawn(process.execPath, ["--eval", ""]);
  await new Promise((resolve) => gone.once("exit", resolve));
  held(gone.pid!);
  await expect(locked(async () => "done")).resolves.toBe("done");
});

test("a lock whose holder's number is somebody else's now is taken over", async () => {
  held(process.ppid);
  await expect(locked(async () => "done")).resolves.toBe("done");
});

test("a lock is given back, also after a failure", async () => {
  await expect(locked(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  await expect(locked(async () => "done")).resolves.toBe("done");
});
