/**
 * Every metric that our processes expose: name, type, help and labels, as Prometheus shows them. A broker's series have the label
 * `color` besides, a worker's the label `service`.
 */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

/** What a broker exposes once. */
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
  requestsRejected: {
    name: "zeromq_requests_rejected_total",
    type: "counter",
    help: "Requests and peers that were refused because a bound was reached, by bound.",
    labels: ["bound"],
  },
  duplicates: {
    name: "zeromq_duplicate_requests_total",
    type: "counter",
    help: "Retries that were recognised: still at work (attached), or answered from memory (replayed).",
    labels: ["kind"],
  },
  messagesDropped: {
    name: "zeromq_messages_dropped_total",
    type: "counter",
    help: "Messages that went no further, by reason.",
    labels: ["reason"],
  },
  handshakeFailures: {
    name: "zeromq_handshake_failures_total",
    type: "counter",
    help: "Connections that ended before they were one, by side of the broker: wrong protocol, wrong key, too slow, too many.",
    labels: ["side"],
  },
  known: {
    name: "zeromq_known",
    type: "gauge",
    help: "Services, workers, clients and remembered replies that the broker knows, by kind.",
    labels: ["kind"],
  },
  connectedClients: {
    name: "zeromq_connected_clients",
    type: "gauge",
    help: "Connected clients: ours, which can be told to move to another broker, and plain ones, which cannot.",
    labels: ["kind"],
  },
  role: {
    name: "zeromq_role",
    type: "gauge",
    help: "1 for the broker's role: active, standby or terminating.",
    labels: ["role"],
  },
  curveKeysCreated: {
    name: "zeromq_curve_keys_created_timestamp_seconds",
    type: "gauge",
    help: "When the oldest of the broker's own CURVE pairs was made, in seconds since 1970; 0 where it has none or was not told.",
    labels: [],
  },
} as const satisfies Record<string, Metric>;

/**
 * What a broker exposes for each service. Clients can invent names, so that only a service which a worker has served has a label
 * value of its own, `MAX_SERVICE_LABELS` of them at most; all others are one, `otherServices`. A value stays when its workers
 * are gone, until another service needs its place.
 */
export const serviceMetrics = {
  queueLength: {
    name: "zeromq_queue_length",
    type: "gauge",
    help: "Requests accepted and unfinished: waiting in a queue, or held by a worker.",
    labels: ["state", "service"],
  },
  queueBytes: {
    name: "zeromq_queue_bytes",
    type: "gauge",
    help: "Bytes of the requests accepted and unfinished, with what it costs to keep them.",
    labels: ["service"],
  },
  oldestRequest: {
    name: "zeromq_oldest_request_age_seconds",
    type: "gauge",
    help: "Age of the request that waits longest in a queue; 0 where none waits.",
    labels: ["service"],
  },
  unserved: {
    name: "zeromq_unserved_requests",
    type: "gauge",
    help: "Requests that wait for a service which has no worker at this broker.",
    labels: ["service"],
  },
  workers: {
    name: "zeromq_workers",
    type: "gauge",
    help: "Workers registered at this broker.",
    labels: ["service"],
  },
  credit: {
    name: "zeromq_worker_credit",
    type: "gauge",
    help: "Requests that the workers registered at this broker would take at once.",
    labels: ["service"],
  },
  requestsEnded: {
    name: "zeromq_requests_ended_total",
    type: "counter",
    help: "Accepted requests that ended, by outcome.",
    labels: ["outcome", "service"],
  },
  replySeconds: {
    name: "zeromq_reply_seconds_total",
    type: "counter",
    help: "Seconds that replied requests took in all, from a request's arrival at the broker to its reply's leaving.",
    labels: ["service"],
  },
  redeliveries: {
    name: "zeromq_redeliveries_total",
    type: "counter",
    help: "Requests that were given to a worker again because their worker was lost.",
    labels: ["service"],
  },
} as const satisfies Record<string, Metric>;

/** The value of the label `service` for services without one of their own, and the longest name that gets one. */
export const otherServices = "other";
export const longestServiceLabel = 128;

/** Values of the label `outcome` of `requestsEnded`: a reply, or the error's name; a plain client meets silence instead of an error. */
export const outcomes = [
  "replied",
  "busy",
  "expired",
  "no_such_service",
  "failed",
  "interrupted",
  "draining",
  "worker_lost",
  "too_large",
  "invalid",
  "forbidden",
  /** Its client cancelled it. */
  "cancelled",
  /** Its client was gone for good. */
  "client_gone",
] as const;
export type Outcome = (typeof outcomes)[number];

/** Values of the label `bound` of `requestsRejected`: the environment variable that sets it. */
export const bounds = [
  "MAX_QUEUED_REQUESTS",
  "MAX_QUEUED_BYTES",
  "MAX_REQUESTS_PER_SERVICE",
  "MAX_BYTES_PER_SERVICE",
  "MAX_REQUESTS_PER_CLIENT",
  "MAX_BYTES_PER_CLIENT",
  "MAX_SERVICES",
  "MAX_WORKERS",
  "MAX_CLIENTS",
] as const;
export type Bound = (typeof bounds)[number];

/** Values of the label `kind` of `duplicates`, of `connectedClients`, and of `known`. */
export const duplicateKinds = ["attached", "replayed"] as const;
export const clientKinds = ["ours", "plain"] as const;
export const knownKinds = ["services", "workers", "clients", "remembered"] as const;

/** Values of the label `reason` of `messagesDropped`: every message that ends without reaching its goal has one. */
export const dropReasons = [
  /** A message that is neither Majordomo's nor our extension's. */
  "malformed",
  /** A valid command where it may not come, for instance a second READY. */
  "unexpected_command",
  /** A reply to a request that the worker no longer holds, or that ended meanwhile. */
  "stale_reply",
  /** An error for a plain client, which has no word for it and meets silence. */
  "plain_error",
  /** A reply whose client is gone. */
  "client_gone",
  /** A reply whose client does not read. */
  "client_slow",
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

/** Values of the label `outcome` of a worker's `requests`. */
export const workerOutcomes = [
  "replied",
  /** The handler threw. */
  "failed",
  /** The handler took too long. */
  "timed_out",
  /** The request's time was over before a handler began it. */
  "expired",
  /** Its client no longer waited. */
  "cancelled",
  /** The reply was larger than allowed. */
  "too_large",
  /** The connection to its broker was lost. */
  "broker_lost",
] as const;
export type WorkerOutcome = (typeof workerOutcomes)[number];
