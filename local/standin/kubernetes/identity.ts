// Part of the stand-in for Pulumi's Kubernetes plugin. Which object a resource is: its kind from the type, its name.

import { createHash } from "node:crypto";
import type { Properties } from "../property-values.ts";
import type { Operation } from "../resource-provider.ts";
import { isAutonamed } from "./replacement.ts";

/** "kubernetes:apps/v1:Deployment" */
export function kindOf(type: string): { apiVersion: string; kind: string } {
  const [, group = "", kind = ""] = type.split(":");
  return { apiVersion: group.replace(/^core\//, ""), kind };
}

/** An object without a name gets one that stays its own until it is replaced. */
export function named(object: Properties, old: Properties, { name, randomSeed }: Pick<Operation, "name" | "randomSeed">): Properties {
  const metadata = object.metadata ?? {};
  if (typeof metadata !== "object" || metadata.name) return object;
  const suffix = createHash("sha256").update(randomSeed).update(name).digest("hex").slice(0, 8);
  return {
    ...object,
    metadata: {
      ...metadata,
      name: isAutonamed(old) ? old.metadata.name : `${name}-${suffix}`,
      annotations: { ...metadata.annotations, "pulumi.com/autonamed": "true" },
    },
  };
}

/** For a preview without a cluster to ask. */
export const isClusterScoped = (kind: string): boolean =>
  /^(Namespace|Node|PersistentVolume|ClusterRole(Binding)?|CustomResourceDefinition|(Storage|Priority|Ingress|Runtime|Gateway)Class|APIService|CSI(Driver|Node)|VolumeAttachment|(Mutating|Validating)(WebhookConfiguration|AdmissionPolicy(Binding)?)|CertificateSigningRequest|FlowSchema|PriorityLevelConfiguration)$/.test(
    kind,
  );
