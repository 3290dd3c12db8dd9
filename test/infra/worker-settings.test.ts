import { describe, expect, it } from "vitest";
import type { SettingsError } from "../../infra/settings.ts";
import { workerBounds } from "../../infra/settings/workers.ts";
import { monitored } from "../../infra/specs/monitored.ts";
import { workerDeployment } from "../../infra/specs/workerDeployment.ts";
import { ofType, runProgram } from "./program.ts";
import { settingsWith } from "./specs.ts";

const digest = `sha256:${"e".repeat(64)}`;
const container = (worker: object): any => {
  const settings = settingsWith({ workers: [{ service: "echo", ...worker }] });
  return workerDeployment(settings, settings.workers[0]!, 0, "image").spec.template.spec.containers[0];
};

/** What is wrong with the settings, by setting. */
function problems(changes: object): Record<string, string> {
  try {
    settingsWith({ ...changes });
  } catch (error) {
    return Object.fromEntries((error as SettingsError).problems.map(({ key, message }) => [key.replace("zeromq-stack:", ""), message]));
  }
  return {};
}
const ofWorkers = (...workers: object[]) => problems({ workers: workers.map((worker, index) => ({ service: index === 0 ? "echo" : "gzip", ...worker })) });

describe("a worker service of one's own", () => {
  it("runs its own image by digest, and the others the one that all share", async () => {
    const workers = [{ service: "orders", image: `registry.example/orders:2.1@${digest}` }, { service: "echo" }, { service: "old", image: `0.9.0@${digest}` }];
    const images = Object.values(
      ofType(await runProgram({ "zeromq-stack:workers": JSON.stringify(workers), "zeromq-stack:smoke": "{}" }), "kubernetes:apps/v1:Deployment"),
    )
      .filter(({ name }) => name.startsWith("zeromq-worker"))
      .map(({ name, inputs }) => [name, inputs["spec"].template.spec.containers[0].image]);
    expect(Object.fromEntries(images)).toEqual({
      "zeromq-worker": `registry.example/orders@${digest}`,
      "zeromq-worker-echo": expect.stringMatching(/^localhost:5001\/zeromq-worker@sha256:b+$/),
      "zeromq-worker-old": `localhost:5001/zeromq-worker@${digest}`,
    });
  });

  it("need have no handler in this checkout where it has an image", () => {
    expect(ofWorkers({ service: "orders" })).toHaveProperty("workers[0].handler");
    expect(ofWorkers({ service: "orders", image: `registry.example/orders@${digest}` })).toEqual({});
  });

  it("names its image by digest", () => {
    expect(ofWorkers({ image: "registry.example/orders:2.1" })).toEqual({ "workers[0].image": expect.stringContaining("pinned by digest") });
    expect(ofWorkers({ image: "worktree" })).toHaveProperty("workers[0].image");
  });

  it("gets values from Secrets as variables, without the stack knowing them", () => {
    const { env } = container({ secrets: [{ name: "DATABASE_PASSWORD", secret: "orders-database", key: "password" }] });
    expect(env).toContainEqual({ name: "DATABASE_PASSWORD", valueFrom: { secretKeyRef: { name: "orders-database", key: "password" } } });
  });

  it("sets each variable once, and none of the program's", () => {
    const secret = (name: string) => ({ name, secret: "one", key: "key" });
    expect(ofWorkers({ env: { A: "1" }, secrets: [secret("A"), secret("B"), secret("B"), secret("SERVICE")] })).toEqual({
      "workers[0].secrets[0].name": '"A" found a second time; allowed: a name of its own',
      "workers[0].secrets[2].name": '"B" found a second time; allowed: a name of its own',
      "workers[0].secrets[3].name": "set by the program; other settings decide it",
    });
    expect(ofWorkers({ concurrency: 4, env: { WORKER_CONCURRENCY: "8" } })).toEqual({
      "workers[0].env.WORKER_CONCURRENCY": expect.stringContaining("allowed: one of them"),
    });
    expect(ofWorkers({ secrets: [{ name: "A B", secret: "Upper", key: "a/b" }] })).toEqual({
      "workers[0].secrets[0].name": expect.any(String),
      "workers[0].secrets[0].secret": expect.any(String),
      "workers[0].secrets[0].key": expect.any(String),
    });
  });

  it("handles as many requests at once as it says", () => {
    expect(container({ concurrency: 16 }).env).toContainEqual({ name: "WORKER_CONCURRENCY", value: "16" });
    expect(container({}).env.map(({ name }: { name: string }) => name)).not.toContain("WORKER_CONCURRENCY");
  });

  it("has bounds of its own where its number follows the load, or those of all", () => {
    const settings = settingsWith({ workers: [{ service: "echo", min: 1, max: 50 }, { service: "gzip" }], autoscaling: { minReplicas: 2, maxReplicas: 9 } });
    expect(settings.workers.map((worker) => workerBounds(settings, worker))).toEqual([
      { minReplicas: 1, maxReplicas: 50 },
      { minReplicas: 2, maxReplicas: 9 },
    ]);
    expect(monitored(settings).scaled).toEqual([
      { service: "echo", maxReplicas: 50 },
      { service: "gzip", maxReplicas: 9 },
    ]);
  });

  it("is refused bounds with nothing between them", () => {
    expect(ofWorkers({ min: 5, max: 4 })).toEqual({ "workers[0].min": "5 found; allowed: at most the service's most, which is 4" });
    expect(ofWorkers({ max: 2 })).toEqual({ "workers[0].max": "2 found; allowed: at least autoscaling.minReplicas, which is 3" });
    expect(ofWorkers({ min: 30 })).toEqual({ "workers[0].min": "30 found; allowed: at most the service's most, which is 20" });
    expect(problems({ autoscaling: { minReplicas: 5, maxReplicas: 4 } })).toEqual({ "autoscaling.minReplicas": expect.any(String) });
  });
});
