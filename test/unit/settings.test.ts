import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readBrokerSettings, readFrontendEndpoint } from "../../services/broker/settings.ts";
import { SettingsError } from "../../services/process/settings.ts";
import type { Source } from "../../services/process/settings.ts";
import { readWorkerSettings } from "../../services/worker/settings.ts";

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "settings-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string): string {
  const path = join(folder, "broker.conf");
  writeFileSync(path, content);
  return path;
}

function problemsOf(source: Source, read: (source: Source) => unknown = readBrokerSettings): readonly string[] {
  try {
    read(source);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe("wrong settings", () => {
  test("are all named at once: variable, value and what is allowed", () => {
    const env = { FRONTEND_ADDRESS: "5555", BACKEND_PORT: "70000", HEARTBEAT_INTERVAL: "often", LOG_LEVEL: "LOUD", COLOR: "red", MAX_DELIVERIES: "0" };
    const problems = problemsOf({ env });
    for (const [name, value] of Object.entries(env)) {
      expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^${name}="${value}" must be .+`)));
    }
    expect(problems).toHaveLength(6);
  });

  test("of the file are named by line, together with those of the environment", () => {
    const path = file("frontend_port = 5555\nlog_level = LOUD\nfrontend_prot = 1\nnonsense\nfrontend_port = 1\n");
    expect(problemsOf({ env: { CONFIG_FILE: path, COLOR: "red" } })).toEqual([
      expect.stringMatching(`^${path}:3: unknown key "frontend_prot", must be one of .*frontend_port`),
      `${path}:4: "nonsense" must be of the form key = value`,
      `${path}:5: frontend_port stands at ${path}:1 already`,
      `${path}:2: log_level="LOUD" must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL`,
      `COLOR="red" must be one of blue, green`,
    ]);
  });

  test("a named file that cannot be read is one of them; the default file may be absent", () => {
    expect(problemsOf({ env: { CONFIG_FILE: "/nowhere.conf" } })).toEqual([`CONFIG_FILE="/nowhere.conf" must be a file that can be read (ENOENT)`]);
    expect(problemsOf({ env: {}, defaultFile: "/nowhere.conf" })).toEqual([]);
    expect(problemsOf({ env: {}, defaultFile: folder })).toEqual([`${folder} must be a file that can be read (EISDIR)`]);
  });

  test.each([
    ["BROKER_ADDRESS", "tcp://*:5556"],
    ["BROKER_ADDRESS", "localhost:5556"],
    ["BROKER_ADDRESS", "tcp://a:1,"],
    ["SERVICE", "mmi.service"],
    ["SERVICE", "grüße"],
    ["WORKER_TIMEOUT", "-1"],
    ["WORKER_TIMEOUT", "1e3"],
    ["RETRY_ATTEMPTS", "2.5"],
    ["METRICS_PORT", "0"],
  ])("a worker refuses %s=%s", (name, value) => {
    expect(problemsOf({ env: { [name]: value } }, readWorkerSettings)).toEqual([expect.stringContaining(`${name}=${JSON.stringify(value)} must be`)]);
  });
});

describe("where a setting comes from", () => {
  test("the address wins over the port, over the file, over the default", () => {
    const path = file("# the seed's\nfrontend_port = 7001\nbackend_port=7002\n");
    const frontend = (env: Record<string, string>): string => readFrontendEndpoint({ env });
    expect(frontend({})).toBe("tcp://*:5555");
    expect(frontend({ CONFIG_FILE: path })).toBe("tcp://*:7001");
    expect(frontend({ CONFIG_FILE: path, FRONTEND_PORT: "7003" })).toBe("tcp://*:7003");
    expect(frontend({ CONFIG_FILE: path, FRONTEND_PORT: "7003", FRONTEND_ADDRESS: "tcp://10.0.0.1:7004" })).toBe("tcp://10.0.0.1:7004");
  });

  test("the seed's files are read as they are", () => {
    const broker = file("frontend_port = 5555\nbackend_port = 5556\nlog_level = INFO\nheartbeat_interval = 2.5\nheartbeat_liveness = 3\n");
    expect(readBrokerSettings({ env: { CONFIG_FILE: broker } })).toMatchObject({
      frontend: "tcp://*:5555",
      backend: "tcp://*:5556",
      logLevel: "INFO",
      heartbeatIntervalMs: 2500,
      heartbeatLiveness: 3,
    });
    const worker = file("broker_address = tcp://zeromq-broker-service:5556\nworker_timeout = 5.0\nretry_attempts = 3\n");
    expect(readWorkerSettings({ env: { CONFIG_FILE: worker } })).toMatchObject({
      brokers: ["tcp://zeromq-broker-service:5556"],
      timeoutMs: 5000,
      retryAttempts: 3,
    });
  });

  test("an empty variable counts as not set", () => {
    expect(readBrokerSettings({ env: { FRONTEND_ADDRESS: "", LOG_LEVEL: "" } })).toMatchObject({ frontend: "tcp://*:5555", logLevel: "INFO" });
  });

  test("a handler is named like its service, unless it has a name of its own", () => {
    expect(readWorkerSettings({ env: { SERVICE: "gzip" } }).handler).toBe("gzip");
    expect(readWorkerSettings({ env: { SERVICE: "gzip", HANDLER: "./mine.ts" } }).handler).toBe("./mine.ts");
  });
});
