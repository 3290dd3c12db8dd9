import { describe, expect, test } from "vitest";
import { isAwaited, needsEndpoints, podTrouble, readiness } from "../../local/standin/kubernetes/readiness.ts";

const rolledOut = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { generation: 2 },
  spec: { replicas: 2 },
  status: {
    observedGeneration: 2,
    replicas: 2,
    updatedReplicas: 2,
    readyReplicas: 2,
    conditions: [
      { type: "Available", status: "True" },
      { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" },
    ],
  },
};
const deployment = (status: object) => readiness({ ...rolledOut, status: { ...rolledOut.status, ...status } });

describe("a Deployment", () => {
  test("is ready when its controller has seen it and all replicas are new and ready", () => expect(deployment({}).ready).toBe(true));
  test("is not ready before its controller has seen the change", () => expect(deployment({ observedGeneration: 1 }).ready).toBe(false));
  test("is not ready while an old replica is left", () => expect(deployment({ replicas: 3 }).ready).toBe(false));
  test("is not ready while a new replica is not", () => expect(deployment({ readyReplicas: 1 }).ready).toBe(false));
  test("is not ready while the rollout goes on", () =>
    expect(
      deployment({
        conditions: [
          { type: "Available", status: "True" },
          { type: "Progressing", status: "True", reason: "ReplicaSetUpdated" },
        ],
      }).ready,
    ).toBe(false));
  test("tells why it is unavailable", () =>
    expect(deployment({ conditions: [{ type: "Available", status: "False", reason: "MinimumReplicasUnavailable", message: "too few" }] }).message).toContain(
      "[MinimumReplicasUnavailable] too few",
    ));
  test("of no replicas is ready", () =>
    expect(readiness({ ...rolledOut, spec: { replicas: 0 }, status: { observedGeneration: 2, conditions: rolledOut.status.conditions } }).ready).toBe(true));
});

describe("a Job", () => {
  const job = (conditions: object[]) => readiness({ apiVersion: "batch/v1", kind: "Job", metadata: {}, spec: {}, status: { conditions } });
  test("is done when it is complete", () => expect(job([{ type: "Complete", status: "True" }])).toMatchObject({ ready: true, failed: false }));
  test("is waited for while it runs", () => expect(job([])).toMatchObject({ ready: false, failed: false }));
  test("that failed is waited for no longer, and says why", () =>
    expect(job([{ type: "Failed", status: "True", reason: "BackoffLimitExceeded", message: "enough" }])).toMatchObject({
      ready: false,
      failed: true,
      message: expect.stringContaining("BackoffLimitExceeded"),
    }));
});

describe("a Service", () => {
  const service = (spec: object, status = {}) => ({ apiVersion: "v1", kind: "Service", metadata: {}, spec: { selector: { app: "a" }, ...spec }, status });
  test("waits for a target", () => expect([readiness(service({}), 0).ready, readiness(service({}), 1).ready]).toEqual([false, true]));
  test.each([[{ clusterIP: "None" }], [{ type: "ExternalName" }], [{ selector: undefined }]])("with %o waits for none", (spec) => {
    expect(needsEndpoints(service(spec))).toBe(false);
    expect(readiness(service(spec), 0).ready).toBe(true);
  });
  test("of type LoadBalancer waits for its address", () => {
    expect(readiness(service({ type: "LoadBalancer" }), 1).ready).toBe(false);
    expect(readiness(service({ type: "LoadBalancer" }, { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } }), 1).ready).toBe(true);
  });
});

test("a StatefulSet is ready when its update has rolled over all replicas", () => {
  const set = (status: object) =>
    readiness({ apiVersion: "apps/v1", kind: "StatefulSet", metadata: { generation: 1 }, spec: {}, status: { observedGeneration: 1, ...status } });
  expect(set({ readyReplicas: 1, currentRevision: "a", updateRevision: "a" }).ready).toBe(true);
  expect(set({ readyReplicas: 1, currentRevision: "a", updateRevision: "b" }).ready).toBe(false);
  expect(set({ currentRevision: "a", updateRevision: "a" }).ready).toBe(false);
});

test("a DaemonSet is ready when every node runs the new pod", () => {
  const set = (updated: number) =>
    readiness({
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { generation: 1 },
      spec: {},
      status: { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: updated, numberReady: 2 },
    });
  expect([set(1).ready, set(2).ready]).toEqual([false, true]);
});

test("a kind of somebody else's group is not awaited, whatever its name", () =>
  expect([isAwaited({ apiVersion: "serving.example.com/v1", kind: "Service" }), isAwaited({ apiVersion: "v1", kind: "ConfigMap" })]).toEqual([false, false]));

test("a pod's trouble names the container, the reason and its last words", () => {
  const [waiting, ended] = podTrouble({
    metadata: { name: "web-1" },
    status: {
      containerStatuses: [
        {
          name: "c",
          restartCount: 3,
          state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
          lastState: { terminated: { exitCode: 1, reason: "Error", message: "the key is missing\n" } },
        },
      ],
    },
  });
  expect(waiting).toBe("Pod web-1: container c is waiting: CrashLoopBackOff: back-off");
  expect(ended).toBe("Pod web-1: container c ended with code 1 (Error, 3 restarts): the key is missing");
});

test("a pod that only starts is no trouble, one that no node takes is", () => {
  expect(podTrouble({ metadata: { name: "p" }, status: { containerStatuses: [{ name: "c", state: { waiting: { reason: "ContainerCreating" } } }] } })).toEqual(
    [],
  );
  expect(
    podTrouble({ metadata: { name: "p" }, status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "no CPU" }] } }),
  ).toEqual(["Pod p: Unschedulable: no CPU"]);
});

describe("an object that says which condition to wait for", () => {
  const api = (status: string) => ({
    apiVersion: "apiregistration.k8s.io/v1",
    kind: "APIService",
    metadata: { annotations: { "pulumi.com/waitFor": "condition=Available" } },
    status: { conditions: [{ type: "Available", status, reason: "MissingEndpoints", message: "no endpoints" }] },
  });
  test("is ready when that is true", () => expect([isAwaited(api("True")), readiness(api("True")).ready]).toEqual([true, true]));
  test("is waited for before, and says why", () =>
    expect(readiness(api("False"))).toMatchObject({ ready: false, message: "waiting for its condition Available\n[MissingEndpoints] no endpoints" }));
  test("without the wish is as ready as any", () => expect(isAwaited({ ...api("False"), metadata: {} })).toBe(false));
});

test("an autoscaler is not awaited: it has nothing to do until there is load", () =>
  expect(isAwaited({ apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", metadata: {} })).toBe(false));
