import type { PolicyRule } from "kubernetes-types/rbac/v1.js";
import type { Settings } from "../settings.ts";
import type { MetricsApi } from "./metricsApi.ts";

/** Asks every kubelet each 15 s how much processor time and memory its pods use. */
export function metricsServer({ autoscaling }: Settings): MetricsApi {
  return {
    part: "metricsServer",
    group: "metrics.k8s.io",
    port: 10250,
    args: [
      "--metric-resolution=15s",
      "--kubelet-preferred-address-types=InternalIP",
      "--kubelet-use-node-status-port",
      ...(autoscaling.metricsServer.verifyKubelets ? [] : ["--kubelet-insecure-tls"]),
    ],
    annotations: {},
    files: [],
  };
}

export const metricsServerRules: PolicyRule[] = [
  { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
  { apiGroups: [""], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] },
];
