import { environment } from "../../services/contract/environment.ts";
import { brokerBounds } from "./brokerBounds.ts";
import { resources } from "./resources.ts";
import { group, oneOf, seconds, wholeNumber } from "./values.ts";

/** The brokers of a colour. */
export const broker = group({
  replicas: wholeNumber(1, 100).default(3).describe("Brokers of the active colour; the other one has standbyReplicas."),
  logLevel: oneOf(environment.logLevel.words)
    .default(environment.logLevel.default)
    .describe("The least severe log entries that are written; a change restarts nobody."),
  heartbeatIntervalSeconds: seconds(0.1, 60)
    .default(Number(environment.heartbeatIntervalSeconds.default))
    .describe("Seconds between heartbeats of brokers and workers."),
  heartbeatLiveness: wholeNumber(1, 20)
    .default(Number(environment.heartbeatLiveness.default))
    .describe("Heartbeats that may be missed before a peer is held for dead."),
  receiveTimeoutMs: wholeNumber(...environment.receiveTimeoutMs.range)
    .default(Number(environment.receiveTimeoutMs.default))
    .describe("Milliseconds that a socket waits for the handshake of a new peer."),
  sendTimeoutMs: wholeNumber(...environment.sendTimeoutMs.range)
    .default(Number(environment.sendTimeoutMs.default))
    .describe("Milliseconds that a closing socket still tries to send what it took."),
  maxQueuedRequests: wholeNumber(...environment.maxQueuedRequests.range)
    .default(Number(environment.maxQueuedRequests.default))
    .describe("Requests that one broker holds, waiting or with a worker; further ones are refused."),
  maxDeliveries: wholeNumber(1, 100)
    .default(Number(environment.maxDeliveries.default))
    .describe("How often a request is given to a worker before it is dropped."),
  priority: wholeNumber(1, 1_000_000_000)
    .optional()
    .describe(
      "Pods of less priority make room for a broker, and are evicted before one; it becomes a PriorityClass of the cluster. None where it is not given.",
    ),
  bounds: brokerBounds.describe("What one broker holds at most."),
  resources: resources({
    requests: { cpu: "100m", memory: "128Mi" },
    limits: { cpu: "500m", memory: "512Mi" },
  }).describe("Processor time and memory of one broker."),
}).prefault({});
