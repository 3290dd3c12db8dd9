import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entries } from "../../infra/settings/reference.ts";
import type { Settings } from "../../infra/settings.ts";
import { brokerDeployment } from "../../infra/specs/brokerDeployment.ts";
import { brokerConf, workerConf } from "../../infra/specs/configMap.ts";
import { peerText, peerVariables } from "../../infra/specs/curveFiles.ts";
import { workerDeployment } from "../../infra/specs/workerDeployment.ts";
import { readBrokerSettings } from "../../services/broker/settings.ts";
import { environment, type Variable } from "../../services/contract/environment.ts";
import { createKeyPair } from "../../services/transport/curve-keys.ts";
import { readWorkerSettings } from "../../services/worker/settings.ts";
import { settingsWith, variables } from "./specs.ts";

const image = `registry.example/zeromq@sha256:${"a".repeat(64)}`;
const known: readonly Variable[] = Object.values(environment);

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "process-settings-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function mounted(content: string): { CONFIG_FILE: string } {
  const path = join(folder, "process.conf");
  writeFileSync(path, content);
  return { CONFIG_FILE: path };
}

/** Keys as their Secret brings them to a worker's pod. */
function peerFile(): { CURVE_PEER_FILE: string } {
  const path = join(folder, "peer");
  writeFileSync(path, peerText(peerVariables([createKeyPair().publicKey], createKeyPair())));
  return { CURVE_PEER_FILE: path };
}

/** What the pods' processes make of what their manifests say; throws where one would not start. */
function started(settings: Settings) {
  const { env } = brokerDeployment(settings, settings.activeColor, image).spec.template.spec.containers[0]!;
  const pair = createKeyPair();
  const keys = settings.curve.enabled ? { CURVE_PUBLIC_KEY: pair.publicKey, CURVE_SECRET_KEY: pair.secretKey } : {};
  const broker = readBrokerSettings({ env: { ...variables({ env }), ...keys, ...mounted(brokerConf(settings)) } });
  const workers = settings.workers.map((worker, index) => {
    const { env } = workerDeployment(settings, worker, index, image).spec.template.spec.containers[0]!;
    const curve = settings.curve.enabled ? peerFile() : {};
    return readWorkerSettings({ env: { ...variables({ env }), ...curve, ...mounted(workerConf(settings)) } });
  });
  return { broker, workers };
}

/** Every setting that has a range, at one of its ends. */
function atThe(end: "least" | "most"): Settings {
  const changes: Record<string, unknown> = {};
  const worker: Record<string, unknown> = { service: "echo" };
  for (const { key, allowed } of entries()) {
    const [, least, most] = /from ([\d.]+) to ([\d.]+)$/.exec(allowed) ?? [];
    if (least === undefined || key === "curve.otherServerKey") continue; // which must differ from the other one
    const value = end === "least" ? least : most;
    if (key.startsWith("workers[].")) worker[key.slice("workers[].".length)] = value;
    else put(changes, key.split("."), value);
  }
  return settingsWith({ ...changes, workers: [worker] });
}

function put(group: Record<string, unknown>, [name = "", ...below]: readonly string[], value: unknown): void {
  if (below.length === 0) group[name] = value;
  else put((group[name] ??= {}) as Record<string, unknown>, below, value);
}

describe("the processes start with every setting that is accepted:", () => {
  it.each(["least", "most"] as const)("all numbers at the %s", (end) => {
    const settings = atThe(end);

    expect(started(settings).broker.maxQueuedRequests).toBe(settings.broker.maxQueuedRequests);
  });

  it.each([true, false])("keys, or plain text: curve.enabled is %s", (enabled) => {
    const { broker, workers } = started(settingsWith({ curve: { enabled } }));
    expect([broker.curve !== undefined, workers[0]?.curve !== undefined]).toEqual([enabled, enabled]);
  });

  it.each(environment.logLevel.words)("the log level %s", (logLevel) => {
    expect(started(settingsWith({ broker: { logLevel } })).broker.logLevel).toBe(logLevel);
  });
});

/** Whether a process that reads the variable starts with the value. */
function takes({ name }: Variable, value: string): boolean {
  const env = { [name]: value };
  try {
    readBrokerSettings({ env });
    readWorkerSettings({ env });
    return true;
  } catch {
    return false;
  }
}

describe("what the contract says of a variable is what the processes take:", () => {
  const ranges = known.flatMap((variable) => (variable.range ? [{ variable, range: variable.range, name: variable.name }] : []));

  it.each(ranges)("$name", ({ variable, range: [least, most] }) => {
    expect([least - 1, least, most, most + 1].map((value) => takes(variable, String(value)))).toEqual([false, true, true, false]);
  });

  it("LOG_LEVEL", () => {
    expect([...environment.logLevel.words, "debug", "LOUD"].filter((word) => !takes(environment.logLevel, word))).toEqual(["LOUD"]);
  });

  it("WORKER_ID", () => {
    const { longest } = environment.workerId;
    expect([longest, longest + 1].map((length) => takes(environment.workerId, "x".repeat(length)))).toEqual([true, false]);
  });
});
