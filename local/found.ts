import { access, constants, readFile, statfs } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { KubeConfig, loadYaml } from "@kubernetes/client-node";
import { isBuilt, kubernetesBuild, pulumiBuild } from "./toolchain/build.ts";
import { hasLanguageHost } from "./toolchain/pulumi.ts";
import { Failure } from "./failure.ts";
import { dockerHost, ownDockerHost } from "./images/docker.ts";
import { checkout, paths } from "./paths.ts";
import { addresses } from "./cluster/addresses.ts";
import { chosenCluster, type Cluster } from "./cluster/choice.ts";
import { nodePid } from "./cluster/node.ts";
import { registryAnswers } from "./images/registry.ts";
import { output } from "./run.ts";
import { atLeast, findGo } from "./toolchain/go.ts";
import { debianPackages, versions } from "./versions.ts";

/** What the machine has, before anything is done to it. */
export interface Found {
  readonly linux: boolean;
  readonly root: boolean;
  readonly apt: boolean;
  readonly freeDiskGb: number;
  readonly pulumi?: string;
  readonly pulumiBuilt: boolean;
  readonly languageHost: boolean;
  readonly kubectl: boolean;
  readonly docker?: string;
  /** The docker command is there, whether an engine answers or not. */
  readonly dockerClient: boolean;
  readonly ownDocker: boolean;
  readonly kind: boolean;
  /** The context that the stack names, in the reader's own kubeconfig. */
  readonly ownContext: boolean;
  readonly context: string;
  /** The cluster that an earlier run decided for and has begun to use. */
  readonly chosen?: Cluster;
  /** The stack's images go to a registry on this machine, and none answers there. */
  readonly registryMissing: boolean;
  readonly pip: boolean;
  readonly node: boolean;
  readonly kubernetesBuilt: boolean;
  readonly go?: string;
  readonly missingPackages: readonly string[];
}

export async function look(): Promise<Found> {
  leavePreparedShell();
  const { context, registry } = await stackSettings();
  const chosen = chosenCluster(context);
  const host = await dockerHost();
  const version = await output(["pulumi", "version"]);
  const go = await findGo();
  const disk = await statfs(homedir());
  return {
    linux: process.platform === "linux",
    root: process.getuid?.() === 0,
    apt: await exists("apt-get"),
    freeDiskGb: Math.floor((disk.bavail * disk.bsize) / 1e9),
    ...(version !== undefined && atLeast(version, versions.pulumiAtLeast) ? { pulumi: version } : {}),
    pulumiBuilt: isBuilt(pulumiBuild) || hasLanguageHost(),
    languageHost: hasLanguageHost() || (await exists("pulumi-language-nodejs")),
    kubectl: await exists("kubectl"),
    ...(host === undefined || host === ownDockerHost ? {} : { docker: host }),
    ownDocker: host === ownDockerHost,
    dockerClient: await exists("docker"),
    kind: await exists("kind"),
    ownContext: contextNames().includes(context),
    context,
    ...(chosen === undefined ? {} : { chosen }),
    registryMissing: /^(localhost|127\.)/.test(registry) && !(await registryAnswers()),
    pip: (await output(["python3", "-m", "pip", "--version"])) !== undefined,
    node: nodePid() !== undefined,
    kubernetesBuilt: isBuilt(kubernetesBuild),
    ...(go === undefined ? {} : { go }),
    missingPackages: await missingPackages(debianPackages),
  };
}

/** The only context that the dev stack may touch, and where its images go, as its settings say. */
async function stackSettings(): Promise<{ context: string; registry: string }> {
  const file = join(checkout, "Pulumi.dev.yaml");
  const { config = {} } = loadYaml<{ config?: Record<string, unknown> }>(await readFile(file, "utf8"));
  const context = config["zeromq-stack:kubeContext"];
  const pushRegistry = config["zeromq-stack:pushRegistry"] as { server?: string } | undefined;
  if (typeof context === "string" && context !== "") return { context, registry: pushRegistry?.server ?? "" };
  throw new Failure("Pulumi.dev.yaml names no cluster", { todo: "Set one: pulumi config set kubeContext zeromq-stack-dev --stack dev" });
}

/** Takes what `npm run env` put into this shell out again, so that only the machine's own programs are found. */
function leavePreparedShell(): void {
  const ours = (folder: string) =>
    folder.startsWith(`${paths.cache}/`) || folder.startsWith(`${checkout}/`) || /local\/standin\/bin|node_modules\/(\.bin|npm\/)/.test(folder);
  process.env["PATH"] = (process.env["PATH"] ?? "")
    .split(":")
    .filter((folder) => !ours(folder))
    .join(":");
  if (process.env["KUBECONFIG"] === paths.kubeconfig) delete process.env["KUBECONFIG"];
  if (process.env["DOCKER_HOST"] === ownDockerHost) delete process.env["DOCKER_HOST"];
  if (process.env["https_proxy"] ?? process.env["HTTPS_PROXY"] ?? process.env["http_proxy"] ?? process.env["HTTP_PROXY"]) {
    // A company's proxy cannot reach the node.
    const direct = [...new Set([...(process.env["NO_PROXY"] ?? process.env["no_proxy"] ?? "").split(","), "localhost", "127.0.0.1", addresses.node])];
    process.env["NO_PROXY"] = process.env["no_proxy"] = direct.filter((name) => name !== "").join(",");
  }
}

/** The contexts of the reader's own kubeconfig. */
function contextNames(): string[] {
  const config = new KubeConfig();
  try {
    config.loadFromDefault();
  } catch {
    return [];
  }
  return config.getContexts().map(({ name }) => name);
}

/** The Debian packages whose programs the machine lacks. */
export async function missingPackages(wanted: Readonly<Record<string, string>>): Promise<string[]> {
  const missing = await Promise.all(Object.entries(wanted).map(async ([program, name]) => ((await exists(program)) ? [] : [name])));
  return [...new Set(missing.flat())];
}

async function exists(program: string): Promise<boolean> {
  const folders = (process.env["PATH"] ?? "").split(":");
  const places = program.startsWith("/") ? [program] : [...folders, "/usr/sbin", "/sbin"].map((folder) => join(folder, program));
  const found = await Promise.all(
    places.map((place) =>
      access(place, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}
