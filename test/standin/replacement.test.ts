import { expect, test } from "vitest";
import { needsReplacement } from "../../local/standin/kubernetes/replacement.ts";

const kind = (apiVersion: string, kind: string) => ({ apiVersion, kind });

test.each([
  ["v1", "ConfigMap", "data.a"],
  ["v1", "Secret", "stringData.key"],
  ["v1", "Secret", "type"],
  ["v1", "Service", "spec.clusterIP"],
  ["apps/v1", "Deployment", "spec.selector.matchLabels.app"],
  ["apps/v1", "StatefulSet", "spec.volumeClaimTemplates[0].spec"],
  ["apps/v1", "DaemonSet", "spec.selector"],
  ["batch/v1", "Job", "spec.template.spec.containers[0].image"],
  ["v1", "PersistentVolumeClaim", "spec.storageClassName"],
  ["rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef.name"],
  ["example.com/v1", "Thing", "metadata.name"],
  ["v1", "Service", "metadata.namespace"],
])("%s %s is replaced when %s changes", (apiVersion, name, path) => expect(needsReplacement(kind(apiVersion, name), path)).toBe(true));

test.each([
  ["v1", "Service", "spec.selector.color"],
  ["apps/v1", "Deployment", "spec.template.spec.containers[0].image"],
  ["apps/v1", "Deployment", "spec.replicas"],
  ["v1", "ConfigMap", "metadata.labels.a"],
  ["batch/v1", "Job", "spec.ttlSecondsAfterFinished"],
  ["v1", "PersistentVolumeClaim", "spec.resources.requests.storage"],
  ["policy/v1", "PodDisruptionBudget", "spec.minAvailable"],
  ["example.com/v1", "ConfigMap", "data.a"],
])("%s %s is updated in place when %s changes", (apiVersion, name, path) => expect(needsReplacement(kind(apiVersion, name), path)).toBe(false));
