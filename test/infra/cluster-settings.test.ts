import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DaemonSet } from "kubernetes-types/apps/v1.js";
import type { PersistentVolumeClaim } from "kubernetes-types/core/v1.js";
import { describe, expect, it } from "vitest";
import { protectionProblem } from "../../infra/components/protection.ts";
import type { SettingsError } from "../../infra/settings.ts";
import { entries } from "../../infra/settings/reference.ts";
import { brokerDeployment } from "../../infra/specs/brokerDeployment.ts";
import { priorityClass } from "../../infra/specs/priority.ts";
import { workerDeployment } from "../../infra/specs/workerDeployment.ts";
import { checkout } from "../../local/paths.ts";
import { ofType, runProgram } from "./program.ts";
import { released } from "./rendered.ts";
import { settingsWith } from "./specs.ts";

const digest = `sha256:${"e".repeat(64)}`;
const pods = (run: Awaited<ReturnType<typeof runProgram>>) =>
  run.resources
    .filter(({ type }) => /:(Deployment|StatefulSet|DaemonSet|Job)$/.test(type))
    .map(({ name, inputs }) => [name, inputs["spec"].template.spec] as const);

describe("images of a registry that does not let everybody in", () => {
  const pull = { secrets: ["company"], logins: [{ server: "registry.example:5000/team", username: "robot", password: "hunter2" }] };

  it("are pulled by every pod with the logins of the settings and with those that are there", async () => {
    const run = await runProgram({ ...released, "zeromq-stack:pull": JSON.stringify(pull) }, "prod", { file: "prod" });
    expect(pods(run).length).toBeGreaterThan(8);
    expect(
      pods(run)
        .filter(([, { imagePullSecrets }]) => JSON.stringify(imagePullSecrets) !== '[{"name":"company"},{"name":"zeromq-registries"}]')
        .map(([name]) => name),
    ).toEqual([]);
    const secret = ofType(run, "kubernetes:core/v1:Secret")["zeromq-registries"]!.inputs;
    expect(secret["type"]).toBe("kubernetes.io/dockerconfigjson");
    expect(JSON.parse(secret["stringData"].value[".dockerconfigjson"])).toEqual({
      auths: { "registry.example:5000/team": { username: "robot", password: "hunter2", auth: Buffer.from("robot:hunter2").toString("base64") } },
    });
  });

  it("are pulled in Filebeat's namespace with a Secret of the logins there, and with those that somebody keeps there, which their setting says", async () => {
    const run = await runProgram({ ...released, "zeromq-stack:pull": JSON.stringify(pull) }, "prod", { file: "prod" });
    const { metadata, spec } = ofType(run, "kubernetes:apps/v1:DaemonSet")["filebeat"]!.inputs as DaemonSet;
    const [own] = Object.values(ofType(run, "kubernetes:core/v1:Secret"))
      .map(({ inputs }) => inputs["metadata"])
      .filter(({ name, namespace }) => name === "zeromq-registries" && namespace === metadata!.namespace);
    expect(own).toBeDefined();
    expect(spec!.template.spec!.imagePullSecrets).toEqual([{ name: "company" }, { name: own.name }]);
    const { description } = entries().find(({ key }) => key === "pull.secrets")!;
    expect(description).toContain(`"${metadata!.namespace!.slice("zeromq".length)}", where Filebeat's image wants a login`);
  });

  it("keep the password secret wherever it stands", async () => {
    const run = await runProgram({ "zeromq-stack:pull": JSON.stringify(pull) });
    const secret = ofType(run, "kubernetes:core/v1:Secret")["zeromq-registries"]!;
    expect(Object.values(secret.inputs["stringData"])).toContain("1b47061264138c4ac30d75fd1eb44270");
    expect(JSON.stringify(run.resources.filter((resource) => resource !== secret))).not.toContain("hunter2");
  });

  it("need neither where everybody may", async () => {
    const run = await runProgram();
    expect(ofType(run, "kubernetes:core/v1:Secret")).not.toHaveProperty("zeromq-registries");
    expect(pods(run).flatMap(([, pod]) => pod.imagePullSecrets ?? [])).toEqual([]);
  });

  it("have one login a registry, and a mistake in it does not show its password", () => {
    const wrong = (logins: unknown) => {
      try {
        settingsWith({ pull: { logins } });
      } catch (error) {
        return (error as SettingsError).message;
      }
      return "";
    };
    expect(wrong([pull.logins[0], { ...pull.logins[0], username: "other" }])).toContain(
      'pull.logins[1].server: "registry.example:5000/team" found a second time',
    );
    expect(wrong([{ server: "registry.example", username: "robot", password: "two\nlines" }, "hunter2"])).not.toMatch(/two|hunter2/);
  });
});

describe("a cluster with nodes of more than one processor", () => {
  const ours = /^(zeromq-(broker|worker|switch|logs-setup)|prometheus$|alertmanager$|grafana$)/;
  const selectors = async (build: object) => {
    const all = pods(await runProgram({ ...released, "zeromq-stack:build": JSON.stringify(build) }, "prod", { file: "prod" }));
    expect(all.filter(([name]) => !ours.test(name)).length).toBeGreaterThan(1);
    return {
      ours: all.filter(([name]) => ours.test(name)).map(([name]) => name),
      selecting: Object.fromEntries(all.filter(([, pod]) => pod.nodeSelector !== undefined).map(([name, pod]) => [name, pod.nodeSelector])),
    };
  };

  it("runs what is of our images, and whose volumes they read for a backup, where they can run; others' images are for all of them", async () => {
    for (const [build, processor] of [
      [{}, "amd64"],
      [{ platform: "linux/arm64" }, "arm64"],
      [{ platform: "machine" }, process.arch.replace("x64", "amd64")],
    ] as const) {
      const { ours, selecting } = await selectors(build);
      expect(ours.length).toBeGreaterThanOrEqual(6);
      expect(selecting).toEqual(Object.fromEntries(ours.map((name) => [name, { "kubernetes.io/arch": processor }])));
    }
  });

  it("runs them anywhere where the stack says that their images are for any", async () => {
    expect((await selectors({ platform: "any" })).selecting).toEqual({});
  });
});

describe("brokers with a priority", () => {
  it("have a class of the cluster that carries the namespace's name, and workers have none", async () => {
    const run = await runProgram({ "zeromq-stack:namespace": "elsewhere", "zeromq-stack:broker": JSON.stringify({ priority: 7 }) });
    const [declared, ...others] = Object.values(ofType(run, "kubernetes:scheduling.k8s.io/v1:PriorityClass"));
    expect(others).toEqual([]);
    expect(declared!.inputs).toMatchObject({ metadata: { name: "elsewhere-zeromq-broker-7" }, value: 7, globalDefault: false });
    expect(declared!.inputs["metadata"]).not.toHaveProperty("namespace");
    const names = pods(run)
      .filter(([, pod]) => pod.priorityClassName !== undefined)
      .map(([name, pod]) => [name, pod.priorityClassName]);
    expect(Object.fromEntries(names)).toEqual({ "zeromq-broker-blue": "elsewhere-zeromq-broker-7", "zeromq-broker-green": "elsewhere-zeromq-broker-7" });
    expect(Object.values(ofType(run, "kubernetes:apps/v1:Deployment")).find(({ name }) => name === "zeromq-broker-blue")!.dependsOn).toContain(
      "elsewhere-zeromq-broker-7",
    );
  });

  it("get another class, beside the one before, where it changes: Kubernetes lets none change its value", async () => {
    const classes = async (priority: number) =>
      Object.values(ofType(await runProgram({ "zeromq-stack:broker": JSON.stringify({ priority }) }), "kubernetes:scheduling.k8s.io/v1:PriorityClass"));
    const [[before], [now]] = [await classes(7), await classes(8)];
    expect(now!.name).not.toBe(before!.name);
    expect(now!.inputs["metadata"].name).not.toBe(before!.inputs["metadata"].name);
  });

  it.each([1, 1_000_000_000, -7])("have a class whose name Kubernetes takes, at a value of %s", (value) => {
    const { metadata } = priorityClass({ namespace: "n".repeat(63) }, value);
    expect(metadata?.name).toMatch(/^(?=.{1,253}$)[a-z\d]([-a-z\d]*[a-z\d])?$/);
  });

  it("are a setting: without it no class is declared", () => {
    const settings = settingsWith();
    for (const { spec } of [brokerDeployment(settings, "blue", "image"), workerDeployment(settings, settings.workers[0]!, 0, "image")]) {
      expect(spec.template.spec).not.toHaveProperty("priorityClassName");
      expect(spec.template.spec).not.toHaveProperty("imagePullSecrets");
    }
  });
});

describe("a volume", () => {
  const guide = /## Grow a volume\n([^]*?)\n## /.exec(readFileSync(join(checkout, "docs/operations.md"), "utf8"))?.[1] ?? "";

  it("is grown by a guide that names every claim, and every size is a setting that points there", async () => {
    const { resources } = await runProgram(released, "prod", { file: "prod" });
    const claims = resources
      .filter(({ type }) => type === "kubernetes:apps/v1:StatefulSet")
      .flatMap(({ inputs: { metadata, spec } }) =>
        (spec.volumeClaimTemplates ?? []).map((claim: PersistentVolumeClaim) => `${claim.metadata!.name}-${metadata.name}-0`),
      );
    expect(claims).toHaveLength(4);
    const sizes = entries().filter(({ key }) => key.endsWith("volume.size"));
    expect(sizes).toHaveLength(claims.length);
    for (const named of [...claims, ...sizes.map(({ key }) => key)]) expect(guide).toContain(`\`${named}\``);
    for (const { description } of sizes) expect(description).toContain('docs/operations.md, "Grow a volume"');
  });
});

describe("what cannot be made again", () => {
  const guarded = async (stack: string, changes: Record<string, string> = {}) => {
    const images = { "zeromq-stack:images": JSON.stringify({ blue: `1.0@${digest}` }) };
    const { resources } = await runProgram({ ...images, ...changes }, stack);
    return resources
      .filter(({ protect }) => protect)
      .map(({ name }) => name)
      .sort();
  };

  it("is not deleted by an update: the brokers' key, and the namespace with every volume", async () => {
    expect(await guarded("prod")).toEqual(["curve-key-pair", "zeromq"]);
    expect(await guarded("dev-alice")).toEqual([]);
  });

  it("is let go, or kept on a development stack, by a setting", async () => {
    expect(await guarded("prod", { "zeromq-stack:protect": "false" })).toEqual([]);
    expect(await guarded("dev-alice", { "zeromq-stack:protect": "true" })).toEqual(["curve-key-pair", "zeromq"]);
  });

  it("is looked after before anything else is done, and before any peer has another key", async () => {
    for (const [protect, hooks] of [
      [true, ["protection"]],
      [false, []],
    ] as const) {
      const run = await runProgram({ "zeromq-stack:protect": String(protect), "zeromq-stack:curve": JSON.stringify({ serverKey: 2, otherServerKey: 1 }) });
      const stashes = ofType(run, "pulumi:index:Stash");
      expect(stashes["protection"]!.hooks.beforeUpdate).toEqual(hooks);
      expect(stashes["protection"]!.inputs["input"]).toEqual({ namespace: "zeromq", serverKey: 2, otherServerKey: 1 });
      expect(ofType(run, "kubernetes:core/v1:Namespace")["zeromq"]!.dependsOn).toContain("protection");
      for (const pair of ["curve-key-pair", "curve-key-pair-2"]) expect(stashes[pair]!.dependsOn, pair).toContain("zeromq");
    }
  });

  it("is looked after before anything of the cluster is made that carries the namespace's name", async () => {
    const run = await runProgram({ "zeromq-stack:broker": JSON.stringify({ priority: 1 }) });
    expect(ofType(run, "kubernetes:scheduling.k8s.io/v1:PriorityClass")["zeromq-zeromq-broker-1"]!.dependsOn).toContain("zeromq");
  });

  const named = (serverKey: number, otherServerKey?: number, namespace = "zeromq") => ({ namespace, serverKey, otherServerKey });

  it.each([
    [named(1), named(1, 2)],
    [named(1, 2), named(2, 1)],
    [named(2, 1), named(2)],
    [named(1, 2), named(1)],
  ])("stays where a rotation goes from %o to %o", (before, now) => {
    expect(protectionProblem(before, now)).toBeUndefined();
  });

  it.each([
    [named(1), named(2), "curve.serverKey was 1,"],
    [named(1, 2), named(2), "curve.serverKey was 1,"],
    [named(2, 1), named(1, 3), "curve.serverKey was 2,"],
    [named(1), named(1, undefined, "elsewhere"), "namespace was zeromq,"],
  ])("would be deleted by a step from %o to %o, which is refused", (before, now, words) => {
    expect(protectionProblem(before, now)).toContain(words);
    expect(protectionProblem(before, now)).toContain("pulumi config set protect false");
  });
});
