import type { Monitored } from "../../monitoring/monitored.ts";

/** A stack with everything, and numbers that tests can reach. */
export const monitored: Monitored = {
  namespace: "zeromq",
  scrapeIntervalSeconds: 15,
  objectivePercent: 99.9,
  oldestRequestSeconds: 15,
  queueLength: 100,
  scaled: [{ service: "gzip", maxReplicas: 2 }],
  keyDays: 365,
  runbooks: "https://git.example/zeromq-stack/monitoring/runbooks/",
  alertmanager: true,
  grafana: true,
};
