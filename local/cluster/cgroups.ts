import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { until } from "../processes.ts";

/** The control group that holds every pod and every image build of ours. */
export const cgroup = "zeromq-stack";

const mountPoint = "/sys/fs/cgroup";

/** Where our group is: once on cgroup v2, once for each controller on v1. */
function places(): string[] {
  if (existsSync(join(mountPoint, "cgroup.controllers"))) return [join(mountPoint, cgroup)];
  return readdirSync(mountPoint)
    .filter((controller) => existsSync(join(mountPoint, controller, "cgroup.procs")))
    .map((controller) => join(mountPoint, controller, cgroup));
}

export function ensureCgroup(): void {
  // On v2 a group has the controllers that its parent hands down, and the kubelet wants all that the root has.
  const available = join(mountPoint, "cgroup.controllers");
  if (existsSync(available)) {
    for (const controller of readFileSync(available, "utf8").trim().split(" ")) writeFileSync(join(mountPoint, "cgroup.subtree_control"), `+${controller}`);
  }
  for (const place of places()) {
    mkdirSync(place, { recursive: true });
    // A new cpuset of v1 has no processor and no memory node, and admits nobody until it has.
    for (const set of ["cpuset.cpus", "cpuset.mems"]) {
      const file = join(place, set);
      const parent = join(place, "..", set);
      if (!existsSync(parent) || readFileSync(file, "utf8").trim() !== "") continue;
      writeFileSync(file, readFileSync(parent));
    }
  }
}

/** Removes our groups, or those below one; the kernel frees an ended process's group a moment after the process. */
export async function removeCgroup(below = ""): Promise<void> {
  const groups = places().map((place) => join(place, below));
  const removed = await until(() => groups.every(removeTree), 10_000);
  if (!removed) throw new Failure(`a control group is still in use: ${groups.filter(existsSync).join(", ")}`);
}

function removeTree(directory: string): boolean {
  if (!existsSync(directory)) return true;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (entry.isDirectory() && !removeTree(join(directory, entry.name))) return false;
  }
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return false;
  }
}
