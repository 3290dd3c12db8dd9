import type { Monitored } from "../../monitoring/monitored.ts";
import type { Settings } from "../settings.ts";

/** What rules, dashboards and their programs must know of the stack. */
export function monitored(settings: Settings): Monitored {
  const { namespace, prometheus, alerting, grafana, autoscaling, workers } = settings;
  return {
    namespace,
    scrapeIntervalSeconds: prometheus.scrapeIntervalSeconds,
    objectivePercent: alerting.objectivePercent,
    oldestRequestSeconds: alerting.oldestRequestSeconds ?? settings.longestRequestSeconds / 2,
    queueLength: autoscaling.queueLength,
    scaled: autoscaling.enabled ? workers.map(({ service }) => ({ service, maxReplicas: autoscaling.maxReplicas })) : [],
    keyDays: alerting.keyDays,
    runbooks: alerting.runbooks,
    alertmanager: alerting.enabled,
    grafana: grafana.enabled,
  };
}
