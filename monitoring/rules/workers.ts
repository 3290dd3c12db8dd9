import { workerMetrics } from "../../services/contract/metrics.ts";
import { recorded } from "./recording.ts";
import type { Alert } from "./rule.ts";
import type { Monitored } from "../monitored.ts";

/** Worker processes: whether they have brokers, and whether there may be more of them. */
export function workerAlerts({ scaled }: Monitored): Alert[] {
  const withoutBroker: Alert = {
    alert: "ZeromqWorkerWithoutBroker",
    severity: "warning",
    expr: `${workerMetrics.brokers.name} == 0`,
    for: "2m",
    summary: "The worker {{ $labels.pod }} of {{ $labels.service }} has no broker",
    description: "It runs and gets nothing to do.",
  };
  const atMaximum: Alert = {
    alert: "ZeromqWorkersAtMaximum",
    severity: "warning",
    expr: `${recorded.processes} >= on (service) ${recorded.maximum}`,
    for: "15m",
    summary: "{{ $labels.service }} has {{ $value }} workers, as many as it may have",
    description: "If its load grows further, its queue does.",
  };
  return scaled.length > 0 ? [withoutBroker, atMaximum] : [withoutBroker];
}
