import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../paths.ts";
import type { Service } from "../processes.ts";
import { output } from "../run.ts";
import { localRegistry, registryService } from "../images/registry.ts";
import { versions } from "../versions.ts";
import { addresses, nodeName } from "./addresses.ts";
import { cgroup } from "./cgroups.ts";
import { inNode, listensInNode } from "./node.ts";
import { kubeconfigs, kubectl, pki } from "./pki.ts";

const files = join(paths.state, "node");
export const containerdSocket = "/run/containerd/containerd.sock";

/** The part of the local node that runs pods, in the order it starts. */
export function nodeServices(bin: string): Service[] {
  mkdirSync(join(files, "cni"), { recursive: true });
  writeIfChanged(join(files, "containerd.toml"), containerdConfig());
  writeIfChanged(join(files, "cni", "10-zeromq-stack.conflist"), JSON.stringify(cniConfig));
  writeIfChanged(join(files, "kubelet.json"), JSON.stringify(kubeletConfig));
  writeIfChanged(join(files, "kube-proxy.json"), JSON.stringify(proxyConfig));
  writeIfChanged(join(files, "Corefile"), corefile);
  // Pods resolve the cluster's names only; an empty list keeps the machine's own resolver out of their search path.
  writeIfChanged(join(files, "resolv.conf"), "");
  const readiness = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}';
  return [
    {
      name: "containerd",
      command: inNode("containerd", "--config", join(files, "containerd.toml")),
      ready: async () => (await output(inNode("ctr", "--address", containerdSocket, "version"))) !== undefined,
    },
    // The machine's registry listens on the machine's loopback; the node has its own, on the same storage.
    registryService("registry-in-node", (command) => inNode(...command)),
    {
      name: "kubelet",
      command: inNode(
        join(bin, "kubelet"),
        `--config=${join(files, "kubelet.json")}`,
        `--kubeconfig=${join(kubeconfigs, "kubelet.conf")}`,
        `--hostname-override=${nodeName}`,
        `--node-ip=${addresses.node}`,
        `--root-dir=${join(files, "kubelet")}`,
      ),
      ready: async () => (await output(kubectl(bin, "get", "node", nodeName, "-o", readiness))) === "True",
      readyTimeoutMs: 120_000,
    },
    {
      name: "kube-proxy",
      command: inNode(join(bin, "kube-proxy"), `--config=${join(files, "kube-proxy.json")}`),
      ready: listensInNode(10256),
    },
    {
      name: "coredns",
      command: inNode(join(bin, "coredns"), "-conf", join(files, "Corefile")),
      ready: listensInNode(8181),
    },
  ];
}

/** kube-proxy ends when its file is touched, be it with the same content. */
function writeIfChanged(file: string, content: string): void {
  if (!existsSync(file) || readFileSync(file, "utf8") !== content) writeFileSync(file, content);
}

function containerdConfig(): string {
  return `version = 2
root = "${join(files, "containerd")}"
state = "/run/containerd"
oom_score = 0
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${localRegistry}/zeromq-stack/pause:${versions.pause}"
  # Without CAP_SYS_RESOURCE (a container, a sandbox) no process may lower its own score.
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${join(files, "cni")}"
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."${localRegistry}"]
  endpoint = ["http://${localRegistry}"]
`;
}

const cniConfig = {
  cniVersion: "0.4.0",
  name: "zeromq-stack",
  plugins: [
    {
      type: "ptp",
      ipam: { type: "host-local", ranges: [[{ subnet: "10.244.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

const kubeletConfig = {
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: join(pki, "ca.crt") } },
  authorization: { mode: "Webhook" },
  cgroupDriver: "cgroupfs",
  cgroupRoot: `/${cgroup}`,
  cgroupsPerQOS: true,
  enforceNodeAllocatable: ["pods"],
  clusterDNS: [addresses.node],
  clusterDomain: "cluster.local",
  containerRuntimeEndpoint: `unix://${containerdSocket}`,
  // A developer's disk is often nearly full; that is no reason to evict the stack.
  evictionHard: { "imagefs.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%" },
  imageGCHighThresholdPercent: 100,
  failSwapOn: false,
  // How soon a pod's files follow a changed ConfigMap; the default is a minute.
  syncFrequency: "10s",
  resolvConf: join(files, "resolv.conf"),
  volumePluginDir: join(files, "volume-plugins"),
};

const proxyConfig = {
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  mode: "iptables",
  clientConnection: { kubeconfig: join(kubeconfigs, "super-admin.conf") },
  clusterCIDR: addresses.pods,
  hostnameOverride: nodeName,
  // The connection-tracking table's size belongs to the machine, not to a network namespace.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
};

const corefile = `.:53 {
  bind ${addresses.node}
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    kubeconfig "${join(kubeconfigs, "super-admin.conf")}"
    ttl 5
  }
  reload
}
`;
