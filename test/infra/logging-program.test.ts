import { describe, expect, it } from "vitest";
import { ofType, type Run, runProgram } from "./program.ts";

const on = (more: object = {}) => ({ "zeromq-stack:logging": JSON.stringify({ enabled: true, ...more }) });
const bare = on({ elasticsearch: { distribution: "bare" }, kibana: { enabled: false } });
const own = ["elasticsearch", "filebeat", "kibana", "zeromq-logs-setup", "zeromq-logs", "zeromq-logs-default-deny"];
const declared = (run: Run) =>
  run.resources
    .filter(({ type, name }) => type.startsWith("kubernetes:") && own.includes(name))
    .map(({ type, name }) => `${type.split(":").at(-1)} ${name}`)
    .sort();
const secretMark = "1b47061264138c4ac30d75fd1eb44270";

describe("what collects the logs", () => {
  it("is there only where the settings want it", async () => {
    expect(declared(await runProgram())).toEqual([]);
  });

  it("is Elasticsearch, Kibana, what tells them of each other, and Filebeat on each node", async () => {
    expect(declared(await runProgram(on()))).toEqual([
      "ConfigMap elasticsearch",
      "ConfigMap filebeat",
      "ConfigMap kibana",
      "ConfigMap zeromq-logs-setup",
      "DaemonSet filebeat",
      "Job zeromq-logs-setup",
      "Namespace zeromq-logs",
      "NetworkPolicy elasticsearch",
      "NetworkPolicy filebeat",
      "NetworkPolicy kibana",
      "NetworkPolicy zeromq-logs-default-deny",
      "NetworkPolicy zeromq-logs-setup",
      "Secret elasticsearch",
      "Secret filebeat",
      "Secret kibana",
      "Service elasticsearch",
      "Service kibana",
      "StatefulSet elasticsearch",
      "StatefulSet kibana",
    ]);
  });

  it("is Elasticsearch and Filebeat where the distribution knows no more", async () => {
    expect(declared(await runProgram(bare)).filter((name) => /kibana|setup/.test(name))).toEqual([]);
    expect(declared(await runProgram(bare))).toEqual(expect.arrayContaining(["StatefulSet elasticsearch", "DaemonSet filebeat"]));
  });

  it("begins in the order in which the one needs the other", async () => {
    const { resources } = await runProgram(on());
    const needs = (type: string, name: string) => resources.find((one) => one.type.endsWith(`:${type}`) && one.name === name)!.dependsOn;
    expect(needs("Job", "zeromq-logs-setup")).toContain("zeromq-logs-setup");
    expect(needs("ConfigMap", "zeromq-logs-setup")).toEqual(expect.arrayContaining(["elasticsearch", "kibana"]));
    expect(needs("Namespace", "zeromq-logs")).toEqual(expect.arrayContaining(["elasticsearch", "zeromq-logs-setup"]));
    expect(needs("DaemonSet", "filebeat")).toEqual(expect.arrayContaining(["filebeat", "zeromq-logs-default-deny"]));
  });

  it("has passwords that are secret wherever they stand, and last", async () => {
    const run = await runProgram(on());
    const stashes = Object.values(ofType(run, "pulumi:index:Stash")).filter(({ name }) => /elasticsearch|kibana/.test(name));
    expect(stashes.map(({ name }) => name).sort()).toEqual([
      "elasticsearch-password-admin",
      "elasticsearch-password-filebeat",
      "elasticsearch-password-kibana",
      "kibana-encryption-key",
    ]);
    const passwords = stashes.map(({ inputs }) => inputs["input"].value as string);
    expect(new Set(passwords).size).toBe(4);
    for (const { inputs, ignoreChanges } of stashes) {
      expect(Object.values(inputs["input"])).toContain(secretMark);
      expect(inputs["input"].value).toMatch(/^[\w-]{32}$/);
      expect(ignoreChanges).toEqual(["input"]);
    }
    const secrets = ofType(run, "kubernetes:core/v1:Secret");
    for (const name of ["elasticsearch", "filebeat", "kibana"]) expect(JSON.stringify(secrets[name]!.inputs["stringData"]), name).toContain(secretMark);
    const held = (name: string) => JSON.stringify(secrets[name]!.inputs["stringData"]);
    const [admin, filebeat, kibana, key] = [
      "elasticsearch-password-admin",
      "elasticsearch-password-filebeat",
      "elasticsearch-password-kibana",
      "kibana-encryption-key",
    ].map((name) => ofType(run, "pulumi:index:Stash")[name]!.inputs["input"].value as string);
    expect([
      held("elasticsearch").includes(admin!),
      held("elasticsearch").includes(kibana!),
      held("filebeat").includes(`password: ${filebeat!}`),
      held("kibana").includes(key!),
    ]).toEqual([true, true, true, true]);
    const others = JSON.stringify(run.resources.filter(({ type }) => !/:(Stash|Secret)$/.test(type)));
    for (const password of passwords) expect(others).not.toContain(password);
  });
});
