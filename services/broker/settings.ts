import { environment } from "../contract/environment.ts";
import type { Variable } from "../contract/environment.ts";
import { image } from "../contract/image.ts";
import { readSettings, SettingsError } from "../process/settings.ts";
import type { Source } from "../process/settings.ts";
import * as kind from "../process/values.ts";
import { readPair } from "../transport/curve-keys.ts";
import type { ServerPair } from "../transport/server-pairs.ts";

const frontend = {
  frontendAddress: { variable: environment.frontendAddress, kind: kind.bindEndpoint },
  frontendPort: { variable: environment.frontendPort, kind: kind.tcpPort },
} as const;

/** A bound: a whole number in the variable's own range. */
function bound<const V extends Variable & { readonly range: readonly [number, number]; readonly default: string }>(variable: V) {
  return { variable, kind: kind.wholeNumber(...variable.range) };
}

function seconds<const V extends Variable & { readonly range: readonly [number, number]; readonly default: string }>(variable: V) {
  return { variable, kind: kind.secondsAsMs(...variable.range) };
}

const all = {
  ...frontend,
  backendAddress: { variable: environment.backendAddress, kind: kind.bindEndpoint },
  backendPort: { variable: environment.backendPort, kind: kind.tcpPort },
  metricsPort: { variable: environment.metricsPort, kind: kind.tcpPort },
  logLevel: { variable: environment.logLevel, kind: kind.logLevel },
  color: { variable: environment.color, kind: kind.color },
  heartbeatIntervalMs: { variable: environment.heartbeatIntervalSeconds, kind: kind.secondsAsMs(0.05, 3600) },
  heartbeatLiveness: { variable: environment.heartbeatLiveness, kind: kind.wholeNumber(1, 100) },
  maxQueuedRequests: bound(environment.maxQueuedRequests),
  maxQueuedBytes: bound(environment.maxQueuedBytes),
  maxRequestsPerService: bound(environment.maxRequestsPerService),
  maxBytesPerService: bound(environment.maxBytesPerService),
  maxRequestsPerClient: bound(environment.maxRequestsPerClient),
  maxBytesPerClient: bound(environment.maxBytesPerClient),
  maxServices: bound(environment.maxServices),
  maxWorkers: bound(environment.maxWorkers),
  maxClients: bound(environment.maxClients),
  maxServiceLabels: bound(environment.maxServiceLabels),
  maxFrames: bound(environment.maxFrames),
  dedupeMaxReplies: bound(environment.dedupeMaxReplies),
  dedupeMaxBytes: bound(environment.dedupeMaxBytes),
  dedupeMs: seconds(environment.dedupeSeconds),
  clientGraceMs: seconds(environment.clientGraceSeconds),
  longestRequestMs: seconds(environment.longestRequestSeconds),
  plainWorkerTimeoutMs: seconds(environment.plainWorkerTimeoutSeconds),
  plainClientDelayMs: seconds(environment.plainClientDelaySeconds),
  activeColorFile: { variable: environment.activeColorFile, kind: kind.text },
  curveKeysCreated: bound(environment.curveKeysCreated),
  curvePublicKey: { variable: environment.curvePublicKey, kind: kind.curveKey },
  curveSecretKey: { variable: environment.curveSecretKey, kind: kind.curveKey },
  curvePairsFile: { variable: environment.curvePairsFile, kind: kind.text },
  curveClientKeysFile: { variable: environment.curveClientKeysFile, kind: kind.text },
  curveWorkerKeysFile: { variable: environment.curveWorkerKeysFile, kind: kind.text },
  maxDeliveries: { variable: environment.maxDeliveries, kind: kind.wholeNumber(1, 1000) },
  maxMessageBytes: { variable: environment.maxMessageBytes, kind: kind.wholeNumber(...environment.maxMessageBytes.range) },
  receiveTimeoutMs: { variable: environment.receiveTimeoutMs, kind: kind.wholeNumber(...environment.receiveTimeoutMs.range) },
  sendTimeoutMs: { variable: environment.sendTimeoutMs, kind: kind.wholeNumber(...environment.sendTimeoutMs.range) },
  shutdownGraceMs: { variable: environment.shutdownGraceSeconds, kind: kind.secondsAsMs(...environment.shutdownGraceSeconds.range) },
} as const;

type All = ReturnType<typeof readAll>;
type Needed = "curvePublicKey" | "curveSecretKey" | "curveClientKeysFile" | "curveWorkerKeysFile";
type Keys = Needed | "curvePairsFile" | "curveKeysCreated";
export type BrokerSettings = Omit<All, keyof typeof frontend | "backendAddress" | "backendPort" | Keys> & {
  /** Endpoints to bind. */
  readonly frontend: string;
  readonly backend: string;
  /** Nothing where connections are plain text. */
  readonly curve: BrokerKeys | undefined;
};

export interface BrokerKeys {
  /** What the broker has until the file, if there is one, could be read. */
  readonly pair: ServerPair;
  readonly pairsFile: string | undefined;
  readonly clientKeysFile: string;
  readonly workerKeysFile: string;
}

function readAll(source: Source) {
  return readSettings(all, source);
}

/** Where the broker's program has its settings from. */
export function brokerSource(): Source {
  return { env: process.env, defaultFile: image.brokerConfigFile };
}

/** The broker's settings: `*_ADDRESS` wins over `*_PORT`, over the mounted file, over the default. @throws SettingsError */
export function readBrokerSettings(source: Source = brokerSource()): BrokerSettings {
  const {
    frontendAddress,
    frontendPort,
    backendAddress,
    backendPort,
    curvePublicKey,
    curveSecretKey,
    curvePairsFile,
    curveKeysCreated,
    curveClientKeysFile,
    curveWorkerKeysFile,
    ...rest
  } = readAll(source);
  return {
    ...rest,
    frontend: frontendAddress ?? `tcp://*:${frontendPort}`,
    backend: backendAddress ?? `tcp://*:${backendPort}`,
    curve: brokerKeys({ curvePublicKey, curveSecretKey, curveClientKeysFile, curveWorkerKeysFile }, curveKeysCreated, curvePairsFile),
  };
}

/** All four or none: half a configuration must not end as plain text, or as a broker that admits nobody. */
function brokerKeys(given: Pick<All, Needed>, createdSeconds: number, pairsFile: string | undefined): BrokerKeys | undefined {
  const missing = (Object.keys(given) as Needed[]).filter((key) => given[key] === undefined);
  if (missing.length === 4 && pairsFile === undefined) return undefined;
  if (missing.length > 0)
    throw new SettingsError([`${missing.map((key) => environment[key].name).join(", ")} must be set too: CURVE needs all four, plain text none`]);
  const pair = readPair({ publicKey: given.curvePublicKey!, secretKey: given.curveSecretKey! });
  if (pair === undefined) throw new SettingsError([`${environment.curvePublicKey.name} and ${environment.curveSecretKey.name} are not of one pair`]);
  return { pair: { ...pair, createdSeconds }, pairsFile, clientKeysFile: given.curveClientKeysFile!, workerKeysFile: given.curveWorkerKeysFile! };
}

/** Where the broker of the same container has its frontend, by the same precedence. @throws SettingsError */
export function readFrontendEndpoint(source: Source = brokerSource()): string {
  const { frontendAddress, frontendPort } = readSettings(frontend, source);
  return frontendAddress ?? `tcp://*:${frontendPort}`;
}
