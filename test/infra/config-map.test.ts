import { describe, expect, it } from "vitest";
import { configMap } from "../../infra/specs/configMap.ts";
import { settingsWith } from "./specs.ts";

describe("zeromq-config", () => {
  it("is the seed's, but that workers connect to every broker", () => {
    expect(configMap(settingsWith())).toMatchObject({
      metadata: { name: "zeromq-config", namespace: "zeromq" },
      data: {
        "broker.conf": ["frontend_port = 5555", "backend_port = 5556", "log_level = INFO", "heartbeat_interval = 2.5", "heartbeat_liveness = 3", ""].join("\n"),
        "worker.conf": ["log_level = INFO", "broker_address = tcp://zeromq-broker-headless:5556", "worker_timeout = 5.0", "retry_attempts = 3", ""].join("\n"),
      },
    });
  });

  it("follows the settings", () => {
    expect(configMap(settingsWith({ workerLogLevel: "ERROR" })).data?.["worker.conf"]).toContain("log_level = ERROR\n");
    const broker = { logLevel: "DEBUG", heartbeatIntervalSeconds: 1, heartbeatLiveness: 5 };
    expect(configMap(settingsWith({ broker })).data?.["broker.conf"]).toContain("log_level = DEBUG\nheartbeat_interval = 1.0\nheartbeat_liveness = 5\n");
  });
});
