import { access, constants, readFile, statfs } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { KubeConfig, loadYaml } from "@kubernetes/client-node";
import { isBuilt, kubernetesBuild, pulumiBuild } from "./toolchain/build.ts";
import { Failure } from "./failure.ts";
import { dockerHost, ownDockerHost } from "./images/docker.ts";
import { checkout, paths } from "./paths.ts";
import { nodePid } from "./cluster/node.ts";
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
  readonly ownDocker: boolean;
  readonly kind: boolean;
  /** The context that the stack names, in the reader's own kubeconfig. */
  readonly ownContext: boolean;
  readonly context: string;
  readonly node: boolean;
  readonly kubernetesBuilt: boolean;
  readonly go?: string;
  readonly missingPackages: readonly string[];
}

export async function look(): Promise<Found> {
  leavePreparedShell();
  const context = await stackContext();
  const host = await dockerHost();
  const version = await output(["pulumi", "version"]);
  const go = await findGo();
  const missing = await Promise.all(Object.keys(debianPackages).map(async (program) => ((await exists(program)) ? undefined : debianPackages[program]!)));
  const disk = await statfs(homedir());
  return {
    linux: process.platform === "linux",
    root: process.getuid?.() === 0,
    apt: await exists("apt-get"),
    freeDiskGb: Math.floor((disk.bavail * disk.bsize) / 1e9),
    ...(version !== undefined && atLeast(version, versions.pulumiAtLeast) ? { pulumi: version } : {}),
    pulumiBuilt: isBuilt(pulumiBuild),
    languageHost: await exists("pulumi-language-nodejs"),
    kubectl: await exists("kubectl"),
    ...(host === undefined || host === ownDockerHost ? {} : { docker: host }),
    ownDocker: host === ownDockerHost,
    kind: await exists("kind"),
    ownContext: contextNames().includes(context),
    context,
    node: nodePid() !== undefined,
    kubernetesBuilt: isBuilt(kubernetesBuild),
    ...(go === undefined ? {} : { go }),
    missingPackages: [...new Set(missing.filter((name) => name !== undefined))],
  };
}

/** The only context that the dev stack may touch, as its settings name it. */
export async function stackContext(): Promise<string> {
  const file = join(checkout, "Pulumi.dev.yaml");
  const settings = loadYaml<{ config?: Record<string, unknown> }>(await readFile(file, "utf8"));
  const context = settings.config?.["zeromq-stack:kubeContext"];
  if (typeof context === "string" && context !== "") return context;
  throw new Failure("Pulumi.dev.yaml names no cluster", { todo: "Set one: pulumi config set kubeContext zeromq-stack-dev --stack dev" });
}

/** Takes what `npm run env` put into this shell out again, so that only the machine's own programs are found. */
function leavePreparedShell(): void {
  const ours = (folder: string) => folder.startsWith(paths.cache) || /node_modules\/(\.bin|npm\/)/.test(folder) || folder.startsWith(checkout);
  process.env["PATH"] = (process.env["PATH"] ?? "").split(":").filter((folder) => !ours(folder)).join(":");
  if (process.env["KUBECONFIG"] === paths.kubeconfig) delete process.env["KUBECONFIG"];
  if (process.env["DOCKER_HOST"] === ownDockerHost) delete process.env["DOCKER_HOST"];
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

async function exists(program: string): Promise<boolean> {
  const folders = (process.env["PATH"] ?? "").split(":");
  const places = program.startsWith("/") ? [program] : [...folders, "/usr/sbin", "/sbin"].map((folder) => join(folder, program));
  const found = await Promise.all(places.map((place) => access(place, constants.X_OK).then(() => true, () => false)));
  return found.includes(true);
}
