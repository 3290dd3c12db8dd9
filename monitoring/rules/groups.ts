import type { Monitored } from "../monitored.ts";
import { brokerAlerts } from "./brokers.ts";
import { burnAlerts, errorRatios } from "./errorBudget.ts";
import { monitoringAlerts } from "./monitoring.ts";
import { recordingRules } from "./recording.ts";
import { requestAlerts } from "./requests.ts";
import type { Alert, Group } from "./rule.ts";
import { workerAlerts } from "./workers.ts";

/** All rules; within a group Prometheus evaluates them in order, the groups side by side. */
export function groups(monitored: Monitored): Group[] {
  return [
    { name: "zeromq-recording", rules: recordingRules(monitored) },
    { name: "zeromq-error-ratios", rules: errorRatios },
    { name: "zeromq-brokers", rules: brokerAlerts(monitored) },
    { name: "zeromq-requests", rules: requestAlerts(monitored) },
    { name: "zeromq-error-budget", rules: burnAlerts(monitored) },
    { name: "zeromq-workers", rules: workerAlerts(monitored) },
    { name: "monitoring", rules: monitoringAlerts(monitored) },
  ];
}

export function alerts(monitored: Monitored): Alert[] {
  return groups(monitored).flatMap(({ rules }) => rules.filter((rule) => "alert" in rule));
}

/** Prometheus' rule file, as an object. */
export function ruleFile(monitored: Monitored) {
  return {
    groups: groups(monitored).map(({ name, rules }) => ({
      name,
      rules: rules.map((rule) => ("alert" in rule ? written(rule, monitored.runbooks) : rule)),
    })),
  };
}

function written({ alert, severity, expr, for: lasting, summary, description }: Alert, runbooks: string) {
  return {
    alert,
    expr,
    ...(lasting !== undefined && { for: lasting }),
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbooks.replace(/\/$/, "")}/${alert}.md` },
  };
}
