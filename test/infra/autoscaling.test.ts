import { loadYaml } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";
import { apiServiceProblem } from "../../infra/components/ownApiService.ts";
import { disownPatch } from "../../infra/components/ownReplicas.ts";
import { podRules } from "../../infra/policy/pods.ts";
import { stackRules } from "../../infra/policy/stack.ts";
import { prometheusAdapterConfigMap } from "../../infra/specs/prometheusAdapter.ts";
import { workerAutoscaler } from "../../infra/specs/workerAutoscaler.ts";
import { serviceMetrics } from "../../services/contract/metrics.ts";
import { connects, type Place, type Policy } from "./network-evaluator.ts";
import { ofType, type Run, runProgram } from "./program.ts";
import { settingsWith } from "./specs.ts";

const kind = (run: Run, suffix: string) => run.resources.filter(({ type }) => type.endsWith(`:${suffix}`));
const names = (run: Run, suffix: string) =>
  kind(run, suffix)
    .map(({ name }) => name)
    .sort();
const secretMark = "1b47061264138c4ac30d75fd1eb44270";
const on = (more: object = {}) => ({
  "zeromq-stack:prometheus": JSON.stringify({ enabled: true }),
  "zeromq-stack:autoscaling": JSON.stringify({ enabled: true, ...more }),
});

describe("an autoscaler", () => {
  const of = (changes: Record<string, unknown> = {}, index = 0) => {
    const settings = settingsWith(changes);
    return workerAutoscaler(settings, settings.workers[index]!, index);
  };

  it("moves the workers from 3 to 20, by 70 % of the processor time that they request and 100 unfinished requests each", () => {
    const { metadata, spec } = of({ workers: [{ service: "gzip" }] });
    expect(metadata).toMatchObject({ name: "zeromq-worker-hpa", namespace: "zeromq" });
    expect(spec).toMatchObject({ scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "zeromq-worker" }, minReplicas: 3, maxReplicas: 20 });
    expect(spec.metrics).toEqual([
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
      {
        type: "External",
        external: {
          metric: { name: "zeromq_queue_length", selector: { matchLabels: { service: "gzip" } } },
          target: { type: "AverageValue", averageValue: "100" },
        },
      },
    ]);
  });

  it("is one a service; further ones have its name, and a service may have bounds of its own", () => {
    const { metadata, spec } = of({ workers: [{ service: "gzip" }, { service: "echo", min: 1, max: 4 }] }, 1);
    expect(metadata.name).toBe("zeromq-worker-hpa-echo");
    expect(spec).toMatchObject({ scaleTargetRef: { name: "zeromq-worker-echo" }, minReplicas: 1, maxReplicas: 4 });
  });

  it("says everything about how fast, and leaves nothing to a cluster's defaults", () => {
    const { scaleUp, scaleDown } = of({ autoscaling: { shrinkAfterSeconds: 60 } }).spec.behavior;
    expect(scaleUp).toMatchObject({ stabilizationWindowSeconds: 0, selectPolicy: "Max" });
    expect(scaleDown).toMatchObject({ stabilizationWindowSeconds: 60, selectPolicy: "Max" });
    for (const { policies } of [scaleUp!, scaleDown!]) expect(policies!.length).toBeGreaterThan(0);
  });
});

describe("the prometheus-adapter", () => {
  const { externalRules, ...rest } = loadYaml<{ externalRules: { seriesQuery: string; metricsQuery: string; name: object }[] }>(
    prometheusAdapterConfigMap(settingsWith({ namespace: "shop" })).data!["config.yaml"]!,
  );

  it("knows one metric, of the stack's namespace: all that is unfinished at all brokers, a number for each service", () => {
    expect(rest).toEqual({});
    expect(externalRules).toEqual([
      expect.objectContaining({
        seriesQuery: 'zeromq_queue_length{namespace="shop"}',
        metricsQuery: "sum by (service) (zeromq_queue_length{<<.LabelMatchers>>})",
        name: { as: "zeromq_queue_length" },
      }),
    ]);
    expect(serviceMetrics.queueLength.labels).toContain("service");
  });
});

describe("a stack that scales its workers", () => {
  let run: Run;
  beforeAll(async () => void (run = await runProgram(on())));

  it("has an autoscaler for each service and a server for each of the two APIs", () => {
    expect(names(run, "HorizontalPodAutoscaler")).toEqual(["zeromq-worker-hpa", "zeromq-worker-hpa-echo"]);
    expect(names(run, "APIService")).toEqual(["v1beta1.external.metrics.k8s.io", "v1beta1.metrics.k8s.io"]);
    expect(names(run, "Deployment").filter((name) => !name.startsWith("zeromq-"))).toEqual(["metrics-server", "prometheus-adapter"]);
  });

  it("leaves the workers' number to the autoscaler, and takes its time for as many as there may be", () => {
    for (const { name, ignoreChanges, hooks } of kind(run, "Deployment").filter(({ name }) => name.startsWith("zeromq-worker"))) {
      expect(ignoreChanges, name).toEqual(["spec.replicas"]);
      expect(hooks.beforeUpdate).toEqual([]);
    }
  });

  it("makes an API's certificate once, shows it to nobody but its pod, and tells the API server to trust it alone", () => {
    const stash = ofType(run, "pulumi:index:Stash")["certificate-metrics-server.zeromq.svc"]!;
    const secret = kind(run, "Secret").find(({ name }) => name === "metrics-server")!;
    expect(stash.ignoreChanges).toEqual(["input"]);
    for (const inputs of [stash.inputs["input"], secret.inputs["stringData"]]) expect(Object.values(inputs)).toContain(secretMark);
    const key = stash.inputs["input"].value.privateKey.split("\n")[1];
    expect(JSON.stringify(run.resources.filter((resource) => resource !== stash && resource !== secret))).not.toContain(key);
    const { spec } = kind(run, "APIService").find(({ name }) => name === "v1beta1.metrics.k8s.io")!.inputs;
    expect(Buffer.from(spec.caBundle, "base64").toString()).toBe(stash.inputs["input"].value.certificate);
    expect(spec).toMatchObject({ group: "metrics.k8s.io", version: "v1beta1", service: { name: "metrics-server", namespace: "zeromq", port: 443 } });
    expect(spec).not.toHaveProperty("insecureSkipTLSVerify");
  });

  it("looks before it makes an API whether the cluster has it, and makes nothing of it before", () => {
    for (const name of ["metrics-server", "prometheus-adapter"]) {
      const account = kind(run, "ServiceAccount").find((one) => one.name === name)!;
      expect(account.hooks.beforeCreate).toEqual([`own-${name}`]);
      for (const other of run.resources.filter((one) => one.name === name && one.custom && one !== account && !/:(ConfigMap|Service)$/.test(one.type)))
        expect(other.dependsOn, other.type).toContain(name);
    }
    for (const { hooks } of kind(run, "APIService")) expect(hooks.beforeCreate).toHaveLength(1);
  });

  it("waits until an API answers, and only then has autoscalers that ask it", () => {
    for (const { inputs } of kind(run, "APIService")) expect(inputs["metadata"].annotations["pulumi.com/waitFor"]).toBe("condition=Available");
    for (const { dependsOn } of kind(run, "HorizontalPodAutoscaler")) {
      expect(dependsOn).toEqual(expect.arrayContaining(["v1beta1.external.metrics.k8s.io", "v1beta1.metrics.k8s.io"]));
    }
  });

  it("gives what is the whole cluster's a name of its own, under one manager", () => {
    const wide = run.resources.filter(({ type }) => /:(ClusterRole|ClusterRoleBinding)$/.test(type) || type.endsWith(":RoleBinding"));
    expect(
      wide
        .map(({ name }) => name)
        .filter((name) => name !== "prometheus")
        .sort(),
    ).toEqual([
      "zeromq:metrics-server:authentication",
      "zeromq:metrics-server:delegator",
      "zeromq:metrics-server:reader",
      "zeromq:metrics-server:reader",
      "zeromq:prometheus-adapter:authentication",
      "zeromq:prometheus-adapter:delegator",
    ]);
    for (const { inputs } of run.resources.filter(({ type }) => type.startsWith("kubernetes:"))) {
      expect(inputs["metadata"].annotations?.["pulumi.com/patchFieldManager"]).toBe("zeromq-stack");
    }
  });

  it("verifies kubelets unless it is told not to", async () => {
    const args = (one: Run) => kind(one, "Deployment").find(({ name }) => name === "metrics-server")!.inputs["spec"].template.spec.containers[0].args;
    expect(args(run)).not.toContain("--kubelet-insecure-tls");
    expect(args(await runProgram(on({ metricsServer: { verifyKubelets: false } })))).toContain("--kubelet-insecure-tls");
  });

  it("satisfies every rule for pods, and budgets", () => {
    const declared = run.resources.map(({ type, name, inputs }) => ({ type, name, props: inputs }));
    const servers = declared.filter(({ type, name }) => type.endsWith(":Deployment") && !name.startsWith("zeromq-"));
    expect(servers).toHaveLength(2);
    // The dev stack's third-party images have no digest; those of staging and production must.
    const rules = podRules.filter(({ name }) => name !== "pinned-images");
    expect(servers.flatMap((one) => rules.flatMap(({ name, check }) => check(one).map((text) => `${name}: ${one.name}: ${text}`)))).toEqual([]);
    expect(stackRules.find(({ name }) => name === "disruption-budgets")!.check(declared)).toEqual([]);
  });
});

describe("between the servers of the APIs and the rest there is a way", () => {
  let policies: Policy[];
  const place = (name: string, namespace?: string): Place => ({
    name,
    address: "10.0.0.9",
    labels: { app: name },
    ...(namespace === undefined ? {} : { namespace }),
  });
  const [adapter, server, prometheus, worker, broker] = ["prometheus-adapter", "metrics-server", "prometheus", "zeromq-worker", "zeromq-broker"].map((name) =>
    place(name, "zeromq"),
  ) as Place[];
  const node = place("node");
  const open = (from: Place, to: Place) => [53, 443, 5555, 5556, 6443, 9090, 10250].filter((port) => connects(policies, from, to, { protocol: "TCP", port }));
  beforeAll(async () => {
    policies = kind(await runProgram(on()), "NetworkPolicy").map(({ inputs }) => inputs as Policy);
  });

  it("from the adapter to Prometheus, the API server and the name server", () => {
    expect(open(adapter!, prometheus!)).toEqual([9090]);
    expect(open(adapter!, node)).toEqual([53, 443, 6443]);
    for (const other of [worker!, broker!]) expect(open(adapter!, other)).toEqual([]);
  });

  it("from the metrics-server to kubelets and the API server", () => {
    expect(open(server!, node)).toEqual([443, 6443, 10250]);
    for (const other of [worker!, broker!, prometheus!]) expect(open(server!, other)).toEqual([]);
  });

  it("from the API server to each, at its port", () => {
    expect(open(node, adapter!)).toEqual([6443]);
    expect(open(node, server!)).toEqual([10250]);
  });

  it("from workers and brokers to none of them", () => {
    for (const from of [worker!, broker!]) for (const to of [adapter!, server!]) expect(open(from, to)).toEqual([]);
  });
});

describe("a stack in a cluster that has the APIs", () => {
  it("brings none, and scales all the same", async () => {
    const run = await runProgram(on({ metricsServer: { from: "cluster" }, prometheusAdapter: { from: "cluster" } }));
    expect(names(run, "APIService")).toEqual([]);
    expect(names(run, "ClusterRoleBinding")).toEqual([]);
    expect(names(run, "HorizontalPodAutoscaler")).toHaveLength(2);
  });

  const [api, settings] = [{ part: "metricsServer", group: "metrics.k8s.io" } as const, { namespace: "zeromq" }];
  it.each([
    { namespace: "kube-system", name: "metrics-server" },
    { namespace: "zeromq-two", name: "metrics-server" },
    { namespace: "zeromq", name: "other" },
  ])("is told whose an API is and what to set: %o", (target) => {
    expect(apiServiceProblem(api, settings, target)).toBe(
      `the cluster has the API metrics.k8s.io already: APIService v1beta1.metrics.k8s.io belongs to Service ${target.namespace}/${target.name}, and there can be one only.\nTo use it: pulumi config set --path autoscaling.metricsServer.from cluster`,
    );
  });
  it("takes its own for its own, whatever became of the update that made it", () => {
    expect(apiServiceProblem(api, settings, { namespace: "zeromq", name: "metrics-server" })).toBeUndefined();
    expect(apiServiceProblem(api, settings, undefined)).toBeUndefined();
  });
});

describe("a stack that scales its workers no more", () => {
  it("takes their number back before it changes them", async () => {
    const run = await runProgram();
    expect(names(run, "HorizontalPodAutoscaler")).toEqual([]);
    for (const { name, hooks, ignoreChanges } of kind(run, "Deployment").filter(({ name }) => name.startsWith("zeromq-worker"))) {
      expect([hooks.beforeUpdate, ignoreChanges]).toEqual([[`own-replicas-of-${name}`], []]);
    }
  });

  it("takes the autoscaler's name off the number, and nobody else's", () => {
    const entry = (manager: string, subresource?: string) => ({ manager, ...(subresource && { subresource }) });
    const managedFields = [
      entry("zeromq-stack"),
      entry("kube-controller-manager", "status"),
      entry("kubectl", "scale"),
      entry("kube-controller-manager", "scale"),
    ];
    expect(disownPatch({ metadata: { resourceVersion: "7", managedFields } })).toEqual([
      { op: "test", path: "/metadata/resourceVersion", value: "7" },
      { op: "remove", path: "/metadata/managedFields/3" },
    ]);
    expect(disownPatch({ metadata: { resourceVersion: "7", managedFields: managedFields.slice(0, 3) } })).toEqual([]);
  });
});
