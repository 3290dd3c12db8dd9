import type { Monitored } from "../../monitoring/monitored.ts";

/** A stack with everything, and numbers that tests can reach. */
export const monitored: Monitored = {
  namespace: "zeromq",
  scrapeIntervalSeconds: 15,
  objectivePercent: 99.9,
  oldestRequestSeconds: 15,
  leavingSeconds: 180,
  queueLength: 100,
  scaled: [{ service: "gzip", maxReplicas: 2 }],
  certificates: [
    { host: "metrics-server.zeromq.svc", expiresAtSeconds: 400 * 86_400 },
    { host: "prometheus-adapter.zeromq.svc", expiresAtSeconds: 500 * 86_400 },
  ],
  keyDays: 365,
  runbooks: "https://git.example/zeromq-stack/monitoring/runbooks/",
  alertmanager: true,
  grafana: true,
};
