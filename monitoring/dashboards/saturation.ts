import { metrics, serviceMetrics } from "../../services/contract/metrics.ts";
import { names } from "../../services/contract/names.ts";
import { type Row, window } from "./panel.ts";

const brokers = `job="${names.brokerApp}"`;

export const saturation: Row = {
  title: "Saturation",
  panels: [
    {
      title: "Event loop lag, P99",
      description: "How late a broker's event loop is. Every message waits that long.",
      unit: "s",
      queries: { "{{pod}}": `nodejs_eventloop_lag_p99_seconds{${brokers}}` },
    },
    {
      title: "Processor time",
      description: "Cores that a broker uses. At its limit it is throttled, and the event loop becomes late.",
      unit: "short",
      queries: { "{{pod}}": `rate(process_cpu_seconds_total{${brokers}}[${window}])` },
    },
    {
      title: "Memory",
      description: "What a broker's process has in memory.",
      unit: "bytes",
      queries: { "{{pod}}": `process_resident_memory_bytes{${brokers}}` },
    },
    {
      title: "Queues",
      description: "Bytes of the requests that a broker holds; at its bound it refuses more.",
      unit: "bytes",
      queries: { "{{pod}}": `sum by (pod) (${serviceMetrics.queueBytes.name})` },
    },
    {
      title: "Refused",
      description: "Requests and peers a second that were refused, by the bound that is reached.",
      unit: "cps",
      queries: { "{{bound}}": `sum by (bound) (rate(${metrics.requestsRejected.name}[${window}])) > 0` },
    },
    {
      title: "Failed handshakes and dropped messages",
      description: "Connections that failed, by side, and messages that went no further, by reason, a second.",
      unit: "cps",
      queries: {
        "handshake, {{side}}": `sum by (side) (rate(${metrics.handshakeFailures.name}[${window}])) > 0`,
        "{{reason}}": `sum by (reason) (rate(${metrics.messagesDropped.name}[${window}])) > 0`,
      },
    },
  ],
};
