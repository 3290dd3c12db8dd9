import type { Monitored } from "../../monitoring/monitored.ts";
import type { Settings } from "../settings.ts";
import { workerBounds } from "../settings/workers.ts";

/** What rules, dashboards and their programs must know of the stack. */
export function monitored(settings: Settings): Monitored {
  const { namespace, prometheus, alerting, grafana, autoscaling, workers } = settings;
  return {
    namespace,
    scrapeIntervalSeconds: prometheus.scrapeIntervalSeconds,
    objectivePercent: alerting.objectivePercent,
    oldestRequestSeconds: alerting.oldestRequestSeconds ?? settings.longestRequestSeconds / 2,
    queueLength: autoscaling.queueLength,
    scaled: autoscaling.enabled ? workers.map((worker) => ({ service: worker.service, maxReplicas: workerBounds(settings, worker).maxReplicas })) : [],
    keyDays: alerting.keyDays,
    runbooks: alerting.runbooks,
    alertmanager: alerting.enabled,
    grafana: grafana.enabled,
  };
}
