import * as pulumi from "@pulumi/pulumi";
import { afterEach, describe, expect, it, vi } from "vitest";
import { builtDigest, type Declared, ofType, type Run, runProgram, valueOf } from "./program.ts";

const deployment = "kubernetes:apps/v1:Deployment";
const service = "kubernetes:core/v1:Service";
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
    expect(Object.keys(ofType(run, "kubernetes:core/v1:ConfigMap"))).toEqual(["zeromq-config"]);
    expect(Object.keys(ofType(run, "kubernetes:core/v1:Secret"))).toEqual(["zeromq-secrets"]);
    expect(Object.keys(ofType(run, deployment)).sort()).toEqual(["zeromq-broker-blue", "zeromq-worker", "zeromq-worker-echo"]);
    expect(Object.keys(ofType(run, service)).sort()).toEqual(["zeromq-broker", "zeromq-broker-headless", "zeromq-broker-service"]);
  });

  it("gives every object its own name, and the stack's namespace", async () => {
    const { resources } = await runProgram({ "zeromq-stack:namespace": "elsewhere" });
    const objects = resources.filter(({ type }) => type.startsWith("kubernetes:") && !type.endsWith("Namespace"));

    expect(objects.length).toBeGreaterThan(7);
    for (const { name, inputs } of objects) expect(inputs["metadata"]).toMatchObject({ name, namespace: "elsewhere" });
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
    const left = resources.filter(
      ({ type, custom, provider }) => custom && !provider && !type.startsWith("pulumi:"),
    );
    expect(left).toEqual([]);
  });

  it("brings up what others need before them, and so takes it down after them", async () => {
    const { resources } = await runProgram();
    const needs = Object.fromEntries(
      resources.filter(({ type }) => type.startsWith("kubernetes:")).map(({ name, dependsOn }) => [name, dependsOn]),
    );

    expect(needs["zeromq-config"]).toEqual(["zeromq"]);
    expect(needs["zeromq-secrets"]).toContain("zeromq");
    expect(needs["zeromq-broker-headless"]).toEqual(["zeromq"]);
    expect(needs["zeromq-broker-blue"]).toEqual(expect.arrayContaining(["zeromq-config", "zeromq-secrets"]));
    for (const worker of ["zeromq-worker", "zeromq-worker-echo"]) {
      expect(needs[worker]).toEqual(expect.arrayContaining(["zeromq-config", "zeromq-broker-headless", "zeromq-broker-blue"]));
    }
  });

  it("sends clients to brokers that are ready, and never before", async () => {
    const services = ofType(await runProgram(), service);

    expect(services["zeromq-broker"]?.dependsOn).toEqual(["zeromq-broker-blue"]);
    expect(services["zeromq-broker-service"]?.dependsOn).toEqual(["zeromq-broker-blue"]);
  });

  it("runs images by digest only", async () => {
    const run = await runProgram();
    const references = Object.fromEntries(Object.values(ofType(run, deployment)).map((one) => [one.name, container(one).image]));

    expect(references).toEqual({
      "zeromq-broker-blue": `localhost:5001/zeromq-broker@${builtDigest}`,
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
    expect(await valueOf(outputs["images"])).toEqual({
      broker: `localhost:5001/zeromq-broker@${builtDigest}`,
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
  const selectors = (run: Run) =>
    Object.fromEntries(Object.values(ofType(run, service)).map(({ name, inputs }) => [name, inputs["spec"].selector]));

  it.each(["blue", "green"])("%s is the one that runs and that clients reach; workers reach every colour", async (color) => {
    const run = await runProgram({ "zeromq-stack:activeColor": color });

    expect(Object.keys(ofType(run, deployment))).toContain(`zeromq-broker-${color}`);
    expect(selectors(run)).toEqual({
      "zeromq-broker": { app: "zeromq-broker", version: color },
      "zeromq-broker-service": { app: "zeromq-broker", version: color },
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

  it("that are pinned are not built, and run as they are", async () => {
    const images = { blue: `1.4.0@${digest}`, worker: `elsewhere.example/workers@${digest}` };
    const run = await runProgram({ "zeromq-stack:images": JSON.stringify(images) }, "prod");

    expect(ofType(run, image)).toEqual({});
    const deployments = ofType(run, deployment);
    expect(container(deployments["zeromq-broker-blue"]!).image).toBe(`localhost:5001/zeromq-broker:1.4.0@${digest}`);
    expect(container(deployments["zeromq-worker"]!).image).toBe(`elsewhere.example/workers@${digest}`);
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

  it("CURVE keys are secret wherever they stand", async () => {
    const run = await runProgram();
    const stash = ofType(run, "pulumi:index:Stash")["curve-key-pair"]!;
    const secret = ofType(run, "kubernetes:core/v1:Secret")["zeromq-secrets"]!;

    expect(isSecret(stash.inputs["input"])).toBe(true);
    expect(isSecret(secret.inputs["stringData"])).toBe(true);
    expect(Object.keys(secret.inputs["stringData"].value)).toEqual(["curve-public-key", "curve-secret-key"]);
    const { secretKey } = stash.inputs["input"].value;
    const elsewhere = run.resources.filter((resource) => resource !== stash && resource !== secret);
    expect(secretKey).toHaveLength(40);
    expect(JSON.stringify([elsewhere, run.outputs])).not.toContain(JSON.stringify(secretKey));
  });

  it("CURVE keys last: the pair in the state stays, whatever a run offers", async () => {
    expect(ofType(await runProgram(), "pulumi:index:Stash")["curve-key-pair"]?.ignoreChanges).toEqual(["input"]);
  });

  it("the registry's password is secret", async () => {
    const login = { server: "r.example", username: "me", password: "hunter2" };
    const built = ofType(await runProgram({ "zeromq-stack:pushRegistry": JSON.stringify(login) }), image);

    for (const { inputs } of Object.values(built)) expect(isSecret(inputs["registry"])).toBe(true);
  });
});
