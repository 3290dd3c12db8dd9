import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { checkout, paths } from "../paths.ts";
import { output, run } from "../run.ts";
import { versions } from "../versions.ts";
import { fetchGo, findGo } from "./go.ts";

/** Programs compiled from their Go modules, each set in a module of its own with committed sums. */
export interface GoBuild {
  readonly name: string;
  readonly version: string;
  /** The folder with go.mod, below `local/toolchain`. */
  readonly module: string;
  readonly packages: readonly string[];
  readonly linkerFlags: string;
  /** Build tags: what is left out, or in. */
  readonly tags?: readonly string[];
  /** Other names of a program: where it is many in one, or Go names it after its folder. */
  readonly links?: { readonly of: string; readonly names: readonly string[] };
}

export const kubernetesBuild: GoBuild = {
  name: "kubernetes",
  version: versions.kubernetes,
  module: "kubernetes",
  packages: ["./node", "./coredns", "./pause"],
  linkerFlags: `-s -w -X k8s.io/component-base/version.gitVersion=v${versions.kubernetes} -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=${versions.kubernetes.split(".")[1]}`,
  links: {
    of: "node",
    names: ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubeadm", "kubectl"],
  },
};

export const pulumiBuild: GoBuild = {
  name: "pulumi",
  version: versions.pulumi,
  module: "pulumi",
  packages: ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
  linkerFlags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${versions.pulumi}`,
};

/** Of all the ways to find targets only those that the stack and the Compose file need, and without its pages, whose building needs more than Go. */
export const prometheusBuild: GoBuild = {
  name: "prometheus",
  version: versions.prometheus,
  module: "prometheus",
  packages: ["github.com/prometheus/prometheus/cmd/prometheus"],
  linkerFlags: `-s -w -X github.com/prometheus/common/version.Version=${versions.prometheus}`,
  tags: ["remove_all_sd", "enable_kubernetes_sd", "enable_dns_sd"],
};

/** Compiled only where a stack that scales its workers runs on the local node: it cannot pull the images. */
export const metricsServerBuild: GoBuild = {
  name: "metrics-server",
  version: versions.metricsServer,
  module: "metrics-server",
  packages: ["sigs.k8s.io/metrics-server/cmd/metrics-server"],
  linkerFlags: `-s -w -X k8s.io/component-base/version.gitVersion=v${versions.metricsServer}`,
};

export const prometheusAdapterBuild: GoBuild = {
  name: "prometheus-adapter",
  version: versions.prometheusAdapter,
  module: "prometheus-adapter",
  packages: ["sigs.k8s.io/prometheus-adapter/cmd/adapter"],
  linkerFlags: `-s -w -X k8s.io/component-base/version.gitVersion=v${versions.prometheusAdapter}`,
};

/** Checkers of what we hand to others: workflows (actionlint), manifests (kubeconform, kube-score). */
export const checkersBuild: GoBuild = {
  name: "checkers",
  version: versions.checkers,
  module: "checkers",
  packages: ["github.com/rhysd/actionlint/cmd/actionlint", "github.com/yannh/kubeconform/cmd/kubeconform", "github.com/zegl/kube-score/cmd/kube-score"],
  linkerFlags: "-s -w",
};

export const composeBuild: GoBuild = {
  name: "compose",
  version: versions.compose,
  module: "compose",
  packages: ["github.com/docker/compose/v5/cmd"],
  linkerFlags: `-s -w -X github.com/docker/compose/v5/internal.Version=v${versions.compose}`,
  links: { of: "cmd", names: ["docker-compose"] },
};

export const filebeatBuild: GoBuild = {
  name: "filebeat",
  version: versions.elastic,
  module: "filebeat",
  packages: ["github.com/elastic/beats/v7/filebeat"],
  linkerFlags: "-s -w",
};

/** Where a build's programs are: its key covers all that goes into it, so that a stale one is never used. */
export function binaries(build: GoBuild): string {
  const directory = join(checkout, "local/toolchain", build.module);
  const hash = createHash("sha256").update(JSON.stringify([build.packages, build.linkerFlags, build.links, ...(build.tags === undefined ? [] : [build.tags])]));
  for (const file of ["go.mod", "go.sum", ...build.packages.filter((path) => path.startsWith("./")).map((path) => `${path}/main.go`)]) {
    hash.update(readFileSync(join(directory, file)));
  }
  return join(paths.cache, `${build.name}-${build.version}-${hash.digest("hex").slice(0, 12)}`);
}

export function isBuilt(build: GoBuild): boolean {
  return existsSync(binaries(build));
}

/** Has a set of programs in the cache, compiled where they are not there yet. @returns a word on what it did */
export async function built(build: GoBuild, onLine: (line: string) => void): Promise<string> {
  if (isBuilt(build)) return "built earlier";
  await compile(build, (await findGo()) ?? (await fetchGo()), onLine);
  return "compiled";
}

/** Compiles a set of programs into the cache; what Go compiled before an interruption is not compiled again. */
async function compile(build: GoBuild, go: string, onLine: (line: string) => void): Promise<void> {
  const target = binaries(build);
  const partial = `${target}.part`;
  const cwd = join(checkout, "local/toolchain", build.module);
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const env = { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off", GOOS: "", GOARCH: "" };
  const log = `build-${build.name}`;
  const todo = "Compiling needs about 10 GB of disk and a Go module proxy (GOPROXY); run `npm run up` again to go on from here.";
  onLine("fetching modules");
  await run([go, "mod", "download", "-x"], { log, cwd, env, todo, onLine: (line) => onLine(`fetching ${line.split("/").slice(-3).join("/")}`) });
  const tags = build.tags === undefined ? [] : [`-tags=${build.tags.join(",")}`];
  const all = ((await output([go, "-C", cwd, "list", "-deps", ...tags, ...build.packages], env)) ?? "").split("\n").length;
  let compiled = 0;
  const flags = ["-v", "-trimpath", `-ldflags=${build.linkerFlags}`, ...tags, "-o", `${partial}/`];
  await run([go, "build", ...flags, ...build.packages], {
    log,
    cwd,
    env,
    todo,
    onLine: (line) => onLine(`compiled ${++compiled} of at most ${all} packages: ${line}`),
  });
  for (const name of build.links?.names ?? []) symlinkSync(build.links!.of, join(partial, name));
  renameSync(partial, target);
}
