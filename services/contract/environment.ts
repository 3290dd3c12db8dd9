/**
 * The environment variables of every process, and the seed's defaults. `fileKey` is the variable's name in the mounted
 * `broker.conf` or `worker.conf`. Precedence: `*_ADDRESS`, `*_PORT`, the mounted file, the default.
 */
export interface Variable {
  readonly name: string;
  readonly fileKey?: string;
  readonly default?: string;
  /** What the processes take: a number from the first to the second, one of some words, a text of so many characters. */
  readonly range?: readonly [number, number];
  readonly words?: readonly string[];
  readonly longest?: number;
}

function variable<const Name extends string, const Rest extends Omit<Variable, "name"> = object>(
  name: Name,
  rest = {} as Rest,
): Omit<Variable, "name" | keyof Rest> & { readonly name: Name } & Rest {
  return { name, ...rest };
}

export const environment = {
  /** ZeroMQ endpoints to bind, for instance `tcp://*:5555`. */
  frontendAddress: variable("FRONTEND_ADDRESS"),
  backendAddress: variable("BACKEND_ADDRESS"),
  /** TCP ports, used where the address is not given. */
  frontendPort: variable("FRONTEND_PORT", { fileKey: "frontend_port", default: "5555" }),
  backendPort: variable("BACKEND_PORT", { fileKey: "backend_port", default: "5556" }),
  /** Where a worker finds the brokers' backends: `tcp://name:port`; every address of the name is connected to. */
  brokerAddress: variable("BROKER_ADDRESS", { fileKey: "broker_address", default: "tcp://localhost:5556" }),
  /** Where a client finds a broker's frontend. */
  frontendEndpoint: variable("BROKER_FRONTEND", { default: "tcp://localhost:5555" }),
  /** Milliseconds that a socket waits for what a new peer owes it (its handshake), and that a closing one goes on sending. */
  receiveTimeoutMs: variable("RCVTIMEO", { default: "5000", range: [1, 600_000] }),
  sendTimeoutMs: variable("SNDTIMEO", { default: "5000", range: [1, 600_000] }),
  /** Seconds between heartbeats, and how many may be missed before a peer is held for dead. */
  heartbeatIntervalSeconds: variable("HEARTBEAT_INTERVAL", { fileKey: "heartbeat_interval", default: "2.5" }),
  heartbeatLiveness: variable("HEARTBEAT_LIVENESS", { fileKey: "heartbeat_liveness", default: "3" }),
  /** The seed's names. */
  logLevel: variable("LOG_LEVEL", {
    fileKey: "log_level",
    default: "INFO",
    words: ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
  }),
  metricsPort: variable("METRICS_PORT", { default: "9090" }),
  /** Seconds that a process may take from SIGTERM to its end; the pod's grace period is longer. */
  shutdownGraceSeconds: variable("SHUTDOWN_GRACE", { default: "20", range: [0, 86_400] }),
  /** A broker's colour, a label on its metrics and logs: blue or green. */
  color: variable("COLOR", { default: "blue" }),
  /** How many requests a broker holds, waiting or with a worker; further ones are refused and counted. */
  maxQueuedRequests: variable("MAX_QUEUED_REQUESTS", { default: "100000", range: [1, 10_000_000] }),
  /** Bytes of a message's largest frame; a peer that sends more is disconnected. */
  maxMessageBytes: variable("MAX_MESSAGE_SIZE", { default: "16777216", range: [1, 1_073_741_824] }),
  /** How often a request is given to a worker before it is dropped and counted. */
  maxDeliveries: variable("MAX_DELIVERIES", { default: "3" }),
  /** Who a worker is in logs; the host's name where it is not given. */
  workerId: variable("WORKER_ID", { longest: 1024 }),
  /** The service that a worker serves. */
  service: variable("SERVICE", { default: "echo" }),
  /** The handler's module: the name of a shipped one (echo, gzip) or a path. The service's name where it is not given. */
  handler: variable("HANDLER"),
  /** How many handlers run at once in one worker process, over all its brokers. */
  workerConcurrency: variable("WORKER_CONCURRENCY", { default: "1", range: [1, 10_000] }),
  /** Seconds that a handler may take for one request. */
  workerTimeoutSeconds: variable("WORKER_TIMEOUT", { fileKey: "worker_timeout", default: "5.0" }),
  /** How often a request is tried when its handler throws an error with `retryable: true`. */
  retryAttempts: variable("RETRY_ATTEMPTS", { fileKey: "retry_attempts", default: "3" }),
  /** The mounted file with `key = value` lines; absent is allowed unless this variable is set. */
  configFile: variable("CONFIG_FILE"),
} as const satisfies Record<string, Variable>;
