import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, it, vi } from "vitest";
import { builtDigest, type Declared, ofType, type Run, runProgram, valueOf } from "./program.ts";

const deployment = "kubernetes:apps/v1:Deployment";
const service = "kubernetes:core/v1:Service";
const budget = "kubernetes:policy/v1:PodDisruptionBudget";
const job = "kubernetes:batch/v1:Job";
const image = "docker:index/image:Image";
const digest = `sha256:${"c".repeat(64)}`;

afterEach(() => vi.resetModules());

function container({ inputs }: Declared) {
  return inputs["spec"].template.spec.containers[0];
}

describe("the whole program", () => {
  it("declares the stack's objects under the names of the contract", async () => {
    const run = await runProgram();

    expect(Object.keys(ofType(run, "kubernetes:core/v1:Namespace"))).toEqual(["zeromq"]);
    expect(Object.keys(ofType(run, "kubernetes:core/v1:ConfigMap")).sort()).toEqual(["zeromq-active-color", "zeromq-admitted-keys", "zeromq-config"]);
    expect(Object.keys(ofType(run, "kubernetes:core/v1:Secret")).sort()).toEqual(["zeromq-probe-keys", "zeromq-secrets", "zeromq-worker-keys"]);
    expect(Object.keys(ofType(run, deployment)).sort()).toEqual(["zeromq-broker-blue", "zeromq-broker-green", "zeromq-worker", "zeromq-worker-echo"]);
    expect(Object.keys(ofType(run, budget)).sort()).toEqual(Object.keys(ofType(run, deployment)).sort());
    expect(Object.keys(ofType(run, service)).sort()).toEqual([
      "zeromq-broker",
      "zeromq-broker-blue",
      "zeromq-broker-green",
      "zeromq-broker-headless",
      "zeromq-broker-preview",
      "zeromq-broker-service",
    ]);
  });

  it("gives every object its own name, and the stack's namespace", async () => {
    const { resources } = await runProgram({ "zeromq-stack:namespace": "elsewhere" });
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:") && !type.endsWith("Namespace"));

    expect(objects.length).toBeGreaterThan(7);
    for (const { type, name, inputs } of objects) {
      // A Job gets a new name each time, so that one that a killed update left is never taken for it.
      expect(inputs["metadata"]).toMatchObject(type === job ? { namespace: "elsewhere" } : { name, namespace: "elsewhere" });
      if (type === job) expect(inputs["metadata"]).not.toHaveProperty("name");
    }
  });

  it("owns every object under one name, so that an update can finish one that was killed", async () => {
    const { resources } = await runProgram();
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:"));

    const managers = objects.map(({ inputs }) => inputs["metadata"].annotations?.["pulumi.com/patchFieldManager"]);
    expect(managers).toEqual(objects.map(() => "zeromq-stack"));
  });

  it("talks to the cluster that the settings name, for every resource", async () => {
    const run = await runProgram({ "zeromq-stack:kubeContext": "the-one" });
    const { cluster } = ofType(run, "pulumi:providers:kubernetes");
    const objects = run.resources.filter(({ type }) => type.startsWith("kubernetes:"));

    expect(cluster?.inputs["context"]).toBe("the-one");
    expect(objects.map(({ provider }) => provider)).toEqual(objects.map(() => expect.stringMatching(/::cluster::cluster-id$/)));
  });

  it("leaves nothing to a default provider", async () => {
    const { resources } = await runProgram();
    const left = resources.filter(({ type, custom, provider }) => custom && !provider && !type.startsWith("pulumi:"));
    expect(left).toEqual([]);
  });

  it("brings up what others need before them, and so takes it down after them", async () => {
    const { resources } = await runProgram();
    const needs = Object.fromEntries(resources.filter(({ type }) => type.startsWith("kubernetes:")).map(({ name, dependsOn }) => [name, dependsOn]));

    expect(needs["zeromq-config"]).toEqual(["zeromq"]);
    expect(needs["zeromq-secrets"]).toContain("zeromq");
    expect(needs["zeromq-broker-headless"]).toEqual(["zeromq"]);
    expect(needs["zeromq-broker-blue"]).toEqual(expect.arrayContaining(["zeromq-config", "zeromq-secrets"]));
    for (const worker of ["zeromq-worker", "zeromq-worker-echo"]) {
      expect(needs[worker]).toEqual(expect.arrayContaining(["zeromq-config", "zeromq-broker-headless", "zeromq-broker-blue"]));
    }
  });

  it.each([
    ["blue", "green"],
    ["green", "blue"],
  ])("moves clients to %s in the order of a switch, and shrinks %s last", async (active, standby) => {
    const { resources } = await runProgram({ "zeromq-stack:activeColor": active });
    const needs = new Map(resources.map(({ type, name, dependsOn }) => [`${type.split(":").at(-1)} ${name}`, dependsOn]));
    const steps = [
      [`Deployment zeromq-broker-${active}`, "Job zeromq-switch-gate"],
      ["Deployment zeromq-worker", "Job zeromq-switch-gate"],
      ["Job zeromq-switch-gate", "Service zeromq-broker"],
      ["Job zeromq-switch-gate", "Service zeromq-broker-service"],
      ["Service zeromq-broker", "ConfigMap zeromq-active-color"],
      ["Service zeromq-broker-service", "ConfigMap zeromq-active-color"],
      ["ConfigMap zeromq-active-color", "Job zeromq-switch-confirm"],
      ["Job zeromq-switch-confirm", "Service zeromq-broker-preview"],
      ["Job zeromq-switch-confirm", "Job zeromq-switch-move"],
      ["Job zeromq-switch-move", `Deployment zeromq-broker-${standby}`],
    ] as const;
    for (const [first, then] of steps) expect(needs.get(then), `${first} before ${then}`).toContain(first.split(" ")[1]);
  });

  it("does not delete the Services that clients used before there were two colours", async () => {
    const services = ofType(await runProgram(), service);
    for (const name of ["zeromq-broker", "zeromq-broker-service"]) expect(services[name]?.aliases).toEqual([expect.stringMatching(/:infra:Network::network$/)]);
  });

  it("runs images by digest only", async () => {
    const run = await runProgram();
    const references = Object.fromEntries(Object.values(ofType(run, deployment)).map((one) => [one.name, container(one).image]));

    expect(references).toEqual({
      "zeromq-broker-blue": `localhost:5001/zeromq-broker@${builtDigest}`,
      "zeromq-broker-green": `localhost:5001/zeromq-broker@${builtDigest}`,
      "zeromq-worker": `localhost:5001/zeromq-worker@${builtDigest}`,
      "zeromq-worker-echo": `localhost:5001/zeromq-worker@${builtDigest}`,
    });
  });

  it("ends with a wrong setting as a message without a stack trace, and declares nothing", async () => {
    const failure = await runProgram({ "zeromq-stack:activeColor": "red" }).catch((error: unknown) => error);

    expect(pulumi.RunError.isInstance(failure)).toBe(true);
    expect(String(failure)).toContain('zeromq-stack:activeColor: "red" found');
  });

  it("gives out where the stack is and what it runs", async () => {
    const { outputs } = await runProgram();

    expect(outputs).toMatchObject({ namespace: "zeromq", kubeContext: "zeromq-stack-dev", activeColor: "blue" });
    expect(outputs["versions"]).toEqual({ blue: expect.stringMatching(/^\d+\.\d+\.\d+$/), green: expect.any(String), worker: expect.any(String) });
    expect(await valueOf(outputs["images"])).toEqual({
      blue: `localhost:5001/zeromq-broker@${builtDigest}`,
      green: `localhost:5001/zeromq-broker@${builtDigest}`,
      worker: `localhost:5001/zeromq-worker@${builtDigest}`,
    });
  });
});

describe("endpoints", () => {
  it.each([
    ["ClusterIP", undefined],
    ["LoadBalancer", "tcp://192.0.2.1:5555"],
    ["NodePort", "tcp://<any node>:30555"],
  ])("of a %s are one in the cluster and outside %s", async (serviceType, outside) => {
    const { outputs } = await runProgram({ "zeromq-stack:frontend": JSON.stringify({ serviceType }) });

    expect(await valueOf(outputs["endpoints"])).toEqual({ inCluster: "tcp://zeromq-broker.zeromq.svc:5555", outside });
  });
});

describe("the active colour", () => {
  const selectors = (run: Run) => Object.fromEntries(Object.values(ofType(run, service)).map(({ name, inputs }) => [name, inputs["spec"].selector]));

  it.each([
    ["blue", "green"],
    ["green", "blue"],
  ])("%s is the one that clients reach, %s the one that is tried; workers reach both", async (color, other) => {
    const run = await runProgram({ "zeromq-stack:activeColor": color });

    expect(selectors(run)).toEqual({
      "zeromq-broker": { app: "zeromq-broker", version: color },
      "zeromq-broker-service": { app: "zeromq-broker", version: color },
      "zeromq-broker-preview": { app: "zeromq-broker", version: other },
      "zeromq-broker-blue": { app: "zeromq-broker", version: "blue" },
      "zeromq-broker-green": { app: "zeromq-broker", version: "green" },
      "zeromq-broker-headless": { app: "zeromq-broker" },
    });
  });
});

describe("images", () => {
  it("are built from services/, one target each, for the registry of the settings", async () => {
    const built = ofType(await runProgram({ "zeromq-stack:imageRegistry": "mirror.example/hub" }), image);

    expect(Object.keys(built).sort()).toEqual(["zeromq-broker", "zeromq-worker"]);
    for (const [name, { inputs }] of Object.entries(built)) {
      expect(inputs["imageName"]).toMatch(new RegExp(`^localhost:5001/${name}:\\d+\\.\\d+\\.\\d+$`));
      expect(inputs["build"]).toMatchObject({
        target: name.replace("zeromq-", ""),
        network: "host",
        platform: "linux/amd64",
        args: { IMAGE_REGISTRY: "mirror.example/hub" },
      });
    }
  });

  it("that are pinned are not built, and run by their digest alone", async () => {
    const images = { blue: `1.4.0@${digest}`, green: `1.5.0@${digest}`, worker: `elsewhere.example:5000/workers:2.0@${digest}` };
    const run = await runProgram({ "zeromq-stack:images": JSON.stringify(images) }, "prod");

    expect(ofType(run, image)).toEqual({});
    const deployments = ofType(run, deployment);
    expect(container(deployments["zeromq-broker-blue"]!).image).toBe(`localhost:5001/zeromq-broker@${digest}`);
    expect(container(deployments["zeromq-broker-green"]!).image).toBe(`localhost:5001/zeromq-broker@${digest}`);
    expect(run.outputs["versions"]).toMatchObject({ blue: "1.4.0", green: "1.5.0" });
    expect(container(deployments["zeromq-worker"]!).image).toBe(`elsewhere.example:5000/workers@${digest}`);
  });

  it("are not built by a preview", async () => {
    for (const { inputs } of Object.values(ofType(await runProgram(), image))) expect(inputs["buildOnPreview"]).toBe(false);
  });

  it("carry no trace of where the checkout lies", async () => {
    const { resources } = await runProgram();
    expect(JSON.stringify(resources)).not.toContain(new URL("../..", import.meta.url).pathname);
  });
});

describe("secrets", () => {
  // How Pulumi marks a secret value on its way to the engine.
  const secretMark = "1b47061264138c4ac30d75fd1eb44270";
  const isSecret = (value: unknown) => Object.values(value as object).includes(secretMark);

  it("the registry's password is secret", async () => {
    const login = { server: "r.example", username: "me", password: "hunter2" };
    const built = ofType(await runProgram({ "zeromq-stack:pushRegistry": JSON.stringify(login) }), image);

    for (const { inputs } of Object.values(built)) expect(isSecret(inputs["registry"])).toBe(true);
  });
});
