/** Names of the monitoring's Kubernetes objects, which are also its jobs in Prometheus. */
export const monitoringNames = {
  prometheus: "prometheus",
  alertmanager: "alertmanager",
  grafana: "grafana",
} as const;

/** What autoscaling asks for metrics; Prometheus has no job for them. */
export const metricsApiNames = { metricsServer: "metrics-server", prometheusAdapter: "prometheus-adapter" } as const;

export const monitoringPorts = { prometheus: 9090, alertmanager: 9093, grafana: 3000 } as const;

/** Names of the objects that collect the logs, keep them and show them. */
export const loggingNames = {
  elasticsearch: "elasticsearch",
  filebeat: "filebeat",
  kibana: "kibana",
  /** The Job that tells Elasticsearch and Kibana what they cannot be told by a file. */
  setup: "zeromq-logs-setup",
} as const;

export const loggingPorts = { elasticsearch: 9200, filebeat: 5066, kibana: 5601 } as const;

/** What the daily indices of log lines are called, with or without the day behind it; and what was no log line that Elasticsearch takes. */
export const logIndex = { name: "zeromq", pattern: "zeromq-*", daily: "zeromq-%{+yyyy.MM.dd}", rejected: "zeromq-rejected" } as const;
