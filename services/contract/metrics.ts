/** Every metric that our processes expose: name, type, help and labels, as Prometheus shows them. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

export const metrics = {
  messagesSent: {
    name: "zeromq_messages_sent_total",
    type: "counter",
    help: "Messages handed to ZeroMQ, by side of the broker.",
    labels: ["side"],
  },
  messagesReceived: {
    name: "zeromq_messages_received_total",
    type: "counter",
    help: "Messages read from ZeroMQ, by side of the broker.",
    labels: ["side"],
  },
  activeConnections: {
    name: "zeromq_active_connections",
    type: "gauge",
    help: "Established connections, by side of the broker.",
    labels: ["side"],
  },
  messageLatency: {
    name: "zeromq_message_latency_seconds",
    type: "histogram",
    help: "Seconds from a request's arrival at the broker to its reply's leaving.",
    labels: [],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  queueLength: {
    name: "zeromq_queue_length",
    type: "gauge",
    help: "Requests accepted and unfinished: waiting in a queue, or held by a worker.",
    labels: ["state"],
  },
  messagesDropped: {
    name: "zeromq_messages_dropped_total",
    type: "counter",
    help: "Messages that went no further, by reason.",
    labels: ["reason"],
  },
} as const satisfies Record<string, Metric>;
