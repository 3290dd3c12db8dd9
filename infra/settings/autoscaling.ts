import { flag, group, wholeNumber } from "./values.ts";

/** Between what bounds the number of a service's workers moves, and what moves it. */
export const autoscaling = group({
  enabled: flag().default(true).describe("Whether the number of workers follows the load; workers[].replicas counts only where it does not."),
  minReplicas: wholeNumber(1, 1000).default(3).describe("Workers of a service at least."),
  maxReplicas: wholeNumber(1, 1000).default(20).describe("Workers of a service at most."),
  cpuPercent: wholeNumber(1, 1000).default(70).describe("Processor time that a worker uses on average, as a percentage of what it requests."),
  queueLength: wholeNumber(1, 1_000_000).default(100).describe("Unfinished requests of a service for each of its workers."),
}).prefault({});
