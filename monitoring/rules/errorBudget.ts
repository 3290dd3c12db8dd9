import { metrics, serviceMetrics } from "../../services/contract/metrics.ts";
import type { Outcome } from "../../services/contract/metrics.ts";
import type { Monitored } from "../monitored.ts";
import type { Alert, RecordingRule } from "./rule.ts";
import { requestBounds } from "./recording.ts";

/** Outcomes that are the stack's failures, and those that say nothing of it: the client's own doing, or that it should go elsewhere. */
const failures: readonly Outcome[] = ["busy", "expired", "no_such_service", "failed", "interrupted", "worker_lost"];
const neutral: readonly Outcome[] = ["cancelled", "client_gone", "invalid", "forbidden", "too_large", "draining"];

const windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"] as const;
type Window = (typeof windows)[number];

/** The part of requests that failed within a time. */
export const errorRatio = (window: Window): string => `cluster:zeromq_request_errors:ratio_rate${window}`;

/** Requests that were refused were never accepted, but failed all the same. */
function ratio(window: Window): string {
  const ended = (outcomes: string): string => `sum(rate(${serviceMetrics.requestsEnded.name}{outcome${outcomes}}[${window}]))`;
  const rejected = `sum(rate(${metrics.requestsRejected.name}{bound=~"${requestBounds.join("|")}"}[${window}]))`;
  const failed = `(${ended(`=~"${failures.join("|")}"`)} + ${rejected})`;
  const all = `(${ended(`!~"${neutral.join("|")}"`)} + ${rejected})`;
  // Without a request nothing failed; a division by nothing would leave a gap that looks like one.
  return `${failed} / (${all} > 0) or 0 * ${all}`;
}

export const errorRatios: readonly RecordingRule[] = windows.map((window) => ({ record: errorRatio(window), expr: ratio(window) }));

/**
 * Google's SRE workbook, "Alerting on SLOs": how many times faster than allowed the budget of 30 days is used, over a long window,
 * and over a short one so that the alert ends soon after the trouble.
 */
export function burnAlerts({ objectivePercent }: Monitored): Alert[] {
  const budget = Number((1 - objectivePercent / 100).toPrecision(6));
  const burns = (factor: number, long: Window, short: Window): string => {
    const limit = Number((factor * budget).toPrecision(6));
    return `(${errorRatio(long)} > ${limit} and ${errorRatio(short)} > ${limit})`;
  };
  return [
    {
      alert: "ZeromqErrorBudgetBurnsFast",
      severity: "critical",
      expr: `${burns(14.4, "1h", "5m")} or ${burns(6, "6h", "30m")}`,
      for: "2m",
      summary: "{{ $value | humanizePercentage }} of requests fail",
      description: `At this pace the error budget of 30 days (${objectivePercent} % must end well) is gone within five days or less.`,
    },
    {
      alert: "ZeromqErrorBudgetBurnsSlowly",
      severity: "warning",
      expr: `${burns(3, "1d", "2h")} or ${burns(1, "3d", "6h")}`,
      for: "15m",
      summary: "{{ $value | humanizePercentage }} of requests fail, for many hours",
      description: `At this pace the error budget of 30 days (${objectivePercent} % must end well) does not last.`,
    },
  ];
}
