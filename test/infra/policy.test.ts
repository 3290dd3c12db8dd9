import { readdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { podRules } from "../../infra/policy/pods.ts";
import type { Declared } from "../../infra/policy/rules.ts";
import { objectRules, stackRules } from "../../infra/policy/stack.ts";
import { runProgram } from "./program.ts";
import { plain, released } from "./rendered.ts";

async function declared(stack: string, changes: Record<string, string> = {}): Promise<Declared[]> {
  const { resources } = await runProgram(changes, stack, { file: stack });
  return resources.map(({ type, name, inputs }) => ({ type, name, props: plain(inputs) }));
}

/** `rule: resource: what is wrong`. */
function violations(resources: readonly Declared[]): string[] {
  return [
    ...[...podRules, ...objectRules].flatMap(({ name, check }) =>
      resources.flatMap((resource) => check(resource).map((text) => `${name}: ${resource.name}: ${text}`)),
    ),
    ...stackRules.flatMap(({ name, check }) => check(resources).map((text) => `${name}: ${text}`)),
  ];
}

const rules = [...podRules, ...objectRules, ...stackRules];
let dev: Declared[];
beforeAll(
  async () =>
    void (dev = await declared("dev", { "zeromq-stack:logging": JSON.stringify({ ...JSON.parse(released["zeromq-stack:logging"]!), enabled: true }) })),
);

const stacks = readdirSync(join(import.meta.dirname, "../..")).flatMap((file) => /^Pulumi\.(\w+)\.yaml$/.exec(file)?.[1] ?? []);
it("there is a stack for each environment", () => expect(stacks.sort()).toEqual(["dev", "prod", "staging"]));

describe.each(stacks)("stack %s", (stack) => {
  it("satisfies every policy", async () => {
    const resources = await declared(stack, stack === "dev" ? {} : released);
    expect(resources.length).toBeGreaterThan(30);
    expect(violations(resources)).toEqual([]);
  });
});

type Break = (spec: any, resource: any, all: any[]) => void;
const pod =
  (change: (pod: any, container: any) => void): Break =>
  (spec) =>
    change(spec.template.spec, spec.template.spec.containers[0]);

/** What violates each policy, in the resource that it names; every other policy stays content. */
const breaks: [rule: string, resource: string, what: string, Break][] = [
  ["non-root", "Deployment zeromq-broker-blue", "a pod that may be root", pod((pod) => delete pod.securityContext.runAsNonRoot)],
  [
    "non-root",
    "Deployment zeromq-worker",
    "a container that is root although its pod is not",
    pod((_, container) => (container.securityContext.runAsUser = 0)),
  ],
  [
    "read-only-root",
    "Deployment zeromq-broker-green",
    "a container that writes",
    pod((_, container) => (container.securityContext.readOnlyRootFilesystem = false)),
  ],
  [
    "dropped-capabilities",
    "Deployment zeromq-worker",
    "a container that keeps capabilities",
    pod((_, container) => delete container.securityContext.capabilities),
  ],
  [
    "dropped-capabilities",
    "Deployment zeromq-worker",
    "a container that gets one",
    pod((_, container) => (container.securityContext.capabilities.add = ["NET_ADMIN"])),
  ],
  [
    "dropped-capabilities",
    "Deployment zeromq-worker",
    "a container that may gain privileges",
    pod((_, container) => delete container.securityContext.allowPrivilegeEscalation),
  ],
  ["dropped-capabilities", "Deployment zeromq-worker", "a privileged container", pod((_, container) => (container.securityContext.privileged = true))],
  ["seccomp", "Job zeromq-switch-gate", "a Job without a profile", pod((pod) => delete pod.securityContext.seccompProfile)],
  [
    "seccomp",
    "Deployment zeromq-worker",
    "a container that is confined by nothing",
    pod((_, container) => (container.securityContext.seccompProfile = { type: "Unconfined" })),
  ],
  ["requests-and-limits", "Deployment zeromq-worker", "a container without a limit", pod((_, container) => delete container.resources.limits.memory)],
  ["requests-and-limits", "Job zeromq-switch-move", "a Job without requests", pod((_, container) => delete container.resources.requests)],
  ["probes", "Deployment zeromq-broker-blue", "a broker that nobody asks whether it is ready", pod((_, container) => delete container.readinessProbe)],
  ["probes", "Deployment zeromq-worker", "a worker that nobody asks whether it lives", pod((_, container) => delete container.livenessProbe)],
  ["pinned-images", "Deployment zeromq-broker-blue", "an image by tag", pod((_, container) => (container.image = "registry.example/zeromq-broker:1.4.0"))],
  [
    "pinned-images",
    "Deployment zeromq-worker",
    "a container that prepares the pod, by tag",
    pod((pod, container) => (pod.initContainers = [{ ...container, image: "registry.example/tool:latest" }])),
  ],
  ["host", "Deployment zeromq-worker", "the node's network", pod((pod) => (pod.hostNetwork = true))],
  ["host", "Deployment zeromq-worker", "the node's files", pod((pod) => pod.volumes.push({ name: "node", hostPath: { path: "/" } }))],
  ["host", "DaemonSet filebeat", "other files of the node", pod((pod) => pod.volumes.push({ name: "node", hostPath: { path: "/var/log" } }))],
  [
    "host",
    "DaemonSet filebeat",
    "logs that could be written to",
    pod((_, container) => (container.volumeMounts.find(({ name }: { name: string }) => name === "pods").readOnly = false)),
  ],
  ["logs-namespaces", "Deployment zeromq-worker", "something else where Filebeat is", (_, resource) => (resource.props.metadata.namespace = "zeromq-logs")],
  ["public-services", "Service zeromq-broker-headless", "a second public Service", (spec) => Object.assign(spec, { type: "NodePort", clusterIP: undefined })],
  ["public-services", "Service zeromq-broker-preview", "an address of the outside", (spec) => (spec.externalIPs = ["192.0.2.1"])],
  [
    "public-services",
    "Service zeromq-broker-service",
    "the backend in public",
    (spec) => Object.assign(spec, { type: "LoadBalancer", ports: [...spec.ports, { port: 5556, targetPort: "backend" }] }),
  ],
  [
    "public-services",
    "Service zeromq-broker-service",
    "the backend in public at the frontend's port",
    (spec) => Object.assign(spec, { type: "LoadBalancer", ports: [{ port: 5555, targetPort: "backend" }] }),
  ],
  [
    "restricted-namespaces",
    "Namespace zeromq",
    "a namespace that admits what it should not",
    (_, resource) => (resource.props.metadata.labels["pod-security.kubernetes.io/enforce"] = "baseline"),
  ],
  [
    "no-plain-secrets",
    "Deployment zeromq-worker",
    "a secret in a variable, by its name",
    pod((_, container) => container.env.push({ name: "DATABASE_PASSWORD", value: "x" })),
  ],
  [
    "no-plain-secrets",
    "Deployment zeromq-worker",
    "a Secret's value in a variable of another name",
    (spec, _, all) => {
      const { stringData } = all.find(({ name }) => name === "zeromq-secrets").props;
      spec.template.spec.containers[0].env.push({ name: "HARMLESS", value: `x${stringData["curve-secret-key"]}` });
    },
  ],
  [
    "no-plain-secrets",
    "Deployment zeromq-worker",
    "a Secret's value in an argument",
    (spec, _, all) => {
      const { stringData } = all.find(({ name }) => name === "zeromq-secrets").props;
      spec.template.spec.containers[0].args = ["--key", stringData["curve-secret-key"]];
    },
  ],
  [
    "no-plain-secrets",
    "ConfigMap zeromq-config",
    "a private key in a ConfigMap",
    (_, resource) => (resource.props.data.note = "-----BEGIN EC PRIVATE KEY-----\nx"),
  ],
  [
    "no-plain-secrets",
    "ConfigMap zeromq-config",
    "a password in a ConfigMap's file",
    (_, resource) => (resource.props.data.note = "user = me\ndb_password = hunter2\n"),
  ],
];

describe("a policy is violated by", () => {
  it.each(breaks)("%s, %s: %s", (rule, named, _, change) => {
    const [kind, name] = named.split(" ") as [string, string];
    const all: any[] = structuredClone(dev);
    const resource = all.find((one) => one.name === name && one.type.endsWith(`:${kind}`));
    change(resource.props.spec, resource, all);
    const found = violations(all);
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter((text) => !text.startsWith(`${rule}: ${name}`))).toEqual([]);
  });

  it.each([
    ["both-colors: no Deployment of green brokers is declared", /Deployment$/, "zeromq-broker-green"],
    ["disruption-budgets: Deployment zeromq-worker must have a PodDisruptionBudget", /PodDisruptionBudget$/, "zeromq-worker"],
  ])("what is missing: %s", (text, type, name) => {
    expect(violations(dev.filter((resource) => !(type.test(resource.type) && resource.name === name)))).toEqual([text]);
  });

  it("something, each of them", () => {
    const broken = new Set([...breaks.map(([rule]) => rule), "both-colors", "disruption-budgets"]);
    expect(rules.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
  });
});

it("public keys and files' names are no secrets", () => {
  expect(violations(dev).filter((text) => text.startsWith("no-plain-secrets"))).toEqual([]);
  expect(JSON.stringify(dev)).toContain("CURVE_PAIRS_FILE");
});

describe.each(["staging", "prod"])("stack %s, to which nobody has released yet,", (stack) => {
  it("can be previewed as it is", async () => {
    const { resources } = await runProgram({}, stack, { file: stack, isPreview: true });
    expect(resources.length).toBeGreaterThan(30);
  });

  it("is not updated: what is missing is named", async () => {
    await expect(runProgram({}, stack, { file: stack })).rejects.toThrow(
      /images\.blue: "worktree" found on the active colour of stack \w+[^]*pushRegistry\.server: nothing found/,
    );
  });
});
