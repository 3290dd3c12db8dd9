import type { ClusterRole, ClusterRoleBinding, PolicyRule, RoleBinding } from "kubernetes-types/rbac/v1.js";
import { metricsApiNames } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { metricsApiLabels, type MetricsApiPart } from "./metricsApi.ts";
import { objectMetadata } from "./objectMetadata.ts";

const rbac = "rbac.authorization.k8s.io";

/** What the part may do, by the objects that allow it. */
type Access = "reader" | "delegator" | "authentication";

/** What is the whole cluster's has the stack's namespace in its name: another stack may have the like. */
export function accessName(part: MetricsApiPart, access: Access, { namespace }: Settings): string {
  return `${namespace}:${metricsApiNames[part]}:${access}`;
}

function subjects(part: MetricsApiPart, { namespace }: Settings) {
  return [{ kind: "ServiceAccount", name: metricsApiNames[part], namespace }];
}

/** What the part may read besides what every server of an API may. */
export function readerRole(part: MetricsApiPart, settings: Settings, rules: PolicyRule[]): ClusterRole {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRole",
    metadata: objectMetadata({ name: accessName(part, "reader", settings), labels: metricsApiLabels(part) }),
    rules,
  };
}

export function readerBinding(part: MetricsApiPart, settings: Settings): ClusterRoleBinding {
  return clusterBinding(part, settings, "reader", accessName(part, "reader", settings));
}

/** It asks the API server who a caller is and what the caller may do. */
export function delegatorBinding(part: MetricsApiPart, settings: Settings): ClusterRoleBinding {
  return clusterBinding(part, settings, "delegator", "system:auth-delegator");
}

function clusterBinding(part: MetricsApiPart, settings: Settings, access: Access, role: string): ClusterRoleBinding {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "ClusterRoleBinding",
    metadata: objectMetadata({ name: accessName(part, access, settings), labels: metricsApiLabels(part) }),
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: role },
    subjects: subjects(part, settings),
  };
}

/** It recognises the API server by what stands in a ConfigMap of kube-system. */
export function requestHeaderBinding(part: MetricsApiPart, settings: Settings): RoleBinding {
  return {
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: objectMetadata({ name: accessName(part, "authentication", settings), namespace: "kube-system", labels: metricsApiLabels(part) }),
    roleRef: { apiGroup: rbac, kind: "Role", name: "extension-apiserver-authentication-reader" },
    subjects: subjects(part, settings),
  };
}
