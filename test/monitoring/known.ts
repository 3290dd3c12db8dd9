import {
  bounds,
  dropReasons,
  duplicateKinds,
  knownKinds,
  metrics,
  outcomes,
  queueStates,
  serviceMetrics,
  sides,
  workerMetrics,
  workerOutcomes,
} from "../../services/contract/metrics.ts";
import { colors, names } from "../../services/contract/names.ts";
import { roles } from "../../services/majordomo/extension/codes.ts";
import { createRegistry } from "../../services/process/metrics.ts";
import { monitoringNames } from "../../monitoring/names.ts";
import { targetLabels } from "../../monitoring/prometheus/configuration.ts";
import { groups } from "../../monitoring/rules/groups.ts";
import { monitored } from "./monitored.ts";

/** Each series that may be asked for, with the labels that it has. */
export const series = new Map<string, readonly string[]>([["up", targetLabels]]);

const own = (of: typeof metrics | typeof serviceMetrics | typeof workerMetrics, always: string) => {
  for (const { name, type, labels } of Object.values(of)) {
    const all = [...labels, always, ...targetLabels];
    if (type !== "histogram") series.set(name, all);
    else for (const part of ["bucket", "sum", "count"]) series.set(`${name}_${part}`, part === "bucket" ? [...all, "le"] : all);
  }
};
own(metrics, "color");
own(serviceMetrics, "color");
own(workerMetrics, "service");

for (const { name } of createRegistry().getMetricsAsArray()) {
  series.set(name, ["color", "service", ...targetLabels]);
  series.set(`${name}_sum`, ["color", "service", ...targetLabels]);
}

/** What Prometheus and Alertmanager say of themselves, as far as it is asked for. */
const theirs: Record<string, readonly string[]> = {
  prometheus_config_last_reload_successful: [],
  prometheus_rule_evaluation_failures_total: ["rule_group"],
  prometheus_target_scrapes_exceeded_sample_limit_total: [],
  prometheus_tsdb_compactions_failed_total: [],
  prometheus_tsdb_wal_writes_failed_total: [],
  prometheus_notifications_alertmanagers_discovered: [],
  prometheus_notifications_errors_total: ["alertmanager"],
  prometheus_notifications_dropped_total: [],
  alertmanager_notifications_failed_total: ["integration"],
};
for (const [name, labels] of Object.entries(theirs)) series.set(name, [...labels, ...targetLabels]);

// A recorded series' labels are its name's first part.
for (const { rules } of groups(monitored)) {
  for (const rule of rules)
    if ("record" in rule)
      series.set(
        rule.record,
        rule.record
          .split(":")[0]!
          .split("_")
          .filter((level) => level !== "cluster"),
      );
}

/** The values that a label may have, where that is known. */
export const labelValues: Readonly<Record<string, readonly string[]>> = {
  outcome: [...outcomes, ...workerOutcomes],
  bound: bounds,
  reason: dropReasons,
  kind: [...duplicateKinds, ...knownKinds],
  side: sides,
  state: queueStates,
  role: roles,
  color: colors,
  job: [names.brokerApp, names.workerApp, ...Object.values(monitoringNames)],
};
