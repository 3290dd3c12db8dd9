import { mkdirSync } from "node:fs";
import { Failure } from "../failure.ts";
import { paths } from "../paths.ts";
import { output, run } from "../run.ts";
import { versions } from "../versions.ts";
import { addresses } from "./addresses.ts";

/** kind's own recipe for a cluster with a local registry: https://kind.sigs.k8s.io/docs/user/local-registry/ */
const kindConfig = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
- |-
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
`;

/** Not the recipe's own name, which other projects on this machine may have taken. */
const kindRegistry = "zeromq-stack-registry";

export async function ensureKindRegistry(): Promise<string> {
  const running = await output(["docker", "inspect", "-f", "{{.State.Running}}", kindRegistry]);
  if (running === "true") return "running";
  const port = `127.0.0.1:${addresses.registryPort}:5000`;
  const command =
    running === undefined
      ? ["docker", "run", "-d", "--restart=always", "-p", port, "--network", "bridge", "--name", kindRegistry, versions.registryImage]
      : ["docker", "start", kindRegistry];
  await run(command, { log: "registry", todo: `Port ${addresses.registryPort} on loopback must be free, and ${versions.registryImage} reachable.` });
  return "started";
}

export async function ensureKindCluster(context: string, onLine: (line: string) => void): Promise<string> {
  const name = versions.kindCluster;
  const log = "kind";
  const exists = ((await output(["kind", "get", "clusters"])) ?? "").split("\n").includes(name);
  mkdirSync(paths.state, { recursive: true });
  if (!exists) {
    await run(["kind", "create", "cluster", "--name", name, "--kubeconfig", paths.kubeconfig, "--config", "-"], { log, input: kindConfig, onLine });
  }
  await run(["kind", "export", "kubeconfig", "--name", name, "--kubeconfig", paths.kubeconfig], { log });
  const contexts = ((await output(["kubectl", "--kubeconfig", paths.kubeconfig, "config", "get-contexts", "-o", "name"])) ?? "").split("\n");
  if (!contexts.includes(context)) {
    await run(["kubectl", "--kubeconfig", paths.kubeconfig, "config", "rename-context", `kind-${name}`, context], { log });
  }
  const nodes = ((await output(["kind", "get", "nodes", "--name", name])) ?? "").split("\n").filter((node) => node !== "");
  if (nodes.length === 0) throw new Failure(`kind cluster ${name} has no nodes`, { todo: `kind delete cluster --name ${name}` });
  const directory = `/etc/containerd/certs.d/localhost:${addresses.registryPort}`;
  for (const node of nodes) {
    const hosts = `[host."http://${kindRegistry}:5000"]\n`;
    await run(["docker", "exec", node, "mkdir", "-p", directory], { log });
    await run(["docker", "exec", "-i", node, "cp", "/dev/stdin", `${directory}/hosts.toml`], { log, input: hosts });
  }
  const networks = (await output(["docker", "inspect", "-f", "{{json .NetworkSettings.Networks.kind}}", kindRegistry])) ?? "null";
  if (networks === "null") await run(["docker", "network", "connect", "kind", kindRegistry], { log });
  const hosting = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "local-registry-hosting", namespace: "kube-public" },
    data: { "localRegistryHosting.v1": `host: "localhost:${addresses.registryPort}"\nhelp: "https://kind.sigs.k8s.io/docs/user/local-registry/"\n` },
  };
  await run(["kubectl", "--kubeconfig", paths.kubeconfig, "apply", "-f", "-"], { log, input: JSON.stringify(hosting) });
  return exists ? "running" : "created";
}

export async function deleteKindCluster(): Promise<void> {
  await run(["kind", "delete", "cluster", "--name", versions.kindCluster, "--kubeconfig", paths.kubeconfig], { log: "kind" });
  await run(["docker", "rm", "--force", "--volumes", kindRegistry], { log: "kind" });
}
