import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../paths.ts";
import { run } from "../run.ts";
import { versions } from "../versions.ts";
import { addresses, nodeName } from "./addresses.ts";

export const pki = join(paths.state, "pki");
export const kubeconfigs = join(paths.state, "kubeconfigs");

/** kubectl with every right, for the time before anybody else has one. */
export function kubectl(bin: string, ...args: string[]): string[] {
  return [join(bin, "kubectl"), "--kubeconfig", join(kubeconfigs, "super-admin.conf"), ...args];
}

/** Certificates and kubeconfigs of every component, by kubeadm's own phases. */
export async function ensurePki(bin: string): Promise<void> {
  const done = join(kubeconfigs, "done");
  if (existsSync(done)) return;
  mkdirSync(kubeconfigs, { recursive: true });
  const config = join(kubeconfigs, "kubeadm.yaml");
  const documents = [
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: addresses.node, bindPort: addresses.apiPort },
      nodeRegistration: { name: nodeName, criSocket: "unix:///run/containerd/containerd.sock" },
    },
    {
      apiVersion: "kubeadm.k8s.io/v1beta4",
      kind: "ClusterConfiguration",
      kubernetesVersion: `v${versions.kubernetes}`,
      certificatesDir: pki,
      networking: { serviceSubnet: addresses.services, podSubnet: addresses.pods },
    },
  ];
  writeFileSync(config, documents.map((document) => JSON.stringify(document)).join("\n---\n"));
  const kubeadm = join(bin, "kubeadm");
  await run([kubeadm, "init", "phase", "certs", "all", "--config", config], { log: "pki" });
  await run([kubeadm, "init", "phase", "kubeconfig", "all", "--config", config, "--kubeconfig-dir", kubeconfigs], { log: "kubeconfigs" });
  writeFileSync(done, "");
}
