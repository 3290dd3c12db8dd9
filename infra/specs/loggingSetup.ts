import { readFileSync } from "node:fs";
import type { Job } from "kubernetes-types/batch/v1.js";
import type { ConfigMap } from "kubernetes-types/core/v1.js";
import { elasticsearchUsers } from "../../monitoring/elasticsearch/configuration.ts";
import { lifecyclePolicy } from "../../monitoring/filebeat/template.ts";
import { dataView } from "../../monitoring/kibana/configuration.ts";
import { loggingNames, loggingPorts, logIndex } from "../../monitoring/names.ts";
import { image } from "../../services/contract/image.ts";
import type { Settings } from "../settings.ts";
import { passwordKey } from "./elasticsearch.ts";
import { hardenedContainer, hardenedPod } from "./hardening.ts";
import { processor } from "./processor.ts";
import { pulling } from "./pullSecret.ts";
import { elasticsearchAddress, loggingLabels, loggingMetadata } from "./loggingPod.ts";

const name = loggingNames.setup;
const script = "setup.ts";
const folder = "/setup";
const deadlineSeconds = 300;

/** Whether there is anything to say: the bare distribution knows neither lifecycles nor Kibana. */
export function needsSetup({ logging }: Settings): boolean {
  return logging.elasticsearch.distribution === "default";
}

export function loggingSetupConfigMap(settings: Settings): ConfigMap {
  const text = readFileSync(new URL(`../../monitoring/elasticsearch/${script}`, import.meta.url), "utf8");
  return { apiVersion: "v1", kind: "ConfigMap", metadata: loggingMetadata("setup", settings), data: { [script]: text } };
}

function calls(settings: Settings) {
  const { retentionDays, kibana } = settings.logging;
  const kibanaAddress = `http://${loggingNames.kibana}.${settings.namespace}:${loggingPorts.kibana}`;
  return [
    { method: "PUT", url: `${elasticsearchAddress(settings)}/_ilm/policy/${logIndex.name}`, body: lifecyclePolicy(retentionDays) },
    ...(kibana.enabled
      ? [{ method: "POST", url: `${kibanaAddress}/api/saved_objects/index-pattern/${dataView.id}?overwrite=true`, body: { attributes: dataView.attributes } }]
      : []),
  ];
}

/** Says it, in our own image, whose Node can. It has no name of its own: one that a killed update left is never taken for a new one. */
export function loggingSetupJob(settings: Settings, imageReference: string) {
  const { annotations, name: _, ...metadata } = loggingMetadata("setup", settings);
  return {
    timeoutSeconds: deadlineSeconds + 30,
    spec: {
      apiVersion: "batch/v1",
      kind: "Job",
      // One that failed is run anew by the next update.
      metadata: { ...metadata, annotations: { ...annotations, "pulumi.com/replaceUnready": "true" } },
      spec: {
        backoffLimit: 3,
        activeDeadlineSeconds: deadlineSeconds,
        template: {
          metadata: { labels: loggingLabels("setup") },
          spec: {
            ...hardenedPod,
            ...pulling(settings),
            ...processor(settings),
            restartPolicy: "Never",
            containers: [
              {
                name: "setup",
                image: imageReference,
                command: [image.node, `${folder}/${script}`, ...calls(settings).map((call) => JSON.stringify(call))],
                env: [
                  { name: "SETUP_USER", value: elasticsearchUsers.admin.name },
                  { name: "SETUP_PASSWORD", valueFrom: { secretKeyRef: { name: loggingNames.elasticsearch, key: passwordKey("admin") } } },
                ],
                resources: { requests: { cpu: "50m", memory: "64Mi" }, limits: { cpu: "500m", memory: "256Mi" } },
                volumeMounts: [{ name: "script", mountPath: folder, readOnly: true }],
                securityContext: hardenedContainer,
                terminationMessagePolicy: "FallbackToLogsOnError",
              },
            ],
            volumes: [{ name: "script", configMap: { name } }],
          },
        },
      },
    } satisfies Job,
  };
}
