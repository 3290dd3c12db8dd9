/** Names of the stack's Kubernetes objects and labels: the project's contract with whoever runs `kubectl`. */
export const colors = ["blue", "green"] as const;
export type Color = (typeof colors)[number];

export const labels = {
  app: "app",
  /** A broker's colour. */
  version: "version",
  /** The service that a worker serves. */
  service: "service",
} as const;

export const names = {
  brokerApp: "zeromq-broker",
  workerApp: "zeromq-worker",
  brokerDeployment: (color: Color) => `zeromq-broker-${color}`,
  /** The first worker service has the plain name, further ones append theirs. */
  workerDeployment: (service: string, index: number) => (index === 0 ? "zeromq-worker" : `zeromq-worker-${service}`),
  /** Clients in the cluster: the active colour. */
  brokerService: "zeromq-broker",
  /** Clients outside: the active colour, its frontend only. */
  publicService: "zeromq-broker-service",
  /** Workers: every broker. */
  headlessService: "zeromq-broker-headless",
  configMap: "zeromq-config",
  secret: "zeromq-secrets",
} as const;

export const secretKeys = {
  curvePublicKey: "curve-public-key",
  curveSecretKey: "curve-secret-key",
} as const;

/** Container ports and Service ports. */
export const portNames = { frontend: "frontend", backend: "backend", metrics: "metrics" } as const;
