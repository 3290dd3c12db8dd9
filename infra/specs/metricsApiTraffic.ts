import type { NetworkPolicy, NetworkPolicyEgressRule } from "kubernetes-types/networking/v1.js";
import { labels, names } from "../../services/contract/names.ts";
import { monitoringPorts } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { type MetricsApi, metricsApiLabels, metricsApiMetadata, type MetricsApiPart } from "./metricsApi.ts";

const tcp = (...numbers: number[]) => numbers.map((port) => ({ protocol: "TCP", port }));

/** Where a kubelet tells what its pods use; a node is no pod that could be selected. */
const kubeletPort = 10250;

const reaches: Record<MetricsApiPart, NetworkPolicyEgressRule[]> = {
  metricsServer: [{ ports: tcp(kubeletPort) }],
  prometheusAdapter: [
    { ports: [{ protocol: "UDP", port: 53 }, ...tcp(53)] },
    { to: [{ podSelector: { matchLabels: { [labels.app]: names.prometheusApp } } }], ports: tcp(monitoringPorts.prometheus) },
  ],
};

/** The API server comes from no pod and from an address of the cluster's choice: its port is open, and asks callers who they are. */
export function metricsApiTraffic({ part, port }: Pick<MetricsApi, "part" | "port">, settings: Settings): NetworkPolicy {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: metricsApiMetadata(part, settings),
    spec: {
      podSelector: { matchLabels: metricsApiLabels(part) },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ ports: tcp(port) }],
      // The API server itself listens on the one port or the other.
      egress: [{ ports: tcp(443, 6443) }, ...reaches[part]],
    },
  };
}
