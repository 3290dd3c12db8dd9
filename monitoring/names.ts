/** Names of the monitoring's Kubernetes objects, which are also its jobs in Prometheus. */
export const monitoringNames = {
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  grafana: "grafana",
} as const;

/** What autoscaling asks for metrics; Prometheus has no job for them. */
export const metricsApiNames = { metricsServer: "metrics-server", prometheusAdapter: "prometheus-adapter" } as const;

export const monitoringPorts = { prometheus: 9090, alertmanager: 9093, grafana: 3000 } as const;
