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
  /** Its value is never printed. */
  readonly secret?: boolean;
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
  /** Whether the log of a worker shows the messages of errors, though they may quote requests: for a developer's own machine. */
  logErrorMessages: variable("LOG_ERROR_MESSAGES", { default: "false", words: ["true", "false"] }),
  metricsPort: variable("METRICS_PORT", { default: "9090" }),
  /** Seconds that a process may take from SIGTERM to its end; the pod's grace period is longer. */
  shutdownGraceSeconds: variable("SHUTDOWN_GRACE", { default: "20", range: [0, 86_400] }),
  /** A broker's colour, a label on its metrics and logs: blue or green. */
  color: variable("COLOR", { default: "blue" }),
  /**
   * Bounds of a broker: requests waiting or with a worker, and their bytes (body and what it costs to keep it), in all, for
   * one service and for one client. What is beyond is refused as `busy` and counted.
   */
  maxQueuedRequests: variable("MAX_QUEUED_REQUESTS", { default: "1000000", range: [1, 10_000_000] }),
  maxQueuedBytes: variable("MAX_QUEUED_BYTES", { default: "268435456", range: [1_024, 68_719_476_736] }),
  maxRequestsPerService: variable("MAX_REQUESTS_PER_SERVICE", { default: "1000000", range: [1, 10_000_000] }),
  maxBytesPerService: variable("MAX_BYTES_PER_SERVICE", { default: "201326592", range: [1_024, 68_719_476_736] }),
  maxRequestsPerClient: variable("MAX_REQUESTS_PER_CLIENT", { default: "250000", range: [1, 10_000_000] }),
  maxBytesPerClient: variable("MAX_BYTES_PER_CLIENT", { default: "134217728", range: [1_024, 68_719_476_736] }),
  /** Names of services, workers and clients that a broker knows at once. */
  maxServices: variable("MAX_SERVICES", { default: "1000", range: [1, 1_000_000] }),
  maxWorkers: variable("MAX_WORKERS", { default: "5000", range: [1, 1_000_000] }),
  maxClients: variable("MAX_CLIENTS", { default: "20000", range: [1, 1_000_000] }),
  /** Services that have series of their own among a broker's metrics; further ones are counted together. */
  maxServiceLabels: variable("MAX_SERVICE_LABELS", { default: "100", range: [0, 10_000] }),
  /** Bytes of a message's largest frame; a peer that sends more is disconnected. */
  maxMessageBytes: variable("MAX_MESSAGE_SIZE", { default: "16777216", range: [1, 1_073_741_824] }),
  /** Frames of a message; a peer that sends more is disconnected. */
  maxFrames: variable("MAX_FRAMES", { default: "64", range: [8, 65_536] }),
  /** Ended requests that are answered again from memory when our client asks again: their number, bytes and age. */
  dedupeMaxReplies: variable("DEDUPE_MAX_REPLIES", { default: "50000", range: [0, 10_000_000] }),
  dedupeMaxBytes: variable("DEDUPE_MAX_BYTES", { default: "33554432", range: [0, 68_719_476_736] }),
  dedupeSeconds: variable("DEDUPE_SECONDS", { default: "60", range: [0, 86_400] }),
  /** Seconds that our client may be away before its requests are dropped. */
  clientGraceSeconds: variable("CLIENT_GRACE", { default: "10", range: [0, 3_600] }),
  /** Seconds that a request may take at most, from its arrival to its reply, whatever its client asks for. */
  longestRequestSeconds: variable("LONGEST_REQUEST", { default: "60", range: [0.1, 86_400] }),
  /** Seconds after which a plain worker that has not answered is given up and its request goes to another. */
  plainWorkerTimeoutSeconds: variable("PLAIN_WORKER_TIMEOUT", { default: "60", range: [0.1, 86_400] }),
  /** Seconds after it became standby in which a broker leaves plain clients, who cannot be told to move, their connections. */
  plainClientDelaySeconds: variable("PLAIN_CLIENT_DELAY", { default: "30", range: [0, 86_400] }),
  /** How often a request may be begun by a worker before it is given up; 1 turns redelivery and retry off. */
  maxDeliveries: variable("MAX_DELIVERIES", { default: "3" }),
  /** A mounted file that holds the name of the active colour; a broker of the other one is on standby. Without it: active. */
  activeColorFile: variable("ACTIVE_COLOR_FILE", { longest: 1024 }),
  /**
   * CURVE keys in Z85, 40 characters: the process' own pair, and for clients and workers the brokers' public key, or several with
   * commas between them, of which a broker has one.
   */
  curvePublicKey: variable("CURVE_PUBLIC_KEY"),
  curveSecretKey: variable("CURVE_SECRET_KEY", { secret: true }),
  curveServerKey: variable("CURVE_SERVER_KEY"),
  /**
   * Mounted files that win over these three and are read again while the process runs. Of clients and workers: lines such as
   * `CURVE_PUBLIC_KEY=KEY` with the three variables' names. Of brokers: all pairs that they have, one `PUBLIC SECRET CREATED`
   * a line.
   */
  curvePeerFile: variable("CURVE_PEER_FILE", { longest: 1024 }),
  curvePairsFile: variable("CURVE_PAIRS_FILE", { longest: 1024 }),
  /** Files with the public keys that a broker admits, one `KEY NAME` a line: clients on the frontend, workers on the backend. */
  curveClientKeysFile: variable("CURVE_CLIENT_KEYS_FILE", { longest: 1024 }),
  curveWorkerKeysFile: variable("CURVE_WORKER_KEYS_FILE", { longest: 1024 }),
  /** When the pair of the two variables was made, in seconds since 1970; a metric shows it, of the oldest where the file names several. */
  curveKeysCreated: variable("CURVE_KEYS_CREATED", { default: "0", range: [0, 253_402_300_799] }),
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
