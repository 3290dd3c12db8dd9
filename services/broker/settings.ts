import { environment } from "../contract/environment.ts";
import { image } from "../contract/image.ts";
import { readSettings } from "../process/settings.ts";
import type { Source } from "../process/settings.ts";
import * as kind from "../process/values.ts";

const frontend = {
  frontendAddress: { variable: environment.frontendAddress, kind: kind.bindEndpoint },
  frontendPort: { variable: environment.frontendPort, kind: kind.tcpPort },
} as const;

const all = {
  ...frontend,
  backendAddress: { variable: environment.backendAddress, kind: kind.bindEndpoint },
  backendPort: { variable: environment.backendPort, kind: kind.tcpPort },
  metricsPort: { variable: environment.metricsPort, kind: kind.tcpPort },
  logLevel: { variable: environment.logLevel, kind: kind.logLevel },
  color: { variable: environment.color, kind: kind.color },
  heartbeatIntervalMs: { variable: environment.heartbeatIntervalSeconds, kind: kind.secondsAsMs(0.05, 3600) },
  heartbeatLiveness: { variable: environment.heartbeatLiveness, kind: kind.wholeNumber(1, 100) },
  maxQueuedRequests: { variable: environment.maxQueuedRequests, kind: kind.wholeNumber(...environment.maxQueuedRequests.range) },
  maxDeliveries: { variable: environment.maxDeliveries, kind: kind.wholeNumber(1, 1000) },
  maxMessageBytes: { variable: environment.maxMessageBytes, kind: kind.wholeNumber(...environment.maxMessageBytes.range) },
  receiveTimeoutMs: { variable: environment.receiveTimeoutMs, kind: kind.wholeNumber(...environment.receiveTimeoutMs.range) },
  sendTimeoutMs: { variable: environment.sendTimeoutMs, kind: kind.wholeNumber(...environment.sendTimeoutMs.range) },
  shutdownGraceMs: { variable: environment.shutdownGraceSeconds, kind: kind.secondsAsMs(...environment.shutdownGraceSeconds.range) },
} as const;

export type BrokerSettings = Omit<ReturnType<typeof readAll>, keyof typeof frontend | "backendAddress" | "backendPort"> & {
  /** Endpoints to bind. */
  readonly frontend: string;
  readonly backend: string;
};

function readAll(source: Source) {
  return readSettings(all, source);
}

/** The broker's settings: `*_ADDRESS` wins over `*_PORT`, over the mounted file, over the default. @throws SettingsError */
export function readBrokerSettings(source: Source = { env: process.env, defaultFile: image.brokerConfigFile }): BrokerSettings {
  const { frontendAddress, frontendPort, backendAddress, backendPort, ...rest } = readAll(source);
  return { ...rest, frontend: frontendAddress ?? `tcp://*:${frontendPort}`, backend: backendAddress ?? `tcp://*:${backendPort}` };
}

/** Where the broker of the same container has its frontend, by the same precedence. @throws SettingsError */
export function readFrontendEndpoint(source: Source = { env: process.env, defaultFile: image.brokerConfigFile }): string {
  const { frontendAddress, frontendPort } = readSettings(frontend, source);
  return frontendAddress ?? `tcp://*:${frontendPort}`;
}
