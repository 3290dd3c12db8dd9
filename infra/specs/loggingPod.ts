import type { Container, PodSpec, Service } from "kubernetes-types/core/v1.js";
import { labels } from "../../services/contract/names.ts";
import { loggingNames, loggingPorts } from "../../monitoring/names.ts";
import type { Settings } from "../settings.ts";
import { hardenedContainer, hardenedPod } from "./hardening.ts";
import { logsNamespace } from "./logsNamespace.ts";
import { objectMetadata } from "./objectMetadata.ts";

export type LoggingPart = keyof typeof loggingNames;

export function loggingLabels(part: LoggingPart): Record<string, string> {
  return { [labels.app]: loggingNames[part] };
}

/** Where a part lives: Filebeat alone in a namespace that admits what it needs. */
export function namespaceOf(part: LoggingPart, { namespace }: Pick<Settings, "namespace">): string {
  return part === "filebeat" ? logsNamespace(namespace) : namespace;
}

export function loggingMetadata(part: LoggingPart, settings: Pick<Settings, "namespace">) {
  return objectMetadata({ name: loggingNames[part], namespace: namespaceOf(part, settings), labels: loggingLabels(part) });
}

/** Where the others find it; nobody outside of the cluster does. */
export function loggingService(part: "elasticsearch" | "kibana", settings: Settings): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: loggingMetadata(part, settings),
    spec: { type: "ClusterIP", selector: loggingLabels(part), ports: [{ name: "http", port: loggingPorts[part], targetPort: "http" }] },
  };
}

/** Where Elasticsearch answers, for pods of either namespace. */
export function elasticsearchAddress({ namespace }: Pick<Settings, "namespace">): string {
  return `http://${loggingNames.elasticsearch}.${namespace}:${loggingPorts.elasticsearch}`;
}

/** The user that Elastic's images are made for; their files are group 0's, which has no right of root's. */
const elasticUser = { runAsUser: 1000, runAsGroup: 0 } as const;

export const elasticPod = {
  ...hardenedPod,
  securityContext: { ...hardenedPod.securityContext, ...elasticUser },
} satisfies Partial<PodSpec>;

/** What every container of these has. */
export const elasticContainer = { securityContext: hardenedContainer, terminationMessagePolicy: "FallbackToLogsOnError" } satisfies Partial<Container>;
