// Part of the stand-in for Pulumi's Kubernetes plugin. Which changes an object cannot take: the genuine plugin's table.

import { touches } from "../property-diff.ts";
import type { Properties } from "../property-values.ts";

const fixed: Record<string, string[]> = {
  ConfigMap: ["data", "binaryData"],
  Secret: ["type", "data", "stringData"],
  Service: ["spec.clusterIP"],
  Pod: ["spec"],
  PersistentVolumeClaim: ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
  ResourceQuota: ["spec.scopes"],
  Deployment: ["spec.selector"],
  DaemonSet: ["spec.selector"],
  StatefulSet: ["spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"],
  Job: ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  RoleBinding: ["roleRef"],
  ClusterRoleBinding: ["roleRef"],
  StorageClass: ["parameters", "provisioner"],
};

const known = /^(v1|(apps|batch|rbac\.authorization\.k8s\.io|storage\.k8s\.io)\/v1)$/;

/** `mutableKinds` are those whose data the provider's settings allow to change in place. */
export const needsReplacement = ({ apiVersion, kind }: Properties, path: string, mutableKinds: readonly string[] = []): boolean =>
  !(mutableKinds.includes(kind) && /^(data|binaryData|stringData)\b/.test(path)) &&
  ["metadata.name", "metadata.namespace", ...(known.test(apiVersion) ? (fixed[kind] ?? []) : [])].some((field) => touches(path, field));

export const isAutonamed = (object: Properties): boolean => object.metadata?.annotations?.["pulumi.com/autonamed"] === "true";
