import type { Monitored } from "../monitored.ts";
import { recorded } from "./recording.ts";
import type { Alert } from "./rule.ts";

/** Requests that wait, are refused, or are run again. */
export function requestAlerts({ oldestRequestSeconds, queueLength }: Monitored): Alert[] {
  const waiting = `${recorded.queued}{state="waiting"}`;
  return [
    {
      alert: "ZeromqServiceWithoutWorkers",
      severity: "critical",
      expr: `${recorded.unserved} > 0`,
      for: "1m",
      summary: "{{ $value }} requests for {{ $labels.service }} wait and no worker serves it",
      description: "They end as no_such_service when their time is over. The service `other` stands for all that no worker has ever served.",
    },
    {
      alert: "ZeromqQueueGrowing",
      severity: "warning",
      expr: `${waiting} > ${queueLength} and deriv(${waiting}[10m]) > 0`,
      for: "10m",
      summary: "{{ $value }} requests for {{ $labels.service }} wait, and more come than go",
      description: "The workers of the service do not keep up. At the broker's bounds further requests are refused as busy.",
    },
    {
      alert: "ZeromqOldestRequestTooOld",
      severity: "warning",
      expr: `${recorded.oldest} > ${oldestRequestSeconds}`,
      for: "2m",
      summary: "A request for {{ $labels.service }} has waited for {{ $value | humanizeDuration }}",
      description: `Requests wait longer than ${oldestRequestSeconds} s for a worker; clients will give up.`,
    },
    {
      alert: "ZeromqRequestsRefused",
      severity: "warning",
      expr: `${recorded.rejected} > 0`,
      for: "5m",
      summary: "{{ $value | humanize }} requests a second are refused: {{ $labels.bound }} is reached",
      description: "Clients are told busy and try again later, plain ones are told nothing.",
    },
    {
      alert: "ZeromqRedeliveryStorm",
      severity: "warning",
      expr: `${recorded.redelivered} > 0.1 and ${recorded.redelivered} > 0.05 * (sum by (service) (${recorded.ended}))`,
      for: "5m",
      summary: "{{ $value | humanize }} requests a second for {{ $labels.service }} are run again",
      description: "Workers of the service die or lose their connection while they work; each such request runs once more.",
    },
  ];
}
