import type { Monitored } from "../../monitoring/monitored.ts";
import type { Settings } from "../settings.ts";
import { workerBounds } from "../settings/workers.ts";
import { leavingSeconds } from "./switchJobs.ts";

/** What rules, dashboards and their programs must know of the stack. */
export function monitored(settings: Settings, certificates: Monitored["certificates"] = []): Monitored {
  const { namespace, prometheus, alerting, grafana, autoscaling } = settings;
  return {
    namespace,
    scrapeIntervalSeconds: prometheus.scrapeIntervalSeconds,
    objectivePercent: alerting.objectivePercent,
    oldestRequestSeconds: alerting.oldestRequestSeconds ?? settings.longestRequestSeconds / 2,
    leavingSeconds: leavingSeconds(settings),
    queueLength: autoscaling.queueLength,
    scaled: autoscaling.enabled ? scaledServices(settings) : [],
    certificates,
    keyDays: alerting.keyDays,
    runbooks: alerting.runbooks,
    alertmanager: alerting.enabled,
    grafana: grafana.enabled,
  };
}

/** A service that has as many workers at least as at most is at its maximum always, and that is no news. */
function scaledServices(settings: Settings): Monitored["scaled"] {
  return settings.workers
    .map((worker) => ({ service: worker.service, ...workerBounds(settings, worker) }))
    .filter(({ minReplicas, maxReplicas }) => minReplicas < maxReplicas)
    .map(({ service, maxReplicas }) => ({ service, maxReplicas }));
}
