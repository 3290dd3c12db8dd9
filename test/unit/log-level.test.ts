import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLog, moduleLog } from "../../services/process/log.ts";
import { followLogLevel } from "../../services/process/log-level.ts";

const log = createLog({ logger: "test", level: "INFO" });
const part = moduleLog(log, "part");
const level = () => part.level;

let folder: string;
let file: string;
let following: { close(): void };
const follow = (env: Record<string, string>) => void (following = followLogLevel(log, "INFO", { env, defaultFile: file }));
const write = (...lines: string[]) => writeFileSync(file, lines.join("\n"));
const look = () => vi.advanceTimersByTimeAsync(1_000);

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(process.stdout, "write").mockReturnValue(true);
  folder = mkdtempSync(join(tmpdir(), "zeromq-stack-"));
  file = join(folder, "broker.conf");
  write("frontend_port = 5555", "log_level = INFO");
  log.level = part.level = "info";
});
afterEach(() => {
  following.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test("the level follows the mounted file, there and back, whatever else the file says", async () => {
  follow({});
  expect(level()).toBe("info");
  write("frontend_port = 5556", "log_level = DEBUG");
  await look();
  expect(level()).toBe("debug");
  write("log_level = error");
  await look();
  expect(level()).toBe("error");
  write("frontend_port = 5555");
  await look();
  expect(level()).toBe("info"); // the default
});

test("a wrong word, or a file that is gone for a while, changes nothing", async () => {
  follow({});
  write("log_level = LOUD");
  await look();
  expect(level()).toBe("info");
  rmSync(file);
  await look();
  expect(level()).toBe("info");
  write("log_level = WARNING");
  await look();
  expect(level()).toBe("warn");
});

test("LOG_LEVEL in the environment wins over the file", async () => {
  follow({ LOG_LEVEL: "INFO" });
  write("log_level = DEBUG");
  await look();
  expect(level()).toBe("info");
});

test("the file that CONFIG_FILE names is the one that counts", async () => {
  const named = join(folder, "named.conf");
  writeFileSync(named, "log_level = CRITICAL");
  follow({ CONFIG_FILE: named });
  await look();
  expect(level()).toBe("fatal");
});
