import { copyFileSync, existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { paths } from "../paths.ts";
import { ensure } from "../processes.ts";
import { run } from "../run.ts";
import { ensureCgroup } from "./cgroups.ts";
import { controlPlane } from "./controlplane.ts";
import { ensureNode } from "./node.ts";
import { ensurePki, kubeconfigs } from "./pki.ts";
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
  const kubectl = join(bin, "kubectl");
  const superAdmin = ["--kubeconfig", join(kubeconfigs, "super-admin.conf")];
  const log = "administrators";
  const name = "kubeadm:cluster-admins";
  const grant = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", metadata: { name }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" }, subjects: [{ kind: "Group", name, apiGroup: "rbac.authorization.k8s.io" }] };
  await run([kubectl, ...superAdmin, "apply", "--server-side", "-f", "-"], { log, input: JSON.stringify(grant) });
  const partial = `${paths.kubeconfig}.part`;
  copyFileSync(join(kubeconfigs, "admin.conf"), partial);
  await run([kubectl, "config", "rename-context", "kubernetes-admin@kubernetes", context, "--kubeconfig", partial], { log });
  copyFileSync(partial, paths.kubeconfig);
  rmSync(partial);
  if (!existsSync(paths.kubeconfig)) throw new Failure("the kubeconfig could not be written");
}
