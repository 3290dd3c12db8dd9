import { copyFileSync, existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../paths.ts";
import { ensure } from "../processes.ts";
import { run } from "../run.ts";
import { ensureCgroup } from "./cgroups.ts";
import { controlPlane } from "./controlplane.ts";
import { ensureNode } from "./node.ts";
import { ensurePki, kubeconfigs, kubectl } from "./pki.ts";
import { nodeServices } from "./worker.ts";

/** Brings up the local node and everything on it; what runs already is left alone. Returns how many programs it started. */
export async function ensureLocalCluster(bin: string, context: string, onLine: (line: string) => void): Promise<number> {
  let started = 0;
  await ensureNode();
  ensureCgroup();
  await ensurePki(bin);
  for (const service of controlPlane(bin)) {
    onLine(service.name);
    if ((await ensure(service)) === "started") started += 1;
  }
  await allowAdministrators(bin, context);
  for (const service of nodeServices(bin)) {
    onLine(service.name);
    if ((await ensure(service)) === "started") started += 1;
  }
  return started;
}

/** kubeadm's administrators' group has no rights until somebody with the super-admin's certificate grants them. */
async function allowAdministrators(bin: string, context: string): Promise<void> {
  if (existsSync(paths.kubeconfig)) return;
  const log = "administrators";
  const apiGroup = "rbac.authorization.k8s.io";
  const name = "kubeadm:cluster-admins";
  const grant = {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name },
    roleRef: { apiGroup, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "Group", name, apiGroup }],
  };
  await run(kubectl(bin, "apply", "--server-side", "-f", "-"), { log, input: JSON.stringify(grant) });
  const partial = `${paths.kubeconfig}.part`;
  copyFileSync(join(kubeconfigs, "admin.conf"), partial);
  await run([join(bin, "kubectl"), "config", "rename-context", "kubernetes-admin@kubernetes", context, "--kubeconfig", partial], { log });
  renameSync(partial, paths.kubeconfig);
}
