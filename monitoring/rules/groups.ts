import type { Monitored } from "../monitored.ts";
import { brokerAlerts } from "./brokers.ts";
import { certificateAlerts } from "./certificates.ts";
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
    ...certificateGroups(monitored),
  ];
}

function certificateGroups(monitored: Monitored): Group[] {
  const rules = certificateAlerts(monitored);
  return rules.length === 0 ? [] : [{ name: "certificates", rules }];
}

export function alerts(monitored: Monitored): Alert[] {
  return groups(monitored).flatMap(({ rules }) => rules.filter((rule) => "alert" in rule));
}

/** Prometheus' rule file, as an object. */
export function ruleFile(monitored: Monitored) {
  return fileOf(groups(monitored), monitored);
}

/** A file of its own for what only the update that makes the certificates knows, so that all else can be read in a preview. */
export function certificateRuleFile(monitored: Monitored) {
  return fileOf(certificateGroups(monitored), monitored);
}

function fileOf(all: readonly Group[], { runbooks }: Monitored) {
  return { groups: all.map(({ name, rules }) => ({ name, rules: rules.map((rule) => ("alert" in rule ? written(rule, runbooks) : rule)) })) };
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
