import type { Container, Probe } from "kubernetes-types/core/v1.js";
import { command } from "../../services/contract/image.ts";
import { portNames } from "../../services/contract/names.ts";
import { httpPaths } from "../../services/contract/ports.ts";

type Probes = Pick<Container, "startupProbe" | "livenessProbe" | "readinessProbe">;

/** Liveness is a real PING through the frontend: a broker that only answers HTTP is of no use. */
export const brokerProbes: Probes = {
  startupProbe: { httpGet: { path: httpPaths.live, port: portNames.metrics }, periodSeconds: 1, failureThreshold: 60 },
  livenessProbe: {
    exec: { command: command("healthcheck") },
    initialDelaySeconds: 10,
    periodSeconds: 30,
    // The program gives up after 3 s and says why; starting it takes time too where the processor is scarce.
    timeoutSeconds: 10,
    failureThreshold: 3,
  },
  readinessProbe: readiness({ initialDelaySeconds: 5, periodSeconds: 10 }),
};

export const workerProbes: Probes = {
  startupProbe: { httpGet: { path: httpPaths.live, port: portNames.metrics }, periodSeconds: 1, failureThreshold: 60 },
  livenessProbe: {
    httpGet: { path: httpPaths.live, port: portNames.metrics },
    initialDelaySeconds: 10,
    periodSeconds: 30,
    timeoutSeconds: 5,
    failureThreshold: 3,
  },
  readinessProbe: readiness({ initialDelaySeconds: 1, periodSeconds: 5 }),
};

/** Not the PING: a broker answers it while it drains, too. */
function readiness(times: Pick<Probe, "initialDelaySeconds" | "periodSeconds">): Probe {
  return { httpGet: { path: httpPaths.ready, port: portNames.metrics }, ...times, timeoutSeconds: 3, failureThreshold: 3 };
}
