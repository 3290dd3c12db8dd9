import type { Monitored } from "../monitored.ts";
import { monitoringNames, monitoringPorts } from "../names.ts";
import { labels } from "../../services/contract/names.ts";

/** Where things lie in Prometheus' container. */
export const prometheusPaths = {
  configuration: "/etc/prometheus",
  data: "/prometheus",
} as const;

export const ruleFileNames = { rules: "rules.yml", certificates: "rules-certificates.yml" } as const;

/** What it may take to end: it waits for the targets that it is asking, and writes down what it has in memory. */
export const prometheusGraceSeconds = 120;

/** What Prometheus itself puts on every series that it scrapes. */
export const targetLabels = ["job", "instance", "namespace", "pod", "node"] as const;

/** A broker with the most services that have series of their own stays below it by far. */
const mostSamples = 50_000;
const longestLabelValue = 512;

/** prometheus.yml, as an object. */
export function prometheusConfiguration(monitored: Monitored) {
  const { scrapeIntervalSeconds, alertmanager, grafana } = monitored;
  return {
    global: {
      scrape_interval: `${scrapeIntervalSeconds}s`,
      scrape_timeout: `${Math.min(scrapeIntervalSeconds, 10)}s`,
      evaluation_interval: `${scrapeIntervalSeconds}s`,
      external_labels: { stack: monitored.namespace },
    },
    rule_files: [`${prometheusPaths.configuration}/rules*.yml`],
    ...(alertmanager && { alerting: { alertmanagers: [{ static_configs: [{ targets: [address("alertmanager")] }] }] } }),
    scrape_configs: [
      pods(monitored),
      itself("prometheus", `localhost:${monitoringPorts.prometheus}`),
      ...(alertmanager ? [itself("alertmanager")] : []),
      ...(grafana ? [itself("grafana")] : []),
    ],
  };
}

function address(name: keyof typeof monitoringNames): string {
  return `${monitoringNames[name]}:${monitoringPorts[name]}`;
}

function itself(name: keyof typeof monitoringNames, target = address(name)) {
  return { job_name: monitoringNames[name], static_configs: [{ targets: [target] }] };
}

/** The stack's pods that ask for it by the annotations `prometheus.io/scrape`, `/port` and `/path`; the job is their label `app`. */
function pods({ namespace }: Monitored) {
  const annotation = (name: string): string => `__meta_kubernetes_pod_annotation_prometheus_io_${name}`;
  const ip = "__meta_kubernetes_pod_ip";
  return {
    job_name: "pods",
    kubernetes_sd_configs: [{ role: "pod", namespaces: { names: [namespace] } }],
    sample_limit: mostSamples,
    label_value_length_limit: longestLabelValue,
    relabel_configs: [
      { source_labels: [annotation("scrape")], action: "keep", regex: "true" },
      { source_labels: ["__meta_kubernetes_pod_phase"], action: "drop", regex: "Succeeded|Failed" },
      { source_labels: [annotation("path")], regex: "(.+)", target_label: "__metrics_path__" },
      // A pod is found once for each of its ports; with the same address they are one target.
      { source_labels: [ip, annotation("port")], regex: "([\\d.]+);(\\d+)", replacement: "$1:$2", target_label: "__address__" },
      { source_labels: [ip, annotation("port")], regex: "(.*:.*);(\\d+)", replacement: "[$1]:$2", target_label: "__address__" },
      { source_labels: [`__meta_kubernetes_pod_label_${labels.app}`], target_label: "job" },
      { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
      { source_labels: ["__meta_kubernetes_pod_name"], target_label: "pod" },
      { source_labels: ["__meta_kubernetes_pod_node_name"], target_label: "node" },
    ],
  };
}
