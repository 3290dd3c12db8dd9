import type { ConfigMap } from "kubernetes-types/core/v1.js";
import { metricsApiNames, monitoringNames, monitoringPorts } from "../../monitoring/names.ts";
import { adapterConfiguration } from "../../monitoring/prometheus-adapter/configuration.ts";
import { yaml } from "../../monitoring/yaml.ts";
import type { Settings } from "../settings.ts";
import { configAnnotation } from "./configVolume.ts";
import { type MetricsApi, metricsApiMetadata } from "./metricsApi.ts";

const name = metricsApiNames.prometheusAdapter;
const configurationPath = "/etc/adapter";
const configurationFile = "config.yaml";
/** How often it looks which metrics there are; a first one is seen that much later. */
const relistSeconds = 15;

function files(settings: Settings): Record<string, string> {
  return { [configurationFile]: yaml(adapterConfiguration(settings)) };
}

export function prometheusAdapterConfigMap(settings: Settings): ConfigMap {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: metricsApiMetadata("prometheusAdapter", settings), data: files(settings) };
}

/** Answers the autoscaler with what the stack's Prometheus knows. */
export function prometheusAdapter(settings: Settings): MetricsApi {
  return {
    part: "prometheusAdapter",
    group: "external.metrics.k8s.io",
    port: 6443,
    args: [
      `--config=${configurationPath}/${configurationFile}`,
      `--prometheus-url=http://${monitoringNames.prometheus}.${settings.namespace}.svc:${monitoringPorts.prometheus}/`,
      `--metrics-relist-interval=${relistSeconds}s`,
      // Long enough for two scrapes: between them, too, the metric is there.
      `--metrics-max-age=${relistSeconds + 2 * settings.prometheus.scrapeIntervalSeconds}s`,
    ],
    annotations: configAnnotation(JSON.stringify(files(settings))),
    files: [{ name: "config", path: configurationPath, configMap: { name } }],
  };
}
