import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { command, image } from "../../services/contract/image.ts";
import { names } from "../../services/contract/names.ts";
import { metrics } from "../../services/contract/metrics.ts";
import { httpPaths, ports } from "../../services/contract/ports.ts";
import { findings, peerKeys, secretHalves, shown } from "./secrets.ts";
import { type Outcome, succeed, TestStack } from "./stack.ts";

const stack = new TestStack("e2e", {
  broker: { replicas: 2 },
  workers: [
    { service: "gzip", replicas: 2 },
    { service: "echo", replicas: 1 },
  ],
  rolloutDeadlineSeconds: 120,
});
const broker = `deployment/${names.brokerDeployment("blue")}`;

/** The pods that serve, of both colours; a Job's has ended. */
async function serving(): Promise<any[]> {
  return (await stack.list("pods", `app in (${names.brokerApp},${names.workerApp})`)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** A request through the Service, as a client in the cluster sends it. */
function request(service: string, body: Buffer, ...options: string[]): Promise<Outcome> {
  const address = `tcp://${names.brokerService}:${ports.frontend}`;
  return stack.kubectl(["exec", "-i", broker, "--", ...command("client", "request", "--address", address, "--service", service, ...options)], body);
}

/** What a program prints when Node runs it in a pod. */
async function inPod(pod: string, program: string): Promise<string> {
  const { stdout, text, exitCode } = await stack.kubectl(["exec", pod, "--", image.node, "--input-type=module", "--eval", program]);
  expect(exitCode, text).toBe(0);
  return stdout.toString().trim();
}

beforeAll(async () => {
  await succeed(stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"])); // of a run that was killed
  await succeed(stack.init());
});

afterAll(async () => {
  // A failed test may have left a stack that Pulumi can't destroy; the cluster is left clean all the same.
  await stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"]);
  stack.remove();
});

describe("a first update", () => {
  test("that is killed half-way is finished by the next one", async () => {
    const begun = async () => (await stack.kubectl(["get", "deployment", names.brokerDeployment("blue")])).exitCode === 0;
    await succeed(stack.killedUp(begun));
    await succeed(stack.pulumi(["up", "--yes", "--skip-preview"]));
  });
});

describe("a stack that is up", () => {
  test("answers through its Service with what a worker made of a megabyte", async () => {
    const original = Buffer.concat([randomBytes(700_000), Buffer.alloc(300_000, "zeromq ")]);
    const { exitCode, stdout, text } = await request("gzip", original);
    expect(exitCode, exitCode === 0 ? "" : text).toBe(0);
    expect(stdout.length).toBeLessThan(original.length);
    expect(gunzipSync(stdout).equals(original)).toBe(true);
  });

  test("has a Service of each kind with the brokers behind it", async () => {
    let slices: any[] = [];
    const addresses = (service: string) =>
      slices.filter((slice) => slice.metadata.labels["kubernetes.io/service-name"] === service).flatMap((slice) => slice.endpoints ?? []).length;
    const expected = {
      [names.brokerService]: 2,
      [names.publicService]: 2,
      [names.colorService("blue")]: 2,
      [names.previewService]: 1,
      [names.colorService("green")]: 1,
      [names.headlessService]: 3,
    };
    await vi.waitFor(
      async () => {
        slices = await stack.list("endpointslices");
        expect(Object.fromEntries(Object.keys(expected).map((service) => [service, addresses(service)]))).toEqual(expected);
      },
      { timeout: 60_000, interval: 1_000 },
    ); // nobody waited for the standby
  });

  test("has every worker connected to every broker", async () => {
    const workers = await stack.list("pods", `app=${names.workerApp}`);
    expect(workers.length).toBe(3);
    const brokers = await stack.list("pods", `app=${names.brokerApp}`);
    expect(brokers.length).toBe(3);
    const name = metrics.activeConnections.name;
    for (const { metadata } of brokers) {
      await vi.waitFor(
        async () => {
          const text = await inPod(metadata.name, `console.log(await (await fetch("http://127.0.0.1:${ports.metrics}${httpPaths.metrics}")).text())`);
          expect(text).toMatch(new RegExp(`^${name}{[^}]*side="backend"[^}]*} ${workers.length}$`, "m"));
        },
        { timeout: 60_000, interval: 1_000 },
      );
    }
  });

  test("runs every process as nobody on a file system that it can't write to", async () => {
    const program = `
      import { writeFileSync } from "node:fs";
      let code = "none";
      try { writeFileSync("/app/written", ""); } catch (error) { code = error.code; }
      console.log(process.getuid(), code);`;
    for (const { metadata } of await serving()) {
      expect(await inPod(metadata.name, program), metadata.name).toBe(`${image.userId} EROFS`);
    }
  });

  test("runs images by digest, the ones that its outputs name", async () => {
    const images = JSON.parse((await stack.pulumi(["stack", "output", "images", "--json"])).stdout.toString());
    for (const pod of await serving()) {
      const kind = pod.metadata.labels.app === names.brokerApp ? pod.metadata.labels.version : "worker";
      expect(pod.spec.containers[0].image).toMatch(/@sha256:[0-9a-f]{64}$/);
      expect(pod.spec.containers[0].image).toBe(images[kind]);
    }
  });

  test("is found healthy by the health check inside the broker's image", async () => {
    expect(await succeed(stack.kubectl(["exec", broker, "--", ...command("healthcheck")]))).toContain("Healthy");
  });

  test("keeps its CURVE keys out of Pulumi's state and outputs, of logs, of processes and of all that kubectl shows but Secrets", async () => {
    const halves = await secretHalves(stack);
    expect(new Set(halves.values()).size).toBe(3);
    expect(findings(halves, await shown(stack))).toEqual([]);
    // They would be found.
    const secrets = new Map([["the Secrets", await succeed(stack.kubectl(["get", "secrets", "-o", "json"]))]]);
    expect(findings(halves, secrets)).toHaveLength(3);
  });

  test("admits nobody to its frontend without a key, nor with a worker's", async () => {
    const [{ metadata }] = await stack.list("pods", `app=${names.brokerApp}`);
    const ask = (curve: unknown) =>
      inPod(
        metadata.name,
        `
      const { createClient } = await import("/app/client/client.ts");
      const client = createClient({ endpoints: ["tcp://${names.brokerService}:${ports.frontend}"], curve: ${JSON.stringify(curve)} });
      console.log(await client.request("echo", "x", { timeoutMs: 2000 }).then(() => "answered", ({ message }) => message));
      client.close();`,
      );
    expect(await ask(undefined)).toContain("the peer speaks CURVE, this side NULL");
    expect(await ask(await peerKeys(stack, names.workerKeysSecret))).toContain("does not admit our key");
    expect(await ask(await peerKeys(stack, names.probeKeysSecret))).toBe("answered");
  });
});

describe("an update", () => {
  test("without a change changes nothing", async () => {
    await succeed(stack.pulumi(["preview", "--expect-no-changes"]));
    await succeed(stack.pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"]));
  });

  test("can be previewed without a running cluster", async () => {
    await succeed(stack.pulumi(["preview"], { KUBECONFIG: "/nonexistent", DOCKER_HOST: "unix:///nonexistent" }));
  });

  test("with wrong settings names every one of them and touches nothing", async () => {
    const before = (await stack.list("deployments")).map(({ metadata }) => [metadata.name, metadata.generation]);
    await succeed(stack.pulumi(["config", "set", "activeColor", "purple"]));
    await succeed(stack.pulumi(["config", "set", "--path", "broker.replicas", "none"]));
    const { exitCode, text } = await stack.pulumi(["up", "--yes", "--skip-preview"]);
    expect(exitCode).not.toBe(0);
    expect(text).toMatch(/zeromq-stack:activeColor.*purple.*blue.*green/);
    expect(text).toMatch(/zeromq-stack:broker\.replicas.*none/);
    await succeed(stack.pulumi(["config", "set", "activeColor", "blue"]));
    await succeed(stack.pulumi(["config", "set", "--path", "broker.replicas", "2"]));
    expect((await stack.list("deployments")).map(({ metadata }) => [metadata.name, metadata.generation])).toEqual(before);
  });

  test("of a stack that names another context is refused, and the context at hand is not touched", async () => {
    const generations = async () => (await stack.list("deployments")).map(({ metadata }) => [metadata.name, metadata.generation]);
    const before = await generations();
    await succeed(stack.pulumi(["config", "set", "kubeContext", "somebodys-production"]));
    await succeed(stack.pulumi(["config", "set", "--path", "broker.logLevel", "ERROR"]));
    const { exitCode, text } = await stack.pulumi(["up", "--yes", "--skip-preview"]);
    await succeed(stack.pulumi(["config", "set", "kubeContext", stack.context]));
    expect(exitCode).not.toBe(0);
    expect(text).toMatch(/somebodys-production/);
    expect(await generations()).toEqual(before);
  });

  test("of the configuration rolls the brokers, and a request still gets its answer", async () => {
    const brokers = async () => (await stack.list("pods", `app=${names.brokerApp},version=blue`)).map(({ metadata }) => metadata.name).sort();
    const before = await brokers();
    await succeed(stack.pulumi(["config", "set", "--path", "broker.heartbeatLiveness", "4"]));
    await succeed(stack.pulumi(["up", "--yes", "--skip-preview"]));
    await vi.waitFor(
      async () => {
        const after = await brokers();
        expect(after).toHaveLength(2);
        expect(after.filter((name) => before.includes(name))).toEqual([]);
      },
      { timeout: 90_000, interval: 1_000 },
    );
    const { exitCode, stdout, text } = await request("echo", Buffer.from("still there"));
    expect(exitCode, text).toBe(0);
    expect(stdout.toString()).toBe("still there");
  });
});

describe("a pod that is deleted", () => {
  test.each([names.workerApp, names.brokerApp])("%s ends by itself within its grace period while requests are answered", async (app) => {
    const [pod] = await stack.list("pods", app === names.brokerApp ? `app=${app},version=blue` : `app=${app}`);
    // Chosen before, or it might be the pod that takes the deleted one's place and has no container yet.
    const other = (await stack.list("pods", `app=${names.brokerApp},version=blue`)).find(({ metadata }) => metadata.name !== pod.metadata.name);
    const deleted = stack.exitCodeOfDeleted(pod.metadata.name);
    const address = `tcp://${names.brokerService}:${ports.frontend}`;
    const client = command("client", "request", "--address", address, "--service", "echo", "--retries", "5", "--timeout-ms", "3000");
    for (let sequence = 0; sequence < 5; sequence += 1) {
      const { stdout, text, exitCode } = await stack.kubectl(["exec", "-i", other.metadata.name, "--", ...client], Buffer.from(`request ${sequence}`));
      expect(exitCode, text).toBe(0);
      expect(stdout.toString()).toBe(`request ${sequence}`);
    }
    expect(await deleted).toBe("0"); // 137 would be the kubelet's SIGKILL
    await succeed(stack.kubectl(["wait", "--for=condition=Available", "deployment", "--all", "--timeout=120s"]));
  });
});

describe("a stack that is destroyed", () => {
  test("leaves nothing in the cluster", async () => {
    await succeed(stack.pulumi(["destroy", "--yes", "--skip-preview"]));
    const { text, exitCode } = await stack.kubectl(["get", "namespace", stack.namespace]);
    expect(exitCode).not.toBe(0);
    expect(text).toContain("not found");
  });
});
