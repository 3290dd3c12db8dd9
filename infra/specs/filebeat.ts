import type { DaemonSet } from "kubernetes-types/apps/v1.js";
import type { ConfigMap, Namespace, Secret } from "kubernetes-types/core/v1.js";
import { elasticsearchUsers } from "../../monitoring/elasticsearch/configuration.ts";
import { filebeatConfiguration, filebeatFiles, filebeatLogin, filebeatPaths } from "../../monitoring/filebeat/configuration.ts";
import { logTemplate } from "../../monitoring/filebeat/template.ts";
import { loggingNames, loggingPorts } from "../../monitoring/names.ts";
import { yaml } from "../../monitoring/yaml.ts";
import type { Settings } from "../settings.ts";
import { imageReference } from "../settings/imageReference.ts";
import { configAnnotation } from "./configVolume.ts";
import { elasticContainer, elasticPod, elasticsearchAddress, loggingLabels, loggingMetadata } from "./loggingPod.ts";
import { pulling } from "./pullSecret.ts";
import { logsNamespace } from "./logsNamespace.ts";
import { objectMetadata } from "./objectMetadata.ts";

const name = loggingNames.filebeat;

/** Filebeat's own namespace: it reads files of its node, which no level but `privileged` lets a pod do. */
export function filebeatNamespace({ namespace }: Settings): Namespace {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: objectMetadata({
      name: logsNamespace(namespace),
      labels: { "pod-security.kubernetes.io/enforce": "privileged", "pod-security.kubernetes.io/enforce-version": "latest" },
    }),
  };
}

function configuration(settings: Settings): Record<string, string> {
  const { namespace, logging } = settings;
  return {
    [filebeatFiles.configuration]: yaml(filebeatConfiguration({ namespace, elasticsearch: elasticsearchAddress(settings) })),
    [filebeatFiles.template]: JSON.stringify(logTemplate({ lifecycle: logging.elasticsearch.distribution === "default" })),
  };
}

export function filebeatConfigMap(settings: Settings): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: loggingMetadata("filebeat", settings), data: configuration(settings) };
}

/** The file with what it writes to Elasticsearch as. */
export function filebeatLoginFile(password: string): string {
  return yaml(filebeatLogin(elasticsearchUsers.filebeat.name, password));
}

export function filebeatSecret(settings: Settings, login: string) {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: loggingMetadata("filebeat", settings),
    stringData: { [filebeatFiles.login]: login },
  } satisfies Secret;
}

/** One on each node, which reads what the kubelet writes down of the stack's containers. */
export function filebeatDaemonSet(settings: Settings) {
  const { image, resources } = settings.logging.filebeat;
  const probe = { httpGet: { path: "/", port: "http" }, timeoutSeconds: 5 };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: loggingMetadata("filebeat", settings),
    spec: {
      revisionHistoryLimit: 5,
      selector: { matchLabels: loggingLabels("filebeat") },
      template: {
        metadata: { labels: loggingLabels("filebeat"), annotations: configAnnotation(JSON.stringify(configuration(settings))) },
        spec: {
          // Group 0 may read the files and nothing more; the user is nobody.
          ...elasticPod,
          ...pulling(settings),
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name,
              image: imageReference(settings, image),
              args: ["-e", "-c", `${filebeatPaths.configuration}/${filebeatFiles.configuration}`, "-c", `${filebeatPaths.login}/${filebeatFiles.login}`],
              ports: [{ name: "http", containerPort: loggingPorts.filebeat }],
              env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
              volumeMounts: [
                { name: "configuration", mountPath: filebeatPaths.configuration, readOnly: true },
                { name: "login", mountPath: filebeatPaths.login, readOnly: true },
                { name: "containers", mountPath: filebeatPaths.containers, readOnly: true },
                { name: "pods", mountPath: filebeatPaths.pods, readOnly: true },
                { name: "data", mountPath: filebeatPaths.data },
              ],
              resources,
              startupProbe: { ...probe, periodSeconds: 5, failureThreshold: 60 },
              livenessProbe: { ...probe, periodSeconds: 30, failureThreshold: 4 },
              readinessProbe: { ...probe, periodSeconds: 10, failureThreshold: 3 },
              ...elasticContainer,
            },
          ],
          volumes: [
            { name: "configuration", configMap: { name } },
            { name: "login", secret: { secretName: name } },
            { name: "containers", hostPath: { path: filebeatPaths.containers, type: "Directory" } },
            { name: "pods", hostPath: { path: filebeatPaths.pods, type: "Directory" } },
            // Where it was is gone with the pod: it reads again what it read, and Elasticsearch knows it.
            { name: "data", emptyDir: { sizeLimit: "256Mi" } },
          ],
        },
      },
    },
  } satisfies DaemonSet;
}
