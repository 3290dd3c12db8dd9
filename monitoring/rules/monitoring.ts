import { monitoringNames } from "../names.ts";
import type { Alert } from "./rule.ts";
import type { Monitored } from "../monitored.ts";

/** Prometheus itself and what hangs on it. That it is dead only the dead-man's switch tells: no Watchdog comes any more. */
export function monitoringAlerts({ alertmanager }: Monitored): Alert[] {
  const { alertmanager: manager, grafana } = monitoringNames;
  const ofPrometheus: Alert[] = [
    {
      alert: "MonitoringDown",
      severity: "warning",
      expr: `up{job=~"${manager}|${grafana}"} == 0`,
      for: "5m",
      summary: "{{ $labels.job }} does not answer",
      description: "Alerts are not sent, or dashboards not shown.",
    },
    {
      alert: "PrometheusConfigurationStale",
      severity: "warning",
      expr: "prometheus_config_last_reload_successful == 0",
      for: "5m",
      summary: "Prometheus runs with an old configuration",
      description: "It could not load its present one: rules or targets may be missing.",
    },
    {
      alert: "PrometheusRulesFail",
      severity: "warning",
      expr: "increase(prometheus_rule_evaluation_failures_total[10m]) > 0",
      for: "5m",
      summary: "Rules of {{ $labels.rule_group }} cannot be evaluated",
      description: "Alerts of that group may be missing.",
    },
    {
      alert: "PrometheusScrapesRefused",
      severity: "warning",
      expr: "increase(prometheus_target_scrapes_exceeded_sample_limit_total[10m]) > 0",
      for: "5m",
      summary: "Prometheus refuses the metrics of a pod: there are too many",
      description: "Nothing is known of that pod until it shows fewer series.",
    },
    {
      alert: "PrometheusStorageFails",
      severity: "critical",
      expr: "increase(prometheus_tsdb_compactions_failed_total[1h]) > 0 or increase(prometheus_tsdb_wal_writes_failed_total[1h]) > 0",
      for: "5m",
      summary: "Prometheus cannot write to its volume",
      description: "It is full or broken; samples are lost, and with them alerts.",
    },
  ];
  if (!alertmanager) return ofPrometheus;
  return [
    ...ofPrometheus,
    {
      alert: "PrometheusAlertsNotSent",
      severity: "critical",
      expr: "prometheus_notifications_alertmanagers_discovered < 1 or rate(prometheus_notifications_errors_total[5m]) > 0 or rate(prometheus_notifications_dropped_total[5m]) > 0",
      for: "5m",
      summary: "Prometheus cannot hand its alerts to Alertmanager",
      description: "Nobody is told of anything but by who looks at Prometheus.",
    },
    {
      alert: "AlertmanagerNotificationsFail",
      severity: "critical",
      expr: "rate(alertmanager_notifications_failed_total[5m]) > 0",
      for: "5m",
      summary: "Alertmanager cannot send by {{ $labels.integration }}",
      description: "The receiver refuses or does not answer; who waits for alerts there gets none.",
    },
    {
      alert: "Watchdog",
      severity: "none",
      expr: "vector(1)",
      summary: "Alerting works",
      description: "Always fires. The dead-man's switch gets it, and calls somebody when it comes no more.",
    },
  ];
}
