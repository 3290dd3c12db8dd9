import type { PriorityClass } from "kubernetes-types/scheduling/v1.js";
import { names } from "../../services/contract/names.ts";
import type { Settings } from "../settings.ts";
import { objectMetadata } from "./objectMetadata.ts";

/**
 * Its name. The whole cluster shares such names, so the namespace is part of it; no class may change its value, so that is,
 * too, and another value makes another class.
 */
export function brokerPriorityClass({ namespace }: Pick<Settings, "namespace">, value: number): string {
  return `${namespace}-${names.brokerApp}-${value}`;
}

export function priorityClass(settings: Pick<Settings, "namespace">, value: number): PriorityClass {
  return {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: objectMetadata({ name: brokerPriorityClass(settings, value) }),
    value,
    globalDefault: false,
    description: "Brokers hold requests in memory: others make room first.",
  };
}
