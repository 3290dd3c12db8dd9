import { describe, expect, it } from "vitest";
import { reservedWorkerVariables } from "../../infra/settings/workerVariables.ts";
import { replicasBelongToAutoscaler, workerDeployment } from "../../infra/specs/workerDeployment.ts";
import { settingsWith, variables } from "./specs.ts";

const image = `registry.example/zeromq-worker@sha256:${"a".repeat(64)}`;

function deployments(workers?: object[], changes: object = {}) {
  const settings = settingsWith({ ...(workers && { workers }), ...changes });
  return settings.workers.map((worker, index) => workerDeployment(settings, worker, index, image));
}
const container = (worker: object, changes?: object) => deployments([worker], changes)[0]!.spec.template.spec.containers[0]!;

describe("the workers' Deployments", () => {
  it("are one a service: the first with the plain name, the others with the service's", () => {
    const all = deployments([{ service: "gzip" }, { service: "echo", replicas: 1 }], { autoscaling: { enabled: false } });

    expect(all.map(({ metadata }) => metadata.name)).toEqual(["zeromq-worker", "zeromq-worker-echo"]);
    expect(all.map(({ spec }) => spec.replicas)).toEqual([5, 1]);
  });

  it("begin with as few as there may be where an autoscaler moves them", () => {
    const all = deployments([
      { service: "gzip", replicas: 7 },
      { service: "echo", min: 2 },
    ]);
    expect(all.map(({ spec }) => spec.replicas)).toEqual([3, 2]);
  });

  it("say who decides their number, so that a change of that is an update", () => {
    const [scaled, fixed] = [{}, { autoscaling: { enabled: false } }].map((changes) => deployments([{ service: "gzip" }], changes)[0]!);
    expect([scaled, fixed].map((deployment) => replicasBelongToAutoscaler(deployment))).toEqual([true, false]);
    expect(scaled!.metadata.annotations).not.toEqual(fixed!.metadata.annotations);
    expect(scaled!.spec.template).toEqual(fixed!.spec.template);
  });

  it("never take each other's pods for their own", () => {
    const [gzip, echo] = deployments([{ service: "gzip" }, { service: "echo" }]).map(({ spec }) => spec);

    expect(gzip?.selector.matchLabels).toEqual({ app: "zeromq-worker", service: "gzip" });
    expect(echo?.selector.matchLabels).toEqual({ app: "zeromq-worker", service: "echo" });
    expect(gzip?.template.metadata.labels).toEqual(gzip?.selector.matchLabels);
  });

  it("have the table's requests and limits, or a service's own", () => {
    expect(container({ service: "gzip" }).resources).toEqual({
      requests: { cpu: "50m", memory: "64Mi" },
      limits: { cpu: "200m", memory: "256Mi" },
    });
    expect(container({ service: "gzip", resources: { requests: { cpu: "150m" } } }).resources.requests).toEqual({ cpu: "150m", memory: "64Mi" });
  });

  it("tell a worker its service, its handler and what the service allows", () => {
    const worker = { service: "pack", handler: "gzip", workerTimeoutSeconds: 12, retryAttempts: 1, env: { LEVEL: "9" } };
    expect(variables(container(worker))).toMatchObject({
      CONFIG_FILE: "/app/config/worker.conf",
      SERVICE: "pack",
      HANDLER: "gzip",
      WORKER_TIMEOUT: "12.0",
      RETRY_ATTEMPTS: "1",
      LEVEL: "9",
    });
    expect(variables(container({ service: "gzip" }))).not.toHaveProperty("HANDLER");
  });

  it("have the brokers' heartbeat, since both must agree on it", () => {
    const settings = { broker: { heartbeatIntervalSeconds: 10, heartbeatLiveness: 5 } };
    expect(variables(container({ service: "gzip" }, settings))).toMatchObject({ HEARTBEAT_INTERVAL: "10", HEARTBEAT_LIVENESS: "5" });
  });

  it("set no variable that a service may set, too", () => {
    expect(reservedWorkerVariables).toEqual(expect.arrayContaining(Object.keys(variables(container({ service: "gzip", handler: "gzip" })))));
  });

  it("ask a worker over HTTP whether it lives and whether it has brokers", () => {
    expect(container({ service: "gzip" })).toMatchObject({
      ports: [{ name: "metrics", containerPort: 9090 }],
      startupProbe: { httpGet: { path: "/livez", port: "metrics" } },
      livenessProbe: { httpGet: { path: "/livez", port: "metrics" } },
      readinessProbe: { httpGet: { path: "/readyz", port: "metrics" } },
    });
  });
});
