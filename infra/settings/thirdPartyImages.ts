/** Third-party images, without the registry that they come from where that is Docker Hub; on a machine that cannot pull them `local/` makes what it can. */
export const thirdPartyImages = {
  prometheus: "prom/prometheus:v3.13.4",
  alertmanager: "prom/alertmanager:v0.31.1",
  grafana: "grafana/grafana:12.1.1",
  metricsServer: "registry.k8s.io/metrics-server/metrics-server:v0.9.0",
  prometheusAdapter: "registry.k8s.io/prometheus-adapter/prometheus-adapter:v0.12.0",
  // One version for all three, since they are released as one.
  elasticsearch: "elastic/elasticsearch:7.17.28",
  filebeat: "elastic/filebeat:7.17.28",
  kibana: "elastic/kibana:7.17.28",
} as const;

export type ThirdParty = keyof typeof thirdPartyImages;
