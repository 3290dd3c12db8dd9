import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ofType, type Run, runProgram } from "./program.ts";

const set = "kubernetes:apps/v1:StatefulSet";
const on = (parts: readonly string[], more: Record<string, object> = {}) =>
  Object.fromEntries(parts.map((part) => [`zeromq-stack:${part}`, JSON.stringify({ enabled: true, ...more[part] })]));
const under = (run: Run, name: string) =>
  run.resources
    .filter((resource) => resource.name === name && resource.custom)
    .map(({ type }) => type.split(":").at(-1))
    .sort();

describe("what looks at the stack", () => {
  it("is there as far as the settings want it: nothing in dev", async () => {
    expect(Object.keys(ofType(await runProgram(), set))).toEqual([]);
  });

  it("is Prometheus alone where only that is wanted", async () => {
    const run = await runProgram(on(["prometheus"]));
    expect(Object.keys(ofType(run, set))).toEqual(["prometheus"]);
    expect(under(run, "prometheus")).toEqual(["ConfigMap", "NetworkPolicy", "Role", "RoleBinding", "Service", "ServiceAccount", "StatefulSet"]);
  });

  it("has Alertmanager, too, with its receivers as a secret wherever they stand", async () => {
    const run = await runProgram(on(["prometheus", "alerting"], { alerting: { webhook: "https://hooks.example/hunter2" } }));
    expect(Object.keys(ofType(run, set)).sort()).toEqual(["alertmanager", "prometheus"]);
    const secret = ofType(run, "kubernetes:core/v1:Secret")["alertmanager"]!;
    expect(JSON.stringify(run.resources.filter((resource) => resource !== secret))).not.toContain("hunter2");
    expect(Object.values(secret.inputs["stringData"])).toContain("1b47061264138c4ac30d75fd1eb44270");
  });

  it("has Grafana, too, whose password is secret wherever it stands, and lasts", async () => {
    const run = await runProgram(on(["prometheus", "grafana"]));
    expect(Object.keys(ofType(run, set)).sort()).toEqual(["grafana", "prometheus"]);
    const stash = ofType(run, "pulumi:index:Stash")["grafana-admin-password"]!;
    const secret = ofType(run, "kubernetes:core/v1:Secret")["grafana"]!;
    for (const inputs of [stash.inputs["input"], secret.inputs["stringData"]]) expect(Object.values(inputs)).toContain("1b47061264138c4ac30d75fd1eb44270");
    const password = stash.inputs["input"].value;
    expect(password).toMatch(/^[\w-]{32}$/);
    expect(JSON.stringify(run.resources.filter((resource) => resource !== stash && resource !== secret))).not.toContain(password);
    expect(stash.ignoreChanges).toEqual(["input"]);
  });

  it("hangs below one component, which the first update on a machine without its images can leave out", async () => {
    const run = await runProgram(on(["prometheus", "alerting", "grafana"]));
    const images = (spec: any): string[] => [...(spec?.template?.spec?.containers ?? [])].map(({ image }: { image: string }) => image);
    const thirdParty = run.resources.filter(({ inputs }) => images(inputs["spec"]).some((image) => /(prom|grafana)\//.test(image)));
    expect(thirdParty.map(({ name }) => name).sort()).toEqual(["alertmanager", "grafana", "prometheus"]);
    for (const { parent } of thirdParty) expect(parent).toContain("zeromq-stack:infra:Monitoring$");
  });

  it("is told when the certificates end that the stack has made", async () => {
    const run = await runProgram(on(["prometheus", "autoscaling"]));
    const stash = ofType(run, "pulumi:index:Stash")["certificate-prometheus-adapter.zeromq.svc"]!;
    const ends = new X509Certificate(stash.inputs["input"].value.certificate).validToDate.getTime() / 1_000;
    const rules = ofType(run, "kubernetes:core/v1:ConfigMap")["prometheus"]!.inputs["data"]["rules-certificates.yml"];
    expect(rules).toContain(`label_replace(vector(${ends}), "host", "prometheus-adapter.zeromq.svc"`);
    expect(rules).toContain('"host", "metrics-server.zeromq.svc"');
    const brought = await runProgram(
      on(["prometheus", "autoscaling"], { autoscaling: { metricsServer: { from: "cluster" }, prometheusAdapter: { from: "cluster" } } }),
    );
    expect(ofType(brought, "kubernetes:core/v1:ConfigMap")["prometheus"]!.inputs["data"]["rules-certificates.yml"]).toBe("groups: []\n");
  });

  it("starts when what it needs is there", async () => {
    const sets = ofType(await runProgram(on(["prometheus", "alerting"])), set);
    expect(sets["prometheus"]?.dependsOn).toEqual(expect.arrayContaining(["prometheus"]));
    expect(sets["prometheus"]?.dependsOn).toHaveLength(5);
    expect(sets["alertmanager"]?.dependsOn).toHaveLength(2);
  });
});
