import { metrics, serviceMetrics } from "../../services/contract/metrics.ts";
import { names } from "../../services/contract/names.ts";
import type { Monitored } from "../monitored.ts";
import type { Alert } from "./rule.ts";

const up = `up{job="${names.brokerApp}"}`;
const created = metrics.curveKeysCreated.name;
const secondsADay = 86_400;
/** Beyond the time that leaving takes, which is seen by Prometheus later than it is so. */
const marginMinutes = 3;
/** Whoever is left after that does not move. */
const switchLasts = (leavingSeconds: number): string => `${Math.max(15, Math.ceil(leavingSeconds / 60) + marginMinutes)}m`;

/** The brokers themselves: whether they are there, and who connects to them. */
export function brokerAlerts({ leavingSeconds, keyDays }: Monitored): Alert[] {
  return [
    {
      alert: "ZeromqBrokerDown",
      severity: "warning",
      expr: `${up} == 0`,
      for: "2m",
      summary: "The broker {{ $labels.pod }} does not answer",
      description: "Its metrics cannot be read. What it holds is lost if it is dead; its clients and workers go to other brokers.",
    },
    {
      alert: "ZeromqNoBroker",
      severity: "critical",
      expr: `absent(${up} == 1)`,
      for: "1m",
      summary: "No broker answers",
      description: "No request can be made.",
    },
    {
      alert: "ZeromqMetricAbsent",
      severity: "critical",
      expr: `absent(${serviceMetrics.queueLength.name})`,
      for: "5m",
      summary: `${serviceMetrics.queueLength.name} is not there`,
      description: "Brokers show it always, 0 if need be. Without it the number of workers does not follow the load, and other alerts are blind.",
    },
    {
      alert: "ZeromqEventLoopSlow",
      severity: "warning",
      expr: `nodejs_eventloop_lag_p99_seconds{job="${names.brokerApp}"} > 0.25`,
      for: "10m",
      summary: "The broker {{ $labels.pod }} is late by {{ $value | humanizeDuration }}",
      description: "It has more to do than its processor time allows. Every message waits that long, and heartbeats are late.",
    },
    {
      alert: "ZeromqHandshakeFailures",
      severity: "warning",
      expr: `sum by (side) (rate(${metrics.handshakeFailures.name}[5m])) > 0.2`,
      for: "5m",
      summary: "{{ $value | humanize }} connections a second fail on the {{ $labels.side }}",
      description: "Peers with a wrong key, another protocol or no patience; or somebody who tries what he must not.",
    },
    {
      alert: "ZeromqStandbyHasClients",
      severity: "warning",
      expr: `sum by (color) (${metrics.activeConnections.name}{side="frontend"}) > 0 and on (color) max by (color) (${metrics.role.name}{role="standby"}) == 1`,
      for: switchLasts(leavingSeconds),
      summary: "{{ $value }} clients are still connected to the {{ $labels.color }} brokers",
      description: "The other colour is the active one. Clients that were told to move did not, or cannot be told.",
    },
    {
      alert: "ZeromqCurveKeysOld",
      severity: "warning",
      expr: `time() - (min(${created} > 0)) > ${keyDays * secondsADay}`,
      for: "1h",
      summary: "The CURVE keys are {{ $value | humanizeDuration }} old",
      description: `They should be replaced after ${keyDays} days.`,
    },
  ];
}
