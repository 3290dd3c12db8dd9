import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadYaml } from "@kubernetes/client-node";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { brokerPriorityClass } from "../../infra/specs/priority.ts";
import { hardenedContainer, hardenedPod } from "../../infra/specs/hardening.ts";
import { inNode, nodePid } from "../../local/cluster/node.ts";
import { command } from "../../services/contract/image.ts";
import { names, secretKeys } from "../../services/contract/names.ts";
import { ports } from "../../services/contract/ports.ts";
import { asCloudDoes, balancerAddress } from "./production/balancer.ts";
import { type Registry, registryWithLogin } from "./production/registry.ts";
import { teamImage, workerOfTheGuide } from "./production/team.ts";
import { ownCheckout, succeed, TestStack } from "./stack.ts";

const prod = Object.fromEntries(
  Object.entries(loadYaml<{ config: Record<string, any> }>(readFileSync(join(ownCheckout, "Pulumi.prod.yaml"), "utf8")).config)
    .filter(([key]) => key.startsWith("zeromq-stack:") && key !== "zeromq-stack:kubeContext")
    .map(([key, value]) => [key.slice("zeromq-stack:".length), value]),
);
const small = { requests: { cpu: "10m", memory: "64Mi" } };
const local = nodePid() !== undefined;
const registry: Registry | undefined = await registryWithLogin();
const stack = new TestStack("production", {
  ...prod,
  // All of it on one node of a developer's machine.
  broker: { ...prod.broker, resources: { ...prod.broker.resources, ...small } },
  workers: prod.workers.map((worker: object) => ({ ...worker, resources: small })),
  prometheus: { enabled: true, volume: { temporary: true }, resources: { requests: { cpu: "50m", memory: "128Mi" } } },
  alerting: { enabled: true, volume: { temporary: true } },
  // What asks the metrics APIs is there; what answers them is scaling.test.ts's.
  autoscaling: { ...prod.autoscaling, enabled: true, metricsServer: { from: "cluster" }, prometheusAdapter: { from: "cluster" } },
  // The rest differs in its name only: a stack named dev-… is not protected by itself.
  protect: true,
  rolloutDeadlineSeconds: 240,
});
const { broker: brokerSettings, standbyReplicas } = prod;
const priorityClass = brokerPriorityClass(stack, brokerSettings.priority);
const brokerPod = `deployment/${names.brokerDeployment("blue")}`;
const login = registry ?? { server: stack.registry, username: "team", password: "nobody asks for it" };
const guided = workerOfTheGuide();
const password = "what orders are kept behind";

const outputs = async (): Promise<Record<string, any>> => JSON.parse((await stack.pulumi(["stack", "output", "--json"])).stdout.toString());

/** The pods of ours that serve. */
const serving = async (): Promise<any[]> =>
  (await stack.list("pods", `app in (${names.brokerApp},${names.workerApp})`)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);

function request(service: string, body: string, ...options: string[]) {
  const address = `tcp://${names.brokerService}:${ports.frontend}`;
  const ask = command(
    "client",
    "request",
    ...(options.includes("--address") ? [] : ["--address", address]),
    "--service",
    service,
    "--timeout-ms",
    "30000",
    ...options,
  );
  return stack.kubectl(["exec", "-i", brokerPod, "--", ...ask], Buffer.from(body));
}

/** What a client must hold to come in, as the cluster has it, and what is declared anew when a Deployment is. */
async function stateOfThings(): Promise<unknown> {
  const secret = (await stack.list("secrets")).find(({ metadata }) => metadata.name === names.secret);
  const generations = (await stack.list("deployments")).map(({ metadata, spec }) => [metadata.name, JSON.stringify(spec.template)]);
  return { pairs: secret.data[secretKeys.curvePairs], generations };
}

beforeAll(async () => {
  await succeed(stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"])); // of a run that was killed
  await succeed(stack.kubectl(["delete", "priorityclass", priorityClass, "--ignore-not-found"]));
  await succeed(stack.init());
  const secret = (path: string, value: string) => succeed(stack.pulumi(["config", "set", "--secret", "--path", path, value]));
  for (const group of ["pushRegistry", "pull.logins[0]"]) {
    await stack.set(`${group}.server`, login.server);
    await stack.set(`${group}.username`, login.username);
    await secret(`${group}.password`, login.password);
  }
});

afterAll(async () => {
  await stack.pulumi(["state", "unprotect", "--all", "--yes"]);
  await stack.pulumi(["destroy", "--yes", "--skip-preview"]);
  // A failed test may have left a stack that Pulumi can't destroy; the cluster is left clean all the same.
  await stack.kubectl(["delete", "namespace", stack.namespace, "--ignore-not-found"]);
  await stack.kubectl(["delete", "priorityclass", priorityClass, "--ignore-not-found"]);
  stack.remove();
  registry?.close();
});

describe("a stack with the settings of Pulumi.prod.yaml", () => {
  test("comes up: brokers of both colours at full size, before all others in priority, over zones and nodes as far as there are some", async () => {
    await Promise.all([succeed(stack.up()), asCloudDoes(stack)]);
    await vi.waitFor(
      async () => {
        const found = (await stack.list("deployments")).map(({ metadata, status }) => [metadata.name, status.readyReplicas]);
        expect(Object.fromEntries(found)).toEqual({
          [names.brokerDeployment("blue")]: brokerSettings.replicas,
          [names.brokerDeployment("green")]: standbyReplicas,
          [names.workerDeployment("echo", 0)]: prod.autoscaling.minReplicas,
        });
      },
      { timeout: 180_000, interval: 2_000 },
    ); // nobody waited for the standby
    for (const { metadata, spec } of await serving()) {
      const isBroker = metadata.labels.app === names.brokerApp;
      expect(spec, metadata.name).toMatchObject(isBroker ? { priority: brokerSettings.priority, priorityClassName: priorityClass } : { priority: 0 });
      expect(spec.topologySpreadConstraints).toMatchObject([
        { topologyKey: "topology.kubernetes.io/zone", maxSkew: 1 },
        { topologyKey: "kubernetes.io/hostname", maxSkew: 1 },
      ]);
    }
    const { stdout } = await stack.kubectl(["get", "priorityclass", priorityClass, "-o", "json"]);
    expect(JSON.parse(stdout.toString())).toMatchObject({ value: brokerSettings.priority });
    expect((await stack.list("poddisruptionbudgets")).map(({ metadata, status }) => [metadata.name, status.disruptionsAllowed]).sort()).toEqual([
      [names.brokerDeployment("blue"), 1],
      [names.brokerDeployment("green"), 1],
      [names.workerDeployment("echo", 0), 1],
    ]);
  });

  test("is reached from outside by its frontend only", async () => {
    expect((await outputs())["endpoints"].outside).toBe(`tcp://${balancerAddress}:${ports.frontend}`);
    const outside = (await stack.list("services")).filter(({ spec }) => spec.type !== "ClusterIP");
    expect(
      outside.map(({ metadata, spec }) => [metadata.name, spec.type, spec.ports.map(({ port }: { port: number }) => port), spec.loadBalancerSourceRanges]),
    ).toEqual([[names.publicService, "LoadBalancer", [ports.frontend], prod.frontend.sourceRanges]]);
  });

  // Another cluster's network is its owner's.
  test.runIf(local)("answers through its load balancer whom the source ranges name, and nobody else", async () => {
    const { stdout, text } = await request("echo", "through the balancer", "--address", `tcp://${balancerAddress}:${ports.frontend}`);
    expect(stdout.toString(), text).toBe("through the balancer"); // pods are in 10.0.0.0/8
    const connect = (host: string) => execa(...splitOf(inNode("timeout", "10", "bash", "-c", `exec 3<>/dev/tcp/${host}/${ports.frontend}`)), { reject: false });
    const { spec } = (await stack.list("services")).find(({ metadata }) => metadata.name === names.publicService);
    expect((await connect(spec.clusterIP)).exitCode).toBe(0); // the node itself is in none of the ranges
    expect((await connect(balancerAddress)).exitCode).not.toBe(0);
  });

  test("takes no pod that may do more than the restricted level allows", async () => {
    const { exitCode, text } = await stack.kubectl(["run", "root", `--image=${(await outputs())["images"].blue}`]);
    expect(exitCode).not.toBe(0);
    expect(text).toContain('violates PodSecurity "restricted:latest"');
  });
});

describe("a registry that wants a login", () => {
  test("gets the one of the settings from every pod, by a Secret that holds nothing else", async () => {
    const secret = (await stack.list("secrets")).find(({ metadata }) => metadata.name === names.pullSecret);
    expect(secret.type).toBe("kubernetes.io/dockerconfigjson");
    const { auths } = JSON.parse(Buffer.from(secret.data[".dockerconfigjson"], "base64").toString());
    expect(auths).toEqual({ [login.server]: { username: login.username, password: login.password, auth: expect.any(String) } });
    for (const { metadata, spec } of await stack.list("pods")) expect(spec.imagePullSecrets, metadata.name).toEqual([{ name: names.pullSecret }]);
    expect(await succeed(stack.pulumi(["stack", "export"]))).not.toContain(login.password);
  });
});

describe("a worker from a repository of its own, as docs/writing-a-worker.md says", () => {
  let image = "";

  beforeAll(async () => {
    image = await teamImage((await outputs())["images"].worker, login, stack.env);
  });

  test.runIf(registry)("is in an image that no pod gets without the login", async () => {
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "stranger" },
      spec: { ...hardenedPod, containers: [{ name: "stranger", image, securityContext: hardenedContainer }] },
    };
    await succeed(stack.kubectl(["apply", "-f", "-"], Buffer.from(JSON.stringify(pod))));
    await vi.waitFor(
      async () => {
        const { status } = (await stack.list("pods")).find(({ metadata }) => metadata.name === "stranger");
        expect(status.containerStatuses?.[0].state.waiting).toMatchObject({ reason: expect.stringMatching(/ErrImagePull|ImagePullBackOff/) });
        expect(JSON.stringify(await stack.list("events"))).toMatch(/no basic auth credentials|authorization failed|401 Unauthorized/);
      },
      { timeout: 60_000, interval: 1_000 },
    );
    await succeed(stack.kubectl(["delete", "pod", "stranger"]));
  });

  test("is a line of the settings away from serving", async () => {
    const [{ secret, key }] = guided["secrets"];
    await succeed(stack.kubectl(["create", "secret", "generic", secret, `--from-literal=${key}=${password}`]));
    stack.edit((config) => {
      const own = { image, env: guided["env"], secrets: guided["secrets"], resources: small };
      config["zeromq-stack:workers"].push(
        { ...guided, ...own },
        { service: "orders", handler: "/app/orders.ts", concurrency: 4, min: 1, max: 2, workerTimeoutSeconds: 30, ...own },
      );
    });
    await succeed(stack.up());
    const sum = await request("sum", "[1, 2, 39]");
    expect(sum.stdout.toString(), sum.text).toBe("42");
    const refused = await request("sum", "{}");
    expect(refused.exitCode).not.toBe(0);
    expect(refused.text).toContain("a list of numbers, please");
    for (const { spec } of await stack.list("pods", `app=${names.workerApp},service=sum`)) expect(spec.containers[0].image).toBe(image.replace(":1.2.0@", "@"));
  });

  test("sees its variables and its Secrets, and as many requests at once as it is to", async () => {
    const { stdout, text } = await request("orders", "4\n4\n4\n4\n", "--lines", "--concurrency", "4");
    const seen = stdout
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const host = guided["env"].DATABASE_HOST;
    expect(seen, text).toEqual(Array(4).fill({ host, password: createHash("sha256").update(password).digest("hex") }));
    expect(await succeed(stack.pulumi(["stack", "export"]))).not.toContain(password);
  });

  test("is never in less than its `min` workers, nor in more than its `max`", async () => {
    const size = async (service: string): Promise<number> =>
      (await stack.list("deployments")).find(({ metadata }) => metadata.name === `zeromq-worker-${service}`).spec.replicas;
    expect(await size("sum")).toBe(guided["min"]);
    expect(await size("orders")).toBe(1);
    await succeed(stack.kubectl(["scale", "deployment/zeromq-worker-sum", "--replicas=1"]));
    await succeed(stack.kubectl(["scale", "deployment/zeromq-worker-orders", "--replicas=4"]));
    await vi.waitFor(async () => expect([await size("sum"), await size("orders")]).toEqual([guided["min"], 2]), { timeout: 90_000, interval: 1_000 });
  });
});

describe("a second update", () => {
  test("changes nothing, whatever the autoscalers did", async () => {
    await succeed(stack.pulumi(["up", "--yes", "--skip-preview", "--expect-no-changes"]));
  });
});

describe("what cannot be made again", () => {
  const refused = [
    ["the brokers' key", "curve.serverKey", "2", "1", "curve.serverKey was 1"],
    ["the namespace", "namespace", `${stack.namespace}-other`, stack.namespace, `namespace was ${stack.namespace}`],
  ] as const;

  test.each(refused)("is not deleted by an update that means to: %s", async (_what, setting, value, before, reason) => {
    const were = await stateOfThings();
    await stack.set(setting, value);
    const { exitCode, text } = await stack.up();
    expect(exitCode, text).not.toBe(0);
    expect(text).toContain(reason);
    expect(text).toContain("pulumi config set protect false");
    await stack.set(setting, before);
    expect(await stateOfThings()).toEqual(were);
  });

  test("is as it was after all that, which leaves nothing to do", async () => {
    expect(await succeed(stack.pulumi(["preview", "--expect-no-changes"]))).toContain("traffic: stays on blue");
    expect((await request("echo", "still there")).stdout.toString()).toBe("still there");
  });

  test("is not deleted by the stack's end", async () => {
    const were = await stateOfThings();
    const { exitCode, text } = await stack.pulumi(["destroy", "--yes"]);
    expect(exitCode, text).not.toBe(0);
    expect(text).toContain("protect");
    expect(await stateOfThings()).toEqual(were);
  });

  test("is deleted after all, by the way that docs/operations.md shows", async () => {
    await stack.set("protect", "false");
    await succeed(stack.up());
    await succeed(stack.pulumi(["destroy", "--yes", "--skip-preview"]));
    const { stdout } = await stack.kubectl(["get", "namespaces,priorityclasses", "-o", "name"]);
    expect(
      stdout
        .toString()
        .split("\n")
        .filter((name) => name.includes(stack.namespace)),
    ).toEqual([]);
  });
});

function splitOf(line: readonly string[]): [string, string[]] {
  const [program, ...args] = line;
  return [program!, args];
}
