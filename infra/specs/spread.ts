import type { TopologySpreadConstraint } from "kubernetes-types/core/v1.js";

/** Pods of one rollout over zones, then over nodes; a wish, so that one node is enough to run everything. */
export function spread(matchLabels: Record<string, string>): TopologySpreadConstraint[] {
  return ["topology.kubernetes.io/zone", "kubernetes.io/hostname"].map((topologyKey) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
    // Without it the old pods, which are about to go, would count.
    matchLabelKeys: ["pod-template-hash"],
  }));
}
