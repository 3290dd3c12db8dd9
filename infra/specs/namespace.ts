import type { Namespace } from "kubernetes-types/core/v1.js";
import type { Settings } from "../settings.ts";
import { objectMetadata } from "./objectMetadata.ts";

/** The stack's namespace; it admits no pod that is less than `restricted`. */
export function namespace({ namespace }: Settings): Namespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: objectMetadata({
      name: namespace,
      labels: {
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "latest",
      },
    }),
  };
}
