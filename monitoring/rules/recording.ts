import { bounds, metrics, serviceMetrics, workerMetrics } from "../../services/contract/metrics.ts";
import type { Monitored } from "../monitored.ts";
import type { RecordingRule } from "./rule.ts";

const { requestsEnded, redeliveries, queueLength, oldestRequest, unserved, workers, credit } = serviceMetrics;
const { messageLatency, messagesReceived, requestsRejected } = metrics;

/** The names of what is recorded, for alerts and dashboards. */
export const recorded = {
  received: "side_color:zeromq_messages_received:rate5m",
  ended: "service_outcome:zeromq_requests_ended:rate5m",
  rejected: "bound:zeromq_requests_rejected:rate5m",
  redelivered: "service:zeromq_redeliveries:rate5m",
  latency95: "color:zeromq_message_latency_seconds:p95rate5m",
  latency50: "color:zeromq_message_latency_seconds:p50rate5m",
  queued: "service_state:zeromq_queue_length:sum",
  oldest: "service:zeromq_oldest_request_age_seconds:max",
  unserved: "service:zeromq_unserved_requests:sum",
  registered: "service:zeromq_workers:max",
  credit: "service:zeromq_worker_credit:sum",
  processes: "service:zeromq_worker_processes:count",
  maximum: "service:zeromq_worker_processes:limit",
} as const;

const quantile = (part: number): string => `histogram_quantile(${part}, sum by (color, le) (rate(${messageLatency.name}_bucket[5m])))`;

/** What dashboards and alerts ask for again and again. */
export function recordingRules({ scaled }: Monitored): RecordingRule[] {
  return [
    { record: recorded.received, expr: `sum by (side, color) (rate(${messagesReceived.name}[5m]))` },
    { record: recorded.ended, expr: `sum by (service, outcome) (rate(${requestsEnded.name}[5m]))` },
    { record: recorded.rejected, expr: `sum by (bound) (rate(${requestsRejected.name}{bound=~"${requestBounds.join("|")}"}[5m]))` },
    { record: recorded.redelivered, expr: `sum by (service) (rate(${redeliveries.name}[5m]))` },
    { record: recorded.latency95, expr: quantile(0.95) },
    { record: recorded.latency50, expr: quantile(0.5) },
    { record: recorded.queued, expr: `sum by (service, state) (${queueLength.name})` },
    { record: recorded.oldest, expr: `max by (service) (${oldestRequest.name})` },
    { record: recorded.unserved, expr: `sum by (service) (${unserved.name})` },
    // Each worker is registered at each broker: the broker that sees most of them is nearest to the truth.
    { record: recorded.registered, expr: `max by (service) (${workers.name})` },
    { record: recorded.credit, expr: `sum by (service) (${credit.name})` },
    { record: recorded.processes, expr: `count by (service) (${workerMetrics.brokers.name})` },
    ...scaled.map(({ service, maxReplicas }) => ({ record: recorded.maximum, expr: `vector(${maxReplicas})`, labels: { service } })),
  ];
}

/** Bounds that refuse requests; the others refuse peers. */
export const requestBounds = bounds.filter((bound) => bound !== "MAX_WORKERS" && bound !== "MAX_CLIENTS");
