/** TCP ports of a broker (the seed's values); the containers expose them under these names. */
export const ports = {
  /** Clients connect here (ROUTER). */
  frontend: 5555,
  /** Workers connect here (ROUTER). */
  backend: 5556,
  /** HTTP: metrics and probes, see `httpPaths`. Every process of ours serves it. */
  metrics: 9090,
} as const;

/** What each process answers over HTTP on `ports.metrics`. */
export const httpPaths = {
  /** 200 while the process is able to work at all; a failure is a reason to restart it. */
  live: "/livez",
  /** 200 while new traffic may be sent here, else 503 with the reason as text. */
  ready: "/readyz",
  /** Prometheus' text format. */
  metrics: "/metrics",
  /** POST, from the same host only: ends the broker as SIGTERM does. */
  drain: "/drain",
} as const;
