import { hostname } from "node:os";
import { environment } from "../contract/environment.ts";
import { image } from "../contract/image.ts";
import { readSettings } from "../process/settings.ts";
import type { Source } from "../process/settings.ts";
import { clientCurve, clientCurveSettings } from "../process/client-curve.ts";
import * as kind from "../process/values.ts";

const all = {
  brokers: { variable: environment.brokerAddress, kind: kind.connectEndpoints },
  service: { variable: environment.service, kind: kind.serviceName },
  handler: { variable: environment.handler, kind: kind.text },
  workerId: { variable: environment.workerId, kind: kind.text },
  concurrency: { variable: environment.workerConcurrency, kind: kind.wholeNumber(...environment.workerConcurrency.range) },
  timeoutMs: { variable: environment.workerTimeoutSeconds, kind: kind.secondsAsMs(0.001, 86_400) },
  retryAttempts: { variable: environment.retryAttempts, kind: kind.wholeNumber(1, 100) },
  heartbeatIntervalMs: { variable: environment.heartbeatIntervalSeconds, kind: kind.secondsAsMs(0.05, 3600) },
  heartbeatLiveness: { variable: environment.heartbeatLiveness, kind: kind.wholeNumber(1, 100) },
  maxMessageBytes: { variable: environment.maxMessageBytes, kind: kind.wholeNumber(...environment.maxMessageBytes.range) },
  receiveTimeoutMs: { variable: environment.receiveTimeoutMs, kind: kind.wholeNumber(...environment.receiveTimeoutMs.range) },
  sendTimeoutMs: { variable: environment.sendTimeoutMs, kind: kind.wholeNumber(...environment.sendTimeoutMs.range) },
  metricsPort: { variable: environment.metricsPort, kind: kind.tcpPort },
  logLevel: { variable: environment.logLevel, kind: kind.logLevel },
  logErrorMessages: { variable: environment.logErrorMessages, kind: kind.flag },
  ...clientCurveSettings,
  shutdownGraceMs: { variable: environment.shutdownGraceSeconds, kind: kind.secondsAsMs(...environment.shutdownGraceSeconds.range) },
} as const;

/** Where the worker's program has its settings from. */
export function workerSource(): Source {
  return { env: process.env, defaultFile: image.workerConfigFile };
}

/** The worker's settings. The handler is named like the service, the worker like its host, where they are not given. @throws SettingsError */
export function readWorkerSettings(source: Source = workerSource()) {
  const { curvePeerFile, curveServerKey, curvePublicKey, curveSecretKey, ...settings } = readSettings(all, source);
  return {
    ...settings,
    handler: settings.handler ?? settings.service,
    workerId: settings.workerId ?? hostname(),
    curve: clientCurve({ curvePeerFile, curveServerKey, curvePublicKey, curveSecretKey }),
  };
}
