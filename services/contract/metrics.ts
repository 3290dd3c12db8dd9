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

/** Values of the label `reason` of `messagesDropped`: every message that ends without reaching its goal has one. */
export const dropReasons = [
  /** A message that is not Majordomo's. */
  "malformed",
  /** A valid command where it may not come, for instance a second READY. */
  "unexpected_command",
  /** A request beyond MAX_QUEUED_REQUESTS. */
  "queue_full",
  /** A request whose workers died MAX_DELIVERIES times. */
  "max_deliveries",
  /** A request whose handler failed: plain Majordomo has no word for an error. */
  "worker_failed",
  /** A request whose worker died after a partial reply had been passed on. */
  "interrupted",
  /** A reply to a request that the worker no longer holds. */
  "stale_reply",
  /** A partial reply for an MDP/0.1 client, which knows none. */
  "partial_unsupported",
  /** A reply whose client is gone. */
  "client_gone",
  /** A reply whose client does not read. */
  "client_slow",
  /** A request still unfinished when the grace period ended. */
  "grace_ended",
] as const;
export type DropReason = (typeof dropReasons)[number];

/** Values of the label `side`. */
export const sides = ["frontend", "backend"] as const;
export type Side = (typeof sides)[number];

/** Values of the label `state` of `queueLength`. */
export const queueStates = ["waiting", "held"] as const;

/** What a worker process exposes. */
export const workerMetrics = {
  requests: {
    name: "zeromq_worker_requests_total",
    type: "counter",
    help: "Requests that a worker ended, by outcome.",
    labels: ["outcome"],
  },
  handlerSeconds: {
    name: "zeromq_worker_handler_seconds",
    type: "histogram",
    help: "Seconds that a handler took for one request, all its attempts together.",
    labels: [],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  running: {
    name: "zeromq_worker_running",
    type: "gauge",
    help: "Requests that a worker has accepted and not ended.",
    labels: [],
  },
  brokers: {
    name: "zeromq_worker_brokers",
    type: "gauge",
    help: "Brokers that a worker is connected to.",
    labels: [],
  },
} as const satisfies Record<string, Metric>;

/** Values of the label `outcome`: replied; the handler threw; it took too long; the broker was lost meanwhile. */
export const workerOutcomes = ["replied", "failed", "timed_out", "broker_lost"] as const;
export type WorkerOutcome = (typeof workerOutcomes)[number];
