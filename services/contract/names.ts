/** Names of the stack's Kubernetes objects and labels: the project's contract with whoever runs `kubectl`. */
export const colors = ["blue", "green"] as const;
export type Color = (typeof colors)[number];
export const otherColor = (color: Color): Color => (color === "blue" ? "green" : "blue");

export const labels = {
  app: "app",
  /** A broker's colour. */
  version: "version",
  /** The service that a worker serves. */
  service: "service",
  /** The step of a switch that a Job is. */
  step: "step",
  /** `true` on a pod in the stack's own namespace that is a client: only those get through to the frontend there. */
  client: "zeromq-client",
} as const;

export const names = {
  brokerApp: "zeromq-broker",
  workerApp: "zeromq-worker",
  /** What the Jobs of a switch run in. */
  switchApp: "zeromq-switch",
  /** The stack's own collector of metrics. */
  prometheusApp: "prometheus",
  brokerDeployment: (color: Color) => `zeromq-broker-${color}`,
  /** The brokers of one colour by their own addresses, whichever colour is active. */
  colorService: (color: Color) => `zeromq-broker-${color}`,
  /** The first worker service has the plain name, further ones append theirs. */
  workerDeployment: (service: string, index: number) => (index === 0 ? "zeromq-worker" : `zeromq-worker-${service}`),
  /** What moves a worker service's number; named as its Deployment is. */
  workerAutoscaler: (service: string, index: number) => (index === 0 ? "zeromq-worker-hpa" : `zeromq-worker-hpa-${service}`),
  /** Clients in the cluster: the active colour. */
  brokerService: "zeromq-broker",
  /** Clients outside: the active colour, its frontend only. */
  publicService: "zeromq-broker-service",
  /** Whoever tries the colour that is not active. */
  previewService: "zeromq-broker-preview",
  /** Workers: every broker. */
  headlessService: "zeromq-broker-headless",
  configMap: "zeromq-config",
  /** Which colour is active. */
  activeColorConfigMap: "zeromq-active-color",
  /** The brokers' CURVE pairs. */
  secret: "zeromq-secrets",
  /** The workers' CURVE keys, and those of the stack's own clients: probes, Jobs, whoever runs our client in a broker's pod. */
  workerKeysSecret: "zeromq-worker-keys",
  probeKeysSecret: "zeromq-probe-keys",
  /** Logins of registries that the settings hold. */
  pullSecret: "zeromq-registries",
  /** The public keys that brokers admit. */
  admittedKeysConfigMap: "zeromq-admitted-keys",
} as const;

export const secretKeys = {
  curvePublicKey: "curve-public-key",
  curveSecretKey: "curve-secret-key",
  /** The pair above and, while it is changed, the next or the last one. */
  curvePairs: "curve-pairs",
  /** In a Secret of a client or worker: what CURVE_PEER_FILE holds. */
  curvePeer: "curve-peer",
} as const;

/** Container ports and Service ports. */
export const portNames = { frontend: "frontend", backend: "backend", metrics: "metrics" } as const;
