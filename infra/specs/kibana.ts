import type { StatefulSet } from "kubernetes-types/apps/v1.js";
import type { ConfigMap, Secret } from "kubernetes-types/core/v1.js";
import { kibanaConfiguration, kibanaPaths } from "../../monitoring/kibana/configuration.ts";
import { loggingNames, loggingPorts } from "../../monitoring/names.ts";
import { yaml } from "../../monitoring/yaml.ts";
import type { Settings } from "../settings.ts";
import { imageReference } from "../settings/imageReference.ts";
import { configAnnotation } from "./configVolume.ts";
import { passwordKey } from "./elasticsearch.ts";
import { elasticContainer, elasticPod, elasticsearchAddress, loggingLabels, loggingMetadata } from "./loggingPod.ts";
import { pulling } from "./pullSecret.ts";

const name = loggingNames.kibana;
const file = "kibana.yml";
const encryptionKey = "encryption-key";

function configuration(settings: Settings): Record<string, string> {
  return { [file]: yaml(kibanaConfiguration(elasticsearchAddress(settings))) };
}

export function kibanaConfigMap(settings: Settings): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: loggingMetadata("kibana", settings), data: configuration(settings) };
}

/** What it encrypts sessions with, and what it keeps in Elasticsearch. */
export function kibanaSecret(settings: Settings, key: string) {
  return { apiVersion: "v1", kind: "Secret", metadata: loggingMetadata("kibana", settings), stringData: { [encryptionKey]: key } } satisfies Secret;
}

/** One pod without a volume: what people save in it is in Elasticsearch. */
export function kibanaStatefulSet(settings: Settings) {
  const { image, resources } = settings.logging.kibana;
  const probe = { httpGet: { path: "/api/status", port: "http" }, timeoutSeconds: 10 };
  const from = (variable: string, secret: string, key: string) => ({ name: variable, valueFrom: { secretKeyRef: { name: secret, key } } });
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: loggingMetadata("kibana", settings),
    spec: {
      replicas: 1,
      serviceName: name,
      revisionHistoryLimit: 5,
      selector: { matchLabels: loggingLabels("kibana") },
      template: {
        metadata: { labels: loggingLabels("kibana"), annotations: configAnnotation(JSON.stringify(configuration(settings))) },
        spec: {
          ...elasticPod,
          ...pulling(settings),
          containers: [
            {
              name,
              image: imageReference(settings, image),
              ports: [{ name: "http", containerPort: loggingPorts.kibana }],
              env: [
                from("ELASTICSEARCH_PASSWORD", loggingNames.elasticsearch, passwordKey("kibana")),
                ...["XPACK_SECURITY_ENCRYPTIONKEY", "XPACK_ENCRYPTEDSAVEDOBJECTS_ENCRYPTIONKEY", "XPACK_REPORTING_ENCRYPTIONKEY"].map((variable) =>
                  from(variable, name, encryptionKey),
                ),
              ],
              volumeMounts: [
                { name: "configuration", mountPath: kibanaPaths.configuration, subPath: file, readOnly: true },
                { name: "data", mountPath: kibanaPaths.data },
                { name: "temporary", mountPath: kibanaPaths.temporary },
              ],
              resources,
              // Its first start makes its indices.
              startupProbe: { ...probe, periodSeconds: 5, failureThreshold: 120 },
              livenessProbe: { ...probe, periodSeconds: 30, failureThreshold: 4 },
              readinessProbe: { ...probe, periodSeconds: 10, failureThreshold: 3 },
              ...elasticContainer,
            },
          ],
          volumes: [
            { name: "configuration", configMap: { name } },
            { name: "data", emptyDir: { sizeLimit: "256Mi" } },
            { name: "temporary", emptyDir: { sizeLimit: "256Mi" } },
          ],
        },
      },
    },
  } satisfies StatefulSet;
}
