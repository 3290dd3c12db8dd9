import { join } from "node:path";
import { paths } from "../paths.ts";
import type { Service } from "../processes.ts";
import { output } from "../run.ts";
import { addresses } from "./addresses.ts";
import { inNode, listensInNode } from "./node.ts";
import { kubeconfigs, kubectl, pki } from "./pki.ts";

const certificate = (name: string) => join(pki, name);
const kubeconfig = (name: string) => join(kubeconfigs, `${name}.conf`);

function flags(values: Record<string, string | number | boolean>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

/** etcd and the three programs of a control plane, with the flags that kubeadm gives them, in the order they start. */
export function controlPlane(bin: string): Service[] {
  return [
    {
      name: "etcd",
      command: inNode("etcd", ...flags({ "data-dir": join(paths.state, "etcd"), "unsafe-no-fsync": true })),
      env: { ETCD_LOGGER: "zap" },
      ready: listensInNode(2379),
    },
    {
      name: "kube-apiserver",
      command: inNode(
        join(bin, "kube-apiserver"),
        ...flags({
          "advertise-address": addresses.node,
          "allow-privileged": true,
          "authorization-mode": "Node,RBAC",
          "client-ca-file": certificate("ca.crt"),
          "enable-admission-plugins": "NodeRestriction",
          "enable-aggregator-routing": true,
          "etcd-servers": "http://127.0.0.1:2379",
          "kubelet-client-certificate": certificate("apiserver-kubelet-client.crt"),
          "kubelet-client-key": certificate("apiserver-kubelet-client.key"),
          "kubelet-preferred-address-types": "InternalIP",
          "proxy-client-cert-file": certificate("front-proxy-client.crt"),
          "proxy-client-key-file": certificate("front-proxy-client.key"),
          "requestheader-allowed-names": "front-proxy-client",
          "requestheader-client-ca-file": certificate("front-proxy-ca.crt"),
          "requestheader-extra-headers-prefix": "X-Remote-Extra-",
          "requestheader-group-headers": "X-Remote-Group",
          "requestheader-username-headers": "X-Remote-User",
          "secure-port": addresses.apiPort,
          "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
          "service-account-key-file": certificate("sa.pub"),
          "service-account-signing-key-file": certificate("sa.key"),
          "service-cluster-ip-range": addresses.services,
          "tls-cert-file": certificate("apiserver.crt"),
          "tls-private-key-file": certificate("apiserver.key"),
        }),
      ),
      ready: async () => (await output(kubectl(bin, "get", "--raw", "/readyz"))) === "ok",
      readyTimeoutMs: 120_000,
    },
    {
      name: "kube-controller-manager",
      command: inNode(
        join(bin, "kube-controller-manager"),
        ...flags({
          "allocate-node-cidrs": true,
          "authentication-kubeconfig": kubeconfig("controller-manager"),
          "authorization-kubeconfig": kubeconfig("controller-manager"),
          "bind-address": "127.0.0.1",
          "client-ca-file": certificate("ca.crt"),
          "cluster-cidr": addresses.pods,
          "cluster-signing-cert-file": certificate("ca.crt"),
          "cluster-signing-key-file": certificate("ca.key"),
          "flex-volume-plugin-dir": join(paths.state, "node", "volume-plugins"),
          "horizontal-pod-autoscaler-sync-period": "5s",
          kubeconfig: kubeconfig("controller-manager"),
          "leader-elect": false,
          "requestheader-client-ca-file": certificate("front-proxy-ca.crt"),
          "root-ca-file": certificate("ca.crt"),
          "service-account-private-key-file": certificate("sa.key"),
          "service-cluster-ip-range": addresses.services,
          "use-service-account-credentials": true,
        }),
      ),
      ready: listensInNode(10257),
    },
    {
      name: "kube-scheduler",
      command: inNode(
        join(bin, "kube-scheduler"),
        ...flags({
          "authentication-kubeconfig": kubeconfig("scheduler"),
          "authorization-kubeconfig": kubeconfig("scheduler"),
          "bind-address": "127.0.0.1",
          kubeconfig: kubeconfig("scheduler"),
          "leader-elect": false,
        }),
      ),
      ready: listensInNode(10259),
    },
  ];
}
