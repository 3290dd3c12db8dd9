import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.js";
import { objectMetadata } from "./objectMetadata.ts";

/** Pods of a Deployment leave a node that is emptied one after the other. */
export function disruptionBudget(deployment: {
  readonly name: string;
  readonly namespace: string;
  readonly matchLabels: Record<string, string>;
}): PodDisruptionBudget {
  const { name, namespace, matchLabels } = deployment;
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: objectMetadata({ name, namespace, labels: matchLabels }),
    // A pod that is not ready serves nobody: it must not keep a node from being emptied.
    spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector: { matchLabels } },
  };
}
