import { thirdPartyImage } from "./monitoring.ts";
import { resources } from "./resources.ts";
import { flag, group, oneOf, wholeNumber } from "./values.ts";

/** Whose a part is that a cluster can have only once. */
const from = () => oneOf(["stack", "cluster"]).default("stack");

const metricsServer = group({
  from: from().describe("Whether the stack brings the metrics-server, or the cluster has one. A cluster has one or none."),
  image: thirdPartyImage("metricsServer"),
  verifyKubelets: flag().default(true).describe("Whether kubelets must show certificates of the cluster's authority. Those of kubeadm and kind have none."),
  resources: resources({
    requests: { cpu: "50m", memory: "64Mi" },
    limits: { cpu: "500m", memory: "256Mi" },
  }).describe("Processor time and memory of the metrics-server."),
}).prefault({});

const prometheusAdapter = group({
  from: from().describe("Whether the stack brings the API of external metrics, or the cluster has one that is configured as docs/scaling.md says."),
  image: thirdPartyImage("prometheusAdapter"),
  resources: resources({
    requests: { cpu: "50m", memory: "64Mi" },
    limits: { cpu: "500m", memory: "256Mi" },
  }).describe("Processor time and memory of the prometheus-adapter."),
}).prefault({});

/** Between what bounds the number of a service's workers moves, and what moves it. */
export const autoscaling = group({
  enabled: flag()
    .default(true)
    .describe("Whether the number of workers follows the load; workers[].replicas counts only where it does not. It needs prometheus.enabled."),
  minReplicas: wholeNumber(1, 1000).default(3).describe("Workers of a service at least."),
  maxReplicas: wholeNumber(1, 1000).default(20).describe("Workers of a service at most."),
  cpuPercent: wholeNumber(1, 1000).default(70).describe("Processor time that a worker uses on average, as a percentage of what it requests."),
  queueLength: wholeNumber(1, 1_000_000).default(100).describe("Unfinished requests of a service for each of its workers."),
  shrinkAfterSeconds: wholeNumber(0, 3600).default(300).describe("Seconds for which fewer workers must have been enough before one is taken away."),
  metricsServer: metricsServer.describe("What tells how much processor time pods use."),
  prometheusAdapter: prometheusAdapter.describe("What tells how many requests of a service are unfinished."),
}).prefault({});
